package activities

import (
	"context"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// instances is the part of *connector.Registry that is needed here.
type instances interface {
	Find(name string) (connector.Instance, *manifest.Manifest, bool)
	Schemas(name string) (*connector.Schemas, bool)
}

// ledger keeps every side effect under its key. Errors are *soar.Error.
type ledger interface {
	LedgerGet(ctx context.Context, key string) (soar.LedgerEntry, error)
	LedgerBegin(ctx context.Context, entry soar.LedgerEntry, event record.Payload) (current soar.LedgerEntry, created bool, err error)
	LedgerMove(ctx context.Context, key string, from []soar.LedgerState, to soar.LedgerState, change soar.LedgerChange, event *record.Payload) (soar.LedgerEntry, error)
}

// counter counts intents for the budget.
type counter interface {
	LedgerCount(ctx context.Context, incidentID, action string, window time.Duration) (incident, recent int, err error)
}

// safeguards is what a decision of the guard rests on.
type safeguards interface {
	FreezeGet(ctx context.Context) (soar.Freeze, error)
	ProtectedList(ctx context.Context) ([]soar.Protected, error)
	ApprovalGet(ctx context.Context, id string) (soar.Approval, error)
}

// evidence keeps what was collected, and long outputs.
type evidence interface {
	BlobPut(ctx context.Context, in io.Reader, limit int64) (sha256, sha512 string, size int64, err error)
	EvidenceInsert(ctx context.Context, item soar.Evidence, custody soar.CustodyEntry, event record.Payload) error
	EvidenceList(ctx context.Context, incidentID string) ([]soar.Evidence, error)
}

// journal is the record, the projection, and what people said to it.
type journal interface {
	RecordAppend(ctx context.Context, chain string, events ...record.Payload) error
	JournalWrite(ctx context.Context, batch protocol.JournalBatch) (protocol.JournalReceipt, error)
	DecisionsCommitted(ctx context.Context, request protocol.DecisionsRequest) (protocol.CommittedDecisions, error)
}

// storage is what *store.Store is here.
type storage interface {
	ledger
	counter
	safeguards
	evidence
	journal
}

// playbooks answers from the library.
type playbooks interface {
	Match(ctx context.Context, request protocol.MatchRequest) (protocol.MatchResult, error)
	Pin(ctx context.Context, request protocol.PinRequest) (protocol.RunPin, error)
}

// Deps is what the activities work with. Connectors, Store and Playbooks must be
// set.
type Deps struct {
	Connectors instances
	Store      storage
	Playbooks  playbooks

	// Evaluate computes a bare expression of a manifest, such as
	// output.isolated, over args and output. Without it nothing is reconciled.
	Evaluate func(expression string, vars map[string]any) (any, error)
	// Preauthorised tells whether a policy of this name is in force and names the
	// action, connector.action. Nil: none is.
	Preauthorised func(name, action string) bool
	// EscalationPolicy gives a policy of escalation.yaml, one without a name when there
	// is none. Nil: there is none.
	EscalationPolicy func(name string) protocol.EscalationPolicy
	Limits           []guard.Limit // guard.DefaultLimits when nil
	Now              func() time.Time
	Wait             func(context.Context, time.Duration) error // between two looks at a slow system
	Meter            meter                                      // nil: nothing is counted
	Logger           *slog.Logger
}

// meter counts attempts at actions. outcome is protocol's, or again when another
// attempt follows.
type meter interface {
	Action(action, outcome string, took time.Duration)
}

// Activities are the activities over their dependencies. Safe for concurrent use.
type Activities struct{ deps Deps }

// New makes the activities.
func New(deps Deps) *Activities {
	if deps.Limits == nil {
		deps.Limits = guard.DefaultLimits()
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Wait == nil {
		deps.Wait = wait
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	return &Activities{deps}
}

// registry is the part of a worker that is needed here.
type registry interface {
	RegisterActivityWithOptions(function any, options activity.RegisterOptions)
}

// Register names the activities for a worker.
func (a *Activities) Register(worker registry) {
	for name, function := range map[string]any{
		protocol.ActivityAction:  a.Action,
		protocol.ActivityJournal: a.Journal,
		protocol.ActivityMatch:   a.Match,
		protocol.ActivityPin:     a.Pin,

		protocol.ActivityDecisions:        a.Decisions,
		protocol.ActivityEscalationPolicy: a.EscalationPolicy,
	} {
		worker.RegisterActivityWithOptions(function, activity.RegisterOptions{Name: name})
	}
}

func wait(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
