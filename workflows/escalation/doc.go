// Package escalation carries escalation policies out in an incident: it pins the
// policy, waits on durable timers, tells people, and calls crisis management and
// continuity plans in, until somebody acknowledges.
//
//	state.Case.Escalate -> Run (pin -> wait -> Advance -> tell)* -> end with the incident
//
// What is due when is decided in internal/oncall/escalation.
package escalation
