package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// ActionRequest asks for one connector action. Args hold no secrets.
type ActionRequest struct {
	IncidentID     string         `json:"incident_id"`
	RunID          string         `json:"run_id"`
	StepKey        string         `json:"step_key"`
	Playbook       string         `json:"playbook"`
	PlaybookDigest string         `json:"playbook_digest"`
	Connector      string         `json:"connector"`
	Action         string         `json:"action"`
	ManifestDigest string         `json:"manifest_digest,omitempty"` // as pinned in the plan
	Args           map[string]any `json:"args"`
	Risk           soar.Risk      `json:"risk"`
	Target         string         `json:"target,omitempty"` // resolved
	Key            string         `json:"key"`              // IdempotencyKey
	Approval       *ApprovalProof `json:"approval,omitempty"`
	Preauthorised  string         `json:"preauthorised,omitempty"` // the policy's name, when one stands in for an approval
	Undoes         string         `json:"undoes,omitempty"`        // containment id, when this action takes one back
	ExpiresAt      *time.Time     `json:"expires_at,omitempty"`
	DryRun         bool           `json:"dry_run,omitempty"`
	Timeout        time.Duration  `json:"timeout_ns,omitempty"` // of the connector's call; the activity's own deadline is 15 s later, for the guard and the ledger
}

// ApprovalProof names the approval that covers an action; the guard looks the
// decisions up in the database and recomputes the digest.
type ApprovalProof struct {
	ApprovalID string `json:"approval_id"`
	Digest     string `json:"digest"`
	StepPath   string `json:"step_path"` // which of the bound actions this is
}

// Outcome says how an action ended.
type Outcome string

// Outcomes. OutcomeUnknown means the effect may have happened: a person decides.
const (
	OutcomeDone    Outcome = "done"
	OutcomeFailed  Outcome = "failed"
	OutcomeUnknown Outcome = "unknown"
	OutcomeRefused Outcome = "refused" // the guard said no; nothing was sent
)

// ActionResult is how it ended. Failures are values here: an activity error is
// only used for what Temporal should retry.
type ActionResult struct {
	Outcome    Outcome        `json:"outcome"`
	Output     map[string]any `json:"output,omitempty"` // at most 64 KiB; longer values are {"by_reference":true,"sha256":...,"len":...}
	Class      string         `json:"class,omitempty"`  // connector error class: transient limited auth permanent unknown
	Error      string         `json:"error,omitempty"`  // for people, redacted
	Evidence   []EvidenceRef  `json:"evidence,omitempty"`
	Reconciled bool           `json:"reconciled,omitempty"` // found done by asking the connector after a lost answer
}

// EvidenceRef names a stored item.
type EvidenceRef struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// ErrorType of activity errors that carry a connector's class; the retry policy
// of a step lists classes, and this is how the worker tells them apart.
const (
	ErrorTransient = "transient"
	ErrorLimited   = "limited"
	ErrorStore     = "store_unavailable" // our own database is away: always retried
)

// TimelineEvent is one thing that happened in the workflow. Seq counts from 1 per
// incident without gaps, across continue-as-new; the store takes each once.
type TimelineEvent struct {
	Seq  int64           `json:"seq"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"` // see events.go
	By   soar.Actor      `json:"by"`
	Step string          `json:"step,omitempty"` // StepView.Key
	Text string          `json:"text"`           // one sentence for people
	Data json.RawMessage `json:"data,omitempty"`
}

// JournalBatch is written in one transaction, once: events into the hash chain,
// views into the tables that lists are read from.
type JournalBatch struct {
	IncidentID   string             `json:"incident_id"`
	Events       []TimelineEvent    `json:"events"`
	Incident     *soar.Incident     `json:"incident,omitempty"`
	Runs         []RunView          `json:"runs,omitempty"` // without steps
	Steps        []StepView         `json:"steps,omitempty"`
	Approvals    []soar.Approval    `json:"approvals,omitempty"`
	Tasks        []soar.Task        `json:"tasks,omitempty"`
	Containments []soar.Containment `json:"containments,omitempty"`
	Objectives   []soar.Objective   `json:"objectives,omitempty"`
	Messages     []Message          `json:"messages,omitempty"` // to people, through the outbox
}

// Message is a notification to people. ID makes it unique: sent twice, delivered
// once as far as the channel permits.
type Message struct {
	IncidentID string          `json:"incident_id,omitempty"` // set by the store
	ID         string          `json:"id"`
	To         []soar.Approver `json:"to,omitempty"`
	Audience   string          `json:"audience,omitempty"`
	Kind       string          `json:"kind"` // approval_requested | reminder | escalation | objective_warning | objective_breached | task_assigned | needs_decision | note
	Subject    string          `json:"subject"`
	Body       string          `json:"body"` // plain text
	Urgent     bool            `json:"urgent,omitempty"`
	Template   string          `json:"template,omitempty"` // of notifications.yaml; empty: that of the kind
	About      string          `json:"about,omitempty"`    // id of the approval, task, escalation or duty that it is about
	At         time.Time       `json:"at,omitzero"`        // when it was written
	Way        string          `json:"way,omitempty"`      // the only way that is taken; empty: those of notifications.yaml
}

// JournalReceipt says how far the journal is written.
type JournalReceipt struct {
	LastSeq int64 `json:"last_seq"`
}

// MatchRequest asks which playbooks fit the incident as it is now.
type MatchRequest struct {
	Incident soar.Incident `json:"incident"`
	Alert    soar.Alert    `json:"alert"`
	Already  []string      `json:"already"` // names of playbooks that run or ran
}

// MatchResult lists the playbooks to start.
type MatchResult struct {
	Runs []RunPin `json:"runs"`
}

// PinRequest asks for a playbook's version: the active one unless Version names
// another.
type PinRequest struct {
	Playbook string `json:"playbook"`
	Version  string `json:"version,omitempty"`
}

// DecisionsRequest asks what was committed of an approval that is to expire.
type DecisionsRequest struct {
	IncidentID string    `json:"incident_id"`
	ApprovalID string    `json:"approval_id"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// CommittedDecisions are all decisions on an approval that were committed, also those
// that the workflow was not told of, in the order of their commit.
type CommittedDecisions struct {
	Decisions []soar.Decision `json:"decisions,omitempty"`
	// Left is until the expiry by the database's clock, which says whether a decision
	// is in time. Only when nothing is left are these all that there will be.
	Left time.Duration `json:"left_ns,omitempty"`
}

// IdempotencyKey names one side effect: SHA-256 hex over the length-prefixed
// parts. It must not contain anything that changes when the same effect is tried
// again (run id of Temporal, attempt, time). Generation counts deliberate
// repeats: a person's retry, an undo and its redo.
func IdempotencyKey(incidentID, stepKey, action, target string, generation int) string {
	h := sha256.New()
	for _, part := range []string{"tocsin/key/v1", incidentID, stepKey, action, target} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	var last [8]byte
	binary.BigEndian.PutUint64(last[:], uint64(generation))
	h.Write(last[:])
	return hex.EncodeToString(h.Sum(nil))
}

// BoundDigest is the digest that an approval binds: SHA-256 hex over the canonical
// JSON of the actions in their order. encoding/json sorts map keys, so equal
// actions give equal bytes.
func BoundDigest(playbookDigest string, actions []soar.BoundAction) (string, error) {
	body, err := json.Marshal(struct {
		Version  string             `json:"version"`
		Playbook string             `json:"playbook"`
		Actions  []soar.BoundAction `json:"actions"`
	}{"tocsin/bound/v1", playbookDigest, actions})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}
