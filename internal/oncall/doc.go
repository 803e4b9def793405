// Package oncall knows who is on call: rosters as data, and pure functions that
// give the person at an instant and the shifts within a span.
//
//	Roster (layers of turns, restrictions) + Override + soar.Absence -> Shift
//
// All times of a roster are what a clock on the wall shows in the layer's zone, and
// become instants in one place (Instant): a turn of 24 h lasts 23 or 25 h on the days
// on which the clocks change. A time that is left out in spring is the moment at which
// the clocks are put on; one that comes twice in autumn is its first time.
package oncall
