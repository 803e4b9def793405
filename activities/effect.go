package activities

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxRounds bounds how often an attempt looks again when others move the entry.
const maxRounds = 4

// effect carries out what the ledger keeps: everything but reads. It goes on from
// wherever an earlier attempt stopped.
func (t *attempt) effect(ctx context.Context) (protocol.ActionResult, error) {
	for range maxRounds {
		result, settled, err := t.round(ctx)
		if settled || err != nil {
			return result, err
		}
	}
	return protocol.ActionResult{}, again(protocol.ErrorTransient, "another attempt at "+t.ref()+" is at work", 0)
}

// round looks at the entry and does the next thing. It is not settled when
// another attempt moved the entry meanwhile.
func (t *attempt) round(ctx context.Context) (result protocol.ActionResult, settled bool, err error) {
	found, err := t.lookUp(ctx)
	if err != nil {
		return result, false, passOn(err)
	}
	if found && !t.sameEffect() {
		return t.mistaken(ctx)
	}
	if !found || t.entry.State == soar.LedgerIntent {
		return t.fresh(ctx, found)
	}
	switch guard.Enter(t.entry.State, t.nature()) {
	case guard.NextSend:
		return t.sendAgain(ctx)
	case guard.NextAsk:
		return t.ask(ctx, "an earlier attempt ended without an answer")
	case guard.NextAnswer:
		return t.answer(ctx)
	default:
		return t.person(ctx, "an earlier attempt ended without an answer, and "+t.ref()+" must not be sent twice")
	}
}

func (t *attempt) lookUp(ctx context.Context) (found bool, err error) {
	entry, err := t.deps.Store.LedgerGet(ctx, t.request.Key)
	if notFound(err) {
		return false, nil
	}
	t.entry = entry
	return err == nil, err
}

// sameEffect guards against a key that stands for something else: answering with
// its outcome would report as done what was never tried.
func (t *attempt) sameEffect() bool {
	return t.entry.IncidentID == t.request.IncidentID && t.entry.Action == t.ref() && t.entry.Target == t.request.Target
}

func (t *attempt) mistaken(ctx context.Context) (protocol.ActionResult, bool, error) {
	reason := "the idempotency key stands for " + t.entry.Action + " on " + t.entry.Target + " already"
	return t.refused(ctx, guard.Verdict{Rule: "key", Reason: reason})
}

// fresh is an action of which nothing has left yet: the guard is asked, the
// intent written or taken over, the budget held against all intents, and only
// then is it sent.
func (t *attempt) fresh(ctx context.Context, found bool) (protocol.ActionResult, bool, error) {
	verdict, err := t.permitted(ctx)
	if err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	if !verdict.Allowed {
		return t.refused(ctx, verdict)
	}
	if t.request.DryRun {
		return t.rehearsed(), true, nil
	}
	ours, err := t.begin(ctx, found)
	if err != nil || !ours {
		return protocol.ActionResult{}, false, passOn(err)
	}
	if verdict, err = t.withinBudget(ctx); err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	if !verdict.Allowed {
		return t.refused(ctx, verdict)
	}
	return t.send(ctx)
}

// begin writes the intent, or takes over one that an earlier attempt wrote. It is
// not ours when another attempt was faster.
func (t *attempt) begin(ctx context.Context, found bool) (ours bool, err error) {
	if !found {
		var created bool
		t.entry, created, err = t.deps.Store.LedgerBegin(ctx, t.intent(), t.intentEvent())
		if err != nil || created {
			return created, err
		}
		if !t.sameEffect() || t.entry.State != soar.LedgerIntent {
			return false, nil
		}
	}
	return t.moveFenced(ctx, soar.LedgerIntent, soar.LedgerChange{Attempt: true}, nil, soar.LedgerIntent)
}

func (t *attempt) intent() soar.LedgerEntry {
	r := t.request
	return soar.LedgerEntry{
		Key: r.Key, IncidentID: r.IncidentID, StepPath: r.StepKey, Action: t.ref(), Risk: t.action.Risk,
		Target: r.Target, Args: r.Args, State: soar.LedgerIntent, Attempts: 1,
	}
}

func (t *attempt) rehearsed() protocol.ActionResult {
	targets := make([]any, len(t.targets))
	for i, target := range t.targets {
		targets[i] = target
	}
	return protocol.ActionResult{Outcome: protocol.OutcomeDone, Output: map[string]any{"dry_run": true, "action": t.ref(), "targets": targets}}
}

// sendAgain repeats a call whose outcome is not known and whose action bears it.
// The entry stays sent: from here on a failure of this call says nothing about
// the earlier one.
func (t *attempt) sendAgain(ctx context.Context) (protocol.ActionResult, bool, error) {
	ours, err := t.moveFenced(ctx, soar.LedgerSent, soar.LedgerChange{Attempt: true}, nil, soar.LedgerSent, soar.LedgerUnknown)
	if err == nil && !ours && t.sends > 0 {
		return t.stale()
	}
	if err != nil || !ours {
		return protocol.ActionResult{}, false, passOn(err)
	}
	t.maybe = true
	return t.send(ctx)
}
