package activities

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const beat = 5 * time.Second

// Action is action_run: one connector action. How it ended is a value; an error
// only asks for another attempt.
func (a *Activities) Action(ctx context.Context, request protocol.ActionRequest) (protocol.ActionResult, error) {
	stop := keepBeating(ctx)
	defer stop()
	ctx = observe.With(ctx, slog.String(observe.KeyIncident, request.IncidentID), slog.String(observe.KeyRun, request.RunID), slog.String(observe.KeyStep, request.StepKey))
	began := a.deps.Now()
	result, err := a.run(ctx, request, lastTry(activity.GetInfo(ctx)))
	a.tell(ctx, request, result, err, began)
	return result, err
}

// tell counts an attempt, and writes a line for it: what a worker does is seen in
// its log, too.
func (a *Activities) tell(ctx context.Context, request protocol.ActionRequest, result protocol.ActionResult, err error, began time.Time) {
	ref, outcome, level := request.Connector+"."+request.Action, string(result.Outcome), slog.LevelInfo
	attrs := []any{"action", ref, "took", a.deps.Now().Sub(began)}
	switch {
	case err != nil:
		outcome, level = "again", slog.LevelWarn
		attrs = append(attrs, "error", err)
	case result.Outcome != protocol.OutcomeDone:
		level = slog.LevelWarn
		attrs = append(attrs, "class", result.Class, "error", result.Error)
	}
	if a.deps.Meter != nil {
		a.deps.Meter.Action(ref, outcome, a.deps.Now().Sub(began))
	}
	a.deps.Logger.Log(ctx, level, "an action was attempted", append(attrs, "outcome", outcome)...)
}

// lastTry tells, for a class of errors, whether Temporal would not try again. An
// entry must then be settled now: no other attempt will.
func lastTry(info activity.Info) func(class string) bool {
	return func(class string) bool {
		policy := info.RetryPolicy
		if policy == nil {
			return false
		}
		used := policy.MaximumAttempts > 0 && info.Attempt >= policy.MaximumAttempts
		return used || slices.Contains(policy.NonRetryableErrorTypes, class)
	}
}

// keepBeating tells Temporal that the attempt is alive; a cancelled read learns
// of it in the same way.
func keepBeating(ctx context.Context) (stop func()) {
	ended := make(chan struct{})
	go func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended) }
}

// attempt is one try at one action.
type attempt struct {
	*Activities
	request  protocol.ActionRequest
	instance connector.Instance
	schemas  *connector.Schemas
	action   *manifest.Action
	targets  []string
	last     func(class string) bool // Temporal will not try this class again

	entry soar.LedgerEntry // as last seen; Attempts is our fence
	maybe bool             // an earlier call may have had its effect
	free  bool             // takes back what the incident did: costs no budget
	sends int              // calls made by this attempt

	release func() // ends the time of the last call
}

func (a *Activities) run(ctx context.Context, request protocol.ActionRequest, last func(string) bool) (protocol.ActionResult, error) {
	t, fault := a.prepare(request)
	if fault != "" {
		return failed(connector.Permanent, fault), nil
	}
	t.last = last
	if t.action.Risk == soar.RiskRead {
		return t.read(ctx)
	}
	return t.effect(ctx)
}

// prepare finds the action and holds the arguments against its manifest. The
// risk is the manifest's: what a request says of itself decides nothing.
func (a *Activities) prepare(request protocol.ActionRequest) (t *attempt, fault string) {
	instance, described, ok := a.deps.Connectors.Find(request.Connector)
	if !ok {
		return nil, "no connector instance is named " + request.Connector
	}
	action := described.Find(request.Action)
	if action == nil {
		return nil, request.Connector + " (" + described.Connector + ") has no action " + request.Action
	}
	schemas, _ := a.deps.Connectors.Schemas(request.Connector)
	if err := schemas.CheckInput(request.Action, request.Args); err != nil {
		return nil, "the arguments do not fit: " + err.Error()
	}
	t = &attempt{Activities: a, request: request, instance: instance, schemas: schemas, action: action}
	if action.Target == "" || action.Risk == soar.RiskRead {
		return t, ""
	}
	targets, err := guard.Targets(request.Args[action.Target])
	if err != nil {
		return nil, "argument " + action.Target + ": " + err.Error()
	}
	t.targets = targets
	return t, ""
}

func (t *attempt) ref() string { return t.request.Connector + "." + t.request.Action }

func (t *attempt) nature() guard.Nature {
	return guard.Nature{Risk: t.action.Risk, Idempotent: t.action.Idempotent, CanAsk: t.action.Reconcile != nil && t.deps.Evaluate != nil}
}

// read needs no ledger: nothing happens that could happen twice.
func (t *attempt) read(ctx context.Context) (protocol.ActionResult, error) {
	result, err := t.call(ctx, t.request.Action, t.request.Args, nil)
	defer t.release()
	if failure := connector.Classify(err, false); failure != nil {
		class := string(failure.Class)
		if guard.AfterCall(class).Retry && !t.last(class) {
			return protocol.ActionResult{}, again(class, failure.Message, failure.RetryAfter)
		}
		return failed(failure.Class, failure.Message), nil
	}
	if err := t.schemas.CheckOutput(t.request.Action, result.Output); err != nil {
		return failed(connector.Permanent, "the answer does not fit the manifest: "+err.Error()), nil
	}
	output, err := t.bound(ctx, result.Output)
	if err != nil {
		return protocol.ActionResult{}, passOn(err)
	}
	return protocol.ActionResult{Outcome: protocol.OutcomeDone, Output: output}, nil
}
