// Package objective computes agreed objectives: which rule of a policy holds for an
// incident, when its clock starts, rests and stops, when it warns and is due, and
// what a change of severity or category does to it.
//
//	policy + Situation + clocks so far -> Advance -> clocks, Changes
//
// It is pure: the time comes in, and so do the ways to evaluate an expression and
// to count working time, so that a workflow gets the same answer on replay. The
// file is read in internal/policy; timers wait in workflows; working time is
// package calendar.
package objective
