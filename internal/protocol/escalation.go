package protocol

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// ActivityEscalationPolicy gives a policy of escalation.yaml by name, to be pinned:
// EscalationRequest -> EscalationPolicy. Its name is empty when there is none.
const ActivityEscalationPolicy = "escalation_policy"

// Updates about escalations.
const (
	UpdateEscalate              = "escalate"               // start a policy in the incident: Escalate
	UpdateAcknowledgeEscalation = "acknowledge_escalation" // somebody has it: AcknowledgeEscalation
)

// Kinds of timeline events about escalations, tasks and rosters.
const (
	EventEscalationStep         = "escalation.step"         // a step was taken: who was told, what was called in
	EventEscalationAcknowledged = "escalation.acknowledged" // somebody has it
	EventEscalationStale        = "escalation.stale"        // nothing followed an acknowledgement
	EventEscalationExhausted    = "escalation.exhausted"    // no step is left and nobody acknowledged
	EventEscalationEnded        = "escalation.ended"        // with the incident
	EventEscalationFailed       = "escalation.failed"       // there is no such policy
	EventTaskAssigned           = "task.assigned"           // claimed, or given to somebody else
	EventOverrideSet            = "oncall.override_set"     // chain "system"
	EventOverrideEnded          = "oncall.override_ended"   // chain "system"
)

// EscalationRequest names a policy.
type EscalationRequest struct {
	Policy string `json:"policy"`
}

// EscalationPolicy says who is told when, until somebody acknowledges. It is pinned
// when an escalation starts.
type EscalationPolicy struct {
	Name       string           `json:"name"`
	Digest     string           `json:"digest,omitempty"`         // of the policy files it came from
	Steps      []EscalationStep `json:"steps"`                    // at least one
	Repeat     int              `json:"repeat,omitempty"`         // how often the steps are gone through again
	Final      *EscalationStep  `json:"final,omitempty"`          // after the last time
	StaleAfter time.Duration    `json:"stale_after_ns,omitempty"` // an acknowledgement without progress holds so long; 0: for ever
}

// EscalationStep is one step: exactly one of To, Crisis and Continuity is set.
type EscalationStep struct {
	To         []soar.Approver       `json:"to,omitempty"`
	Crisis     *EscalationCrisis     `json:"crisis,omitempty"`
	Continuity *EscalationContinuity `json:"continuity,omitempty"`
	Wait       time.Duration         `json:"wait_ns"` // how long an acknowledgement is waited for before the next step
}

// EscalationCrisis calls crisis management in (ISO/IEC 27002:2022 5.26 d).
type EscalationCrisis struct {
	Title    string              `json:"title"` // of the task that is opened
	Team     []soar.Approver     `json:"team"`  // told; the first has the task
	DueIn    time.Duration       `json:"due_in_ns,omitempty"`
	Severity soar.Severity       `json:"severity,omitempty"` // declared, when set
	Status   soar.IncidentStatus `json:"status,omitempty"`
	Facts    map[string]any      `json:"facts,omitempty"`
}

// EscalationContinuity calls a continuity plan in (ISO/IEC 27002:2022 5.29, 5.30).
type EscalationContinuity struct {
	Plan  string        `json:"plan"` // its reference, as people find it
	Owner soar.Approver `json:"owner"`
	DueIn time.Duration `json:"due_in_ns,omitempty"`
}

// Escalate starts a policy in the incident.
type Escalate struct {
	Command
	Policy string `json:"policy"`
}

// AcknowledgeEscalation says that somebody has taken on what an escalation is about.
type AcknowledgeEscalation struct {
	Command
	EscalationID string `json:"escalation_id,omitempty"` // empty: all of the incident
}
