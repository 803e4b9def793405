package soar

import "time"

// Risk says what an action does to the world; it stands in the connector's
// manifest and decides what the guard and the checker demand.
type Risk string

// Risks, mildest first.
const (
	RiskRead    Risk = "read"
	RiskNotify  Risk = "notify"
	RiskCollect Risk = "collect"
	RiskChange  Risk = "change"
	RiskDestroy Risk = "destroy"
)

// Risks lists all risks, mildest first.
func Risks() []Risk { return []Risk{RiskRead, RiskNotify, RiskCollect, RiskChange, RiskDestroy} }

// Writes tells whether the action changes the world in a way that the guard
// and the ledger must see.
func (r Risk) Writes() bool { return r == RiskChange || r == RiskDestroy }

// LedgerState is where one side effect stands.
type LedgerState string

// Ledger states. sent means that bytes may have left; without an answer it
// becomes unknown, never failed.
const (
	LedgerIntent      LedgerState = "intent"
	LedgerSent        LedgerState = "sent"
	LedgerConfirmed   LedgerState = "confirmed"
	LedgerFailed      LedgerState = "failed"
	LedgerUnknown     LedgerState = "unknown"
	LedgerReconciled  LedgerState = "reconciled" // unknown, then found done by asking the connector
	LedgerCompensated LedgerState = "compensated"
)

// Settled tells whether the ledger entry needs no more work.
func (s LedgerState) Settled() bool {
	return s == LedgerConfirmed || s == LedgerFailed || s == LedgerReconciled || s == LedgerCompensated
}

// Done tells whether the effect is known to have happened.
func (s LedgerState) Done() bool { return s == LedgerConfirmed || s == LedgerReconciled }

// LedgerEntry is one side effect under its idempotency key.
type LedgerEntry struct {
	Key        string         `json:"key"` // SHA-256 hex, see protocol.IdempotencyKey
	IncidentID string         `json:"incident_id"`
	StepPath   string         `json:"step_path"`
	Action     string         `json:"action"` // connector.action
	Risk       Risk           `json:"risk"`
	Target     string         `json:"target,omitempty"`
	Args       map[string]any `json:"args"`
	State      LedgerState    `json:"state"`
	Attempts   int            `json:"attempts"`
	Output     map[string]any `json:"output,omitempty"`
	Error      string         `json:"error,omitempty"`
	CreatedAt  time.Time      `json:"created_at"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

// Containment is something held back now: a host isolated, an account disabled.
type Containment struct {
	ID         string         `json:"id"` // the idempotency key of the action that made it
	IncidentID string         `json:"incident_id"`
	StepPath   string         `json:"step_path"`
	Action     string         `json:"action"` // what was done: connector.action
	Undo       string         `json:"undo"`   // what takes it back: connector.action; empty: irreversible
	UndoArgs   map[string]any `json:"undo_args,omitempty"`
	Target     string         `json:"target"`
	Since      time.Time      `json:"since"`
	Until      *time.Time     `json:"until,omitempty"` // released by itself then; nil: until somebody releases it
	ReleasedAt *time.Time     `json:"released_at,omitempty"`
	State      string         `json:"state"` // active | released | release_failed
}

// Objective is one clock of an incident, agreed with management.
type Objective struct {
	Name     string     `json:"name"`              // acknowledge | triage | contain | eradicate | recover | close | report | resolve
	DueAt    time.Time  `json:"due_at,omitzero"`   // zero for a duty without a clock
	WarnAt   *time.Time `json:"warn_at,omitempty"` // the next warning, or the last one when none is left
	MetAt    *time.Time `json:"met_at,omitempty"`
	Breached bool       `json:"breached"`
	Policy   string     `json:"policy"` // "name version" of the policy it comes from

	Rule      string            `json:"rule,omitempty"` // of the policy; empty in records from before there were rules
	Calendar  string            `json:"calendar,omitempty"`
	StartedAt *time.Time        `json:"started_at,omitempty"`
	Pauses    []ObjectivePause  `json:"pauses,omitempty"`
	History   []ObjectiveChange `json:"history,omitempty"` // how it was counted before, oldest first
	Fault     string            `json:"fault,omitempty"`   // why a condition or a calendar could not be read
	Duty      *DutyStage        `json:"duty,omitempty"`    // set when it is a notice that somebody must be given
	Ended     *ObjectiveEnd     `json:"ended,omitempty"`   // set when the incident ended and it was not met
}

// ObjectiveEnd is how an objective ended that was not met when its incident ended.
type ObjectiveEnd struct {
	At  time.Time `json:"at"`
	As  EndedAs   `json:"as"`
	Why string    `json:"why"` // what was missing, or why nobody needs it any more
}

// EndedAs says what the end of an incident means for an objective that was not met.
type EndedAs string

// Ends of objectives.
const (
	EndedUnmet   EndedAs = "unmet"   // it was wanted, and is not there: it counts as missed
	EndedDropped EndedAs = "dropped" // nobody needs it any more: it counts for nothing, unless it was breached before
)

// ObjectivePause is a time in which the clock rested; To is nil while it does.
type ObjectivePause struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

// ObjectiveChange is what an objective was before it was counted anew.
type ObjectiveChange struct {
	At    time.Time `json:"at"` // when it was counted anew
	Why   string    `json:"why"`
	Rule  string    `json:"rule"`
	DueAt time.Time `json:"due_at"`
}

// State says how the objective stands: met, breached, unmet, dropped, paused or
// running; a duty without a clock gives its own state.
func (o Objective) State() string {
	switch {
	case o.Breached:
		return "breached"
	case o.MetAt != nil:
		return "met"
	case o.Ended != nil:
		return string(o.Ended.As)
	case !o.Counts():
		return o.Duty.State
	case o.Paused():
		return "paused"
	default:
		return "running"
	}
}

// Paused tells whether the clock rests now.
func (o Objective) Paused() bool {
	return len(o.Pauses) > 0 && o.Pauses[len(o.Pauses)-1].To == nil
}

// By gives by how much the objective was met before its due time; negative when it
// was met late. It is 0 while it is not met.
func (o Objective) By() time.Duration {
	if o.MetAt == nil {
		return 0
	}
	return o.DueAt.Sub(*o.MetAt)
}
