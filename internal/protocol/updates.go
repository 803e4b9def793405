package protocol

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Command is what all updates carry. ID is also the UpdateID.
type Command struct {
	ID     string     `json:"id"`
	By     soar.Actor `json:"by"`
	Reason string     `json:"reason,omitempty"`
	At     time.Time  `json:"at"`
}

// Reply answers an update. Already is set when the same command was done before.
type Reply struct {
	Message string `json:"message"`
	Already bool   `json:"already,omitempty"`
	RunID   string `json:"run_id,omitempty"`
}

// AddAlert puts one more alert into the incident.
type AddAlert struct {
	Command
	Alert soar.Alert `json:"alert"`
}

// Decide carries a person's decision. It was checked, recorded and committed
// before it was sent; the workflow checks again what it can see.
type Decide struct {
	Command
	Decision soar.Decision `json:"decision"`
}

// CompleteTask carries a task's answer.
type CompleteTask struct {
	Command
	TaskID string         `json:"task_id"`
	Answer map[string]any `json:"answer,omitempty"`
}

// Declare changes the incident. Empty fields stay as they are.
type Declare struct {
	Command
	Title    string              `json:"title,omitempty"`
	Severity soar.Severity       `json:"severity,omitempty"`
	Impact   soar.Level          `json:"impact,omitempty"`
	Urgency  soar.Level          `json:"urgency,omitempty"`
	Category soar.Category       `json:"category,omitempty"`
	Status   soar.IncidentStatus `json:"status,omitempty"`
	Owner    string              `json:"owner,omitempty"`
	TLP      soar.TLP            `json:"tlp,omitempty"`
	Facts    map[string]any      `json:"facts,omitempty"`
}

// Note adds a remark to the timeline.
type Note struct {
	Command
	Text string `json:"text"`
}

// Control is the payload of acknowledge, pause and resume.
type Control struct {
	Command
}

// Cancel stops all runs; with Compensate it undoes what they did, last first.
type Cancel struct {
	Command
	Compensate bool `json:"compensate"`
}

// DutyCommand says that a duty applies, that it does not, or that a notice was sent.
type DutyCommand struct {
	Command
	Duty  string    `json:"duty"`            // a regime; for sent, regime/stage
	Do    string    `json:"do"`              // confirm | waive | sent
	Proof string    `json:"proof,omitempty"` // of sent: evidence id or reference
	Sent  time.Time `json:"sent,omitzero"`   // when it was sent; zero: now
}

// What a DutyCommand does.
const (
	DutyConfirm = "confirm"
	DutyWaive   = "waive"
	DutySent    = "sent"
)

// DutyQuery asks which duties an incident has: what is declared, and which stages
// were sent, by the names of objectives (regime/stage).
type DutyQuery struct {
	IncidentID string               `json:"incident_id"`
	Title      string               `json:"title"`
	OpenedAt   time.Time            `json:"opened_at"`
	Facts      map[string]any       `json:"facts,omitempty"`
	Sent       map[string]time.Time `json:"sent,omitempty"`
}

// Duties answers a DutyQuery: one objective for each stage of each regime that
// applies, and what could not be read.
type Duties struct {
	Stages []DutyClock `json:"stages"`
	Faults []string    `json:"faults,omitempty"`
}

// DutyClock is one stage with its warnings.
type DutyClock struct {
	soar.Objective
	Warns []time.Time `json:"warns,omitempty"`
}

// StepCommand is the payload of retry_step and skip_step.
type StepCommand struct {
	Command
	Key string `json:"key"` // StepView.Key
}

// RunPlaybook starts one more playbook in the incident.
type RunPlaybook struct {
	Command
	Run RunPin `json:"run"`
}

// Release takes one containment back before its time.
type Release struct {
	Command
	ContainmentID string `json:"containment_id"`
}

// Event is something that a wait step may be waiting for.
type Event struct {
	Command
	Name string         `json:"name"`
	Data map[string]any `json:"data,omitempty"`
}

// Close ends the incident.
type Close struct {
	Command
	Resolution soar.Resolution `json:"resolution"`
}

// Header gives what all updates carry.
func (c Command) Header() Command { return c }

// Extend moves the time at which a containment is released by itself. Until nil
// means: until somebody releases it.
type Extend struct {
	Command
	ContainmentID string     `json:"containment_id"`
	Until         *time.Time `json:"until,omitempty"`
}

// Ask asks for information about an approval. The question's id is the command's.
type Ask struct {
	Command
	ApprovalID string `json:"approval_id"`
	Text       string `json:"text"`
	Via        string `json:"via"`
}

// Answer answers a question about an approval.
type Answer struct {
	Command
	ApprovalID string `json:"approval_id"`
	QuestionID string `json:"question_id"`
	Text       string `json:"text"`
	Via        string `json:"via"`
}
