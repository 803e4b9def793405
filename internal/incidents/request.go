package incidents

import "github.com/tocsin-soar/tocsin/internal/soar"

// OpenRequest opens an incident by hand. Empty fields are worked out from the
// policy.
type OpenRequest struct {
	RequestID   string // sent again, opens nothing new
	Title       string
	Description string
	Severity    soar.Severity
	Category    soar.Category
	Impact      soar.Level
	Urgency     soar.Level
	TLP         soar.TLP
	Owner       string // a person's id
	Facts       map[string]any
	Drill       bool // practised, not real

	// What playbooks read as the alert.
	Host     soar.Host
	User     soar.User
	SourceIP string
	DestIP   string
	URLs     []string

	Input map[string]any // inputs of the playbooks that fit, by name
}

// DecideRequest is one person's answer to an approval.
type DecideRequest struct {
	ApprovalID string
	DecisionID string // sent again, decides once
	Approve    bool
	Reason     string
	Digest     string // of what the person was shown; needed to approve what binds actions
	Via        string // cli | api | slack | page
}

// AskRequest asks for information about an approval. The question stands in the
// record, the people meant are told, and the clock runs on.
type AskRequest struct {
	ApprovalID string
	QuestionID string // sent again, asks once
	Text       string
	Via        string // as of DecideRequest
}

// AnswerRequest answers a question about an approval.
type AnswerRequest struct {
	ApprovalID string
	QuestionID string // of the question
	AnswerID   string // sent again, answers once
	Text       string
	Via        string // as of DecideRequest
}

// CommandRequest is one order to an incident.
type CommandRequest struct {
	IncidentID string
	Name       string // protocol.Update..., save those that have a method of their own
	Payload    any    // the update's struct of protocol, without its Command
	Reason     string
	RequestID  string // sent again, is carried out once
}
