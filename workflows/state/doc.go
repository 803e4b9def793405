// Package state is all that the incident workflow remembers of one incident: one
// struct, Case, that is written as JSON when the workflow continues as new and
// read back by the next run.
//
// Everything here is plain data and pure change: no Temporal, no clock, no
// randomness. Times come in as arguments, so the same calls give the same Case
// in every process and on every replay. Lists are ordered; a map is only ever
// walked by sorted keys.
//
//	Case ── Runs ── Records          one record per step instance: status, output, due times
//	     ├─ Approvals, Tasks         what people are asked
//	     ├─ Containments             what is held back now: the undo stack
//	     ├─ Objectives               the clocks
//	     ├─ Seen                     updates that were done already, with their answers
//	     └─ Journal                  events and views not yet written to the record
//
// Who waits and who acts on it lives in workflows/interpreter (the steps) and in
// workflows (clocks, updates, closing). Names and payloads that cross Temporal
// live in internal/protocol.
package state
