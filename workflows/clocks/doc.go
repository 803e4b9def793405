// Package clocks keeps the objectives of an incident up to date with its state: it
// hands the case to internal/deadline/objective, takes the answer back and tells
// what changed. It starts no timer; the workflow does.
//
// Expressions and plain clocks are computed in the workflow. Working time needs
// the database of time zones, which may differ between two builds: it is computed
// in a side effect, so that a replay finds the answer of the first time.
package clocks
