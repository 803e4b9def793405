package soar

import "time"

// EscalationStatus is how an escalation stands.
type EscalationStatus string

// Escalation statuses.
const (
	EscalationRunning      EscalationStatus = "running"
	EscalationAcknowledged EscalationStatus = "acknowledged" // goes on when it goes stale
	EscalationExhausted    EscalationStatus = "exhausted"    // all steps were taken and nobody acknowledged
	EscalationEnded        EscalationStatus = "ended"        // with the incident
	EscalationFailed       EscalationStatus = "failed"       // there is no such policy
)

// Over tells whether nothing more comes of it, whatever people do.
func (s EscalationStatus) Over() bool { return s == EscalationEnded || s == EscalationFailed }

// Escalation is one escalation policy carried out in an incident.
type Escalation struct {
	ID             string           `json:"id"` // ESC-<10 of Crockford base 32>
	Policy         string           `json:"policy"`
	Reason         string           `json:"reason"`
	Status         EscalationStatus `json:"status"`
	StepPath       string           `json:"step_path,omitempty"` // key of the playbook's step that started it
	StartedBy      Actor            `json:"started_by"`
	StartedAt      time.Time        `json:"started_at"`
	Steps          int              `json:"steps"`             // all that there are, with the repeats
	Taken          int              `json:"taken"`             // how many of them are done or were skipped
	NextAt         *time.Time       `json:"next_at,omitempty"` // when it goes on by itself
	Told           []Approver       `json:"told,omitempty"`    // by the last step
	ToldAt         *time.Time       `json:"told_at,omitempty"` // when the last step was taken
	AcknowledgedBy *Actor           `json:"acknowledged_by,omitempty"`
	AcknowledgedAt *time.Time       `json:"acknowledged_at,omitempty"`
	Problem        string           `json:"problem,omitempty"` // why it failed
}
