// Package clocks reads what runs out: objectives, approvals, tasks and
// containments, as the workflows reported them, in one list sorted by what is due
// next. A new kind of clock is one more SELECT in parts.
package clocks
