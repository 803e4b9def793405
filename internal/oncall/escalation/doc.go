// Package escalation says what of an escalation policy is due when: a pure machine
// over the pinned policy, the instant it started and what people did since.
//
//	Start -> Due, Advance (a Firing) -> Acknowledge, Touch -> ... -> Stop
//
// The workflow keeps the Progress, waits until Due, and carries out what Advance
// gives. The tests walk the same machine without a workflow.
package escalation
