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
	Needs       []Approver     `json:"needs,omitempty"`     // asked for by approvals.yaml beyond the quorum: one of each must say yes, too
	Replaces    string         `json:"replaces,omitempty"`  // the approval that is asked again here, because what would run changed
	Shown       []ShownAction  `json:"shown,omitempty"`     // Bound for people, in the same order; not part of the digest
	Questions   []Question     `json:"questions,omitempty"` // asked for information, oldest first
	Extended    bool           `json:"extended,omitempty"`  // it expired once, and was asked once more of more people: ExpiresAt is the second time

	Playbook       string `json:"playbook,omitempty"`        // name and version of the playbook that asks
	PlaybookDigest string `json:"playbook_digest,omitempty"` // of its plan
	NoAuthors      bool   `json:"no_authors,omitempty"`      // nobody who published that version decides; its owner stands in Exclude
}

// ShownAction is what an approver must see of one bound action. Values come from
// alerts: whoever renders it escapes them.
type ShownAction struct {
	StepPath  string        `json:"step_path"`
	Action    string        `json:"action"`                  // connector.action
	Title     string        `json:"title"`                   // what is done
	Target    string        `json:"target,omitempty"`        // on what; empty: nothing that can be named
	Why       string        `json:"why,omitempty"`           // as the playbook says it
	Risk      Risk          `json:"risk"`                    // of the action
	Undo      string        `json:"undo,omitempty"`          // connector.action that takes it back; empty: it cannot be taken back
	ExpiresIn time.Duration `json:"expires_in_ns,omitempty"` // taken back by itself after this; 0: stays until somebody does
}

// Question asks for information before a decision. The clock of the approval
// runs on meanwhile.
type Question struct {
	ID         string     `json:"id"` // also the Temporal UpdateID
	AskedBy    Actor      `json:"asked_by"`
	Text       string     `json:"text"`
	At         time.Time  `json:"at"`
	Answer     string     `json:"answer,omitempty"`
	AnsweredBy *Actor     `json:"answered_by,omitempty"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

// Approver names who may decide, or is told: holders of a role, one person, or
// whoever is on call by a roster at the time.
type Approver struct {
	Role   Role   `json:"role,omitempty"`
	Person string `json:"person,omitempty"`
	Roster string `json:"roster,omitempty"` // of rosters.yaml; only to be told, never to decide

	// Since is when an escalation or a change of the incident added the entry to an
	// approval; zero: it was asked for from the start. Roles got later do not count.
	Since time.Time `json:"since,omitzero"`
}

// Name says in words who is meant.
func (a Approver) Name() string {
	switch {
	case a.Person != "":
		return a.Person
	case a.Role != "":
		return string(a.Role)
	case a.Roster != "":
		return "who is on call by " + a.Roster
	default:
		return "anybody"
	}
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
	Roles      []Role    `json:"roles"` // held when deciding, without those that were got too late to count
	Reason     string    `json:"reason"`
	Digest     string    `json:"digest,omitempty"` // the digest the person was shown
	Via        string    `json:"via"`              // cli | api | slack | page
	At         time.Time `json:"at"`

	OnBehalfOf       string   `json:"on_behalf_of,omitempty"`      // id of the absent approver whose delegate decided
	RepresentedRoles []Role   `json:"represented_roles,omitempty"` // that the absent approver holds
	Qualifications   []string `json:"qualifications,omitempty"`    // classes of competence.yaml that were asked for and held
	AlsoKnownAs      []string `json:"also_known_as,omitempty"`     // other ids and mail addresses of the same people: a second account counts as the first
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

	ClaimedBy  *Actor     `json:"claimed_by,omitempty"`  // who has taken it on; nil: anybody of Assignee may
	ClaimedAt  *time.Time `json:"claimed_at,omitempty"`  // set with ClaimedBy
	AssignedBy *Actor     `json:"assigned_by,omitempty"` // who gave it to Assignee; nil: the playbook
	AssignedAt *time.Time `json:"assigned_at,omitempty"` // set with AssignedBy
	Changes    int        `json:"changes,omitempty"`     // how often it was claimed, given or given back
}
