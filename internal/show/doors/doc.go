// Command doors sends real payloads of detection tools through the product's own
// doors and tells what came of them.
//
//	make show-doors                         # ../shared/corpora/detections
//	make show-doors FILES=dir LABELS=file   # others, in the same form
//
// It starts the product in this process on a database of its own, sends every file
// below FILES over HTTP (through the door of the shipped source that its folder
// names, or else through the generic one), reads the alerts back through the API
// and compares them with the labels, value by value. Beside FILES it looks for
// labels.tsv, traps.tsv (what makes a file hard to read) and INDEX.tsv (what a file
// is); each may be absent. Without FILES it sends the shipped samples and says so.
//
// Then it sends requests that are generated from the OpenAPI document, most of them
// wrong in one way, and counts answers that are not described there.
//
// It exits with 1 when one of the promises is broken: a 5xx or an answer that is
// not described, a file without an alert and without a reason, a trap not survived,
// a payload that says of itself that it is no alert and opens an incident, or a
// smaller share of labels found than -floor says. It needs Postgres and Temporal,
// as the tests do: the Makefile starts both.
package main
