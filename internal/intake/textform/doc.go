// Package textform reads the text forms in which tools send events that are not
// JSON: CEF (ArcSight), LEEF (IBM), syslog (RFC 5424 and the older form), lists of
// key=value, XML, and JSON behind a syslog header. It gives them in the shape of a
// JSON object, with the names that the form uses.
//
// Input comes from attackers: everything is bounded, nothing is ever an error of
// the program, and what is not surely one of the forms is none.
package textform
