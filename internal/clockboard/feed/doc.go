// Package feed writes clocks as a calendar that calendar programs subscribe to:
// iCalendar of RFC 5545, one VEVENT for each clock at the moment it is due, with an
// alarm at its time to warn. All times are UTC.
//
// A calendar leaves the house: it is kept on telephones and shared. So of an
// incident that is TLP:RED it says no more than that there is one.
package feed
