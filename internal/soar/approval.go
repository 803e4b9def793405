package soar

import "time"

// ApprovalStatus is how a request for approval stands.
type ApprovalStatus string

// Approval statuses.
const (
	ApprovalPending   ApprovalStatus = "pending"
	ApprovalApproved  ApprovalStatus = "approved"
	ApprovalDenied    ApprovalStatus = "denied"
	ApprovalExpired   ApprovalStatus = "expired"
	ApprovalCancelled ApprovalStatus = "cancelled"
)

// Approval asks people whether exactly the bound actions may run.
type Approval struct {
	ID          string         `json:"id"` // APR-<10 of Crockford base 32>, derived from incident, step path and generation
	IncidentID  string         `json:"incident_id"`
	StepPath    string         `json:"step_path"`
	Title       string         `json:"title"`
	Status      ApprovalStatus `json:"status"`
	Approvers   []Approver     `json:"approvers"`
	Quorum      int            `json:"quorum"`
	Exclude     []Actor        `json:"exclude,omitempty"` // people who may not decide: requester, playbook's author
	Digest      string         `json:"digest,omitempty"`  // SHA-256 hex over Bound; empty when nothing is bound
	Bound       []BoundAction  `json:"bound,omitempty"`   // exactly what will run
	OnExpire    string         `json:"on_expire"`         // deny | escalate | fail
	RequestedBy Actor          `json:"requested_by"`
	RequestedAt time.Time      `json:"requested_at"`
	ExpiresAt   time.Time      `json:"expires_at"`
	DecidedAt   *time.Time     `json:"decided_at,omitempty"`
	Decisions   []Decision     `json:"decisions,omitempty"`
}

// Approver names who may decide, or is told: holders of a role, one person, or
// whoever is on call by a roster at the time.
type Approver struct {
	Role   Role   `json:"role,omitempty"`
	Person string `json:"person,omitempty"`
	Roster string `json:"roster,omitempty"` // of rosters.yaml; only to be told, never to decide
}

// BoundAction is one action with its arguments resolved, as the approver sees it.
type BoundAction struct {
	StepPath string         `json:"step_path"`
	Action   string         `json:"action"` // connector.action
	Args     map[string]any `json:"args"`
}

// Decision is one person's answer to an approval.
type Decision struct {
	ID         string    `json:"id"` // also the Temporal UpdateID: sent twice, counted once
	ApprovalID string    `json:"approval_id"`
	IncidentID string    `json:"incident_id"`
	Approve    bool      `json:"approve"`
	By         Actor     `json:"by"`
	Roles      []Role    `json:"roles"` // the roles held when deciding
	Reason     string    `json:"reason"`
	Digest     string    `json:"digest,omitempty"` // the digest the person was shown
	Via        string    `json:"via"`              // cli | api | slack | console
	At         time.Time `json:"at"`
}

// TaskStatus is how a task stands.
type TaskStatus string

// Task statuses.
const (
	TaskOpen      TaskStatus = "open"
	TaskDone      TaskStatus = "done"
	TaskCancelled TaskStatus = "cancelled"
)

// Task is work for a person, with an optional form.
type Task struct {
	ID          string         `json:"id"` // TSK-<10 of Crockford base 32>
	IncidentID  string         `json:"incident_id"`
	StepPath    string         `json:"step_path"`
	Title       string         `json:"title"`
	Status      TaskStatus     `json:"status"`
	Assignee    Approver       `json:"assignee"`
	Form        map[string]any `json:"form,omitempty"` // JSON Schema of the answer
	Answer      map[string]any `json:"answer,omitempty"`
	CreatedAt   time.Time      `json:"created_at"`
	DueAt       *time.Time     `json:"due_at,omitempty"`
	CompletedAt *time.Time     `json:"completed_at,omitempty"`
	CompletedBy *Actor         `json:"completed_by,omitempty"`
}
