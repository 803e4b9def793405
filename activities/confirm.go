package activities

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// confirm takes a success: its output must fit, what was collected is stored,
// and what is called done must be seen.
func (t *attempt) confirm(ctx context.Context, g *gate, result connector.Result) (protocol.ActionResult, bool, error) {
	if err := t.schemas.CheckOutput(t.request.Action, result.Output); err != nil {
		discard(result.Evidence)
		return t.misfit(ctx, g, "the answer does not fit the manifest: "+err.Error())
	}
	if !t.readBack(ctx) {
		return t.unseen(ctx, g)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceTime)
	defer cancel()
	refs, err := t.storeEvidence(ctx, result.Evidence)
	if err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	output, err := t.bound(ctx, result.Output)
	if err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	event := t.outcomeEvent("is done", soar.LedgerConfirmed, nil)
	ours, err := t.insist(ctx, soar.LedgerConfirmed, soar.LedgerChange{Output: output}, event, soar.LedgerIntent, soar.LedgerSent, soar.LedgerUnknown)
	if err != nil || !ours {
		return protocol.ActionResult{}, false, passOn(err)
	}
	if err := t.compensated(ctx); err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	return protocol.ActionResult{Outcome: protocol.OutcomeDone, Output: output, Evidence: refs}, true, nil
}

// misfit is an answer that cannot be read. For what changes the world that is no
// answer; for the rest it is a failure.
func (t *attempt) misfit(ctx context.Context, g *gate, why string) (protocol.ActionResult, bool, error) {
	if t.action.Risk.Writes() || t.action.Risk == soar.RiskNotify {
		t.sends = maxSends // the same call would be answered the same
		return t.unclear(ctx, g, &connector.Error{Class: connector.Unknown, Message: why})
	}
	if t.maybe {
		t.sends = maxSends
		return t.person(ctx, why)
	}
	return t.notDone(ctx, &connector.Error{Class: connector.Permanent, Message: why})
}

func (t *attempt) unseen(ctx context.Context, g *gate) (protocol.ActionResult, bool, error) {
	if t.entry.State == soar.LedgerIntent && !g.told {
		ours, err := t.taken(ctx)
		if err != nil {
			return protocol.ActionResult{}, false, passOn(err)
		}
		if !ours {
			return t.stale()
		}
	}
	return t.person(ctx, "the system answered that "+t.ref()+" is done, and when asked again says that it is not")
}

// answer repeats what is settled.
func (t *attempt) answer(ctx context.Context) (protocol.ActionResult, bool, error) {
	if !t.entry.State.Done() && t.entry.State != soar.LedgerCompensated {
		return failed(connector.Permanent, t.entry.Error), true, nil
	}
	if err := t.compensated(ctx); err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	refs, err := t.storedEvidence(ctx)
	if err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	return protocol.ActionResult{
		Outcome: protocol.OutcomeDone, Output: t.entry.Output, Evidence: refs, Reconciled: t.entry.State == soar.LedgerReconciled,
	}, true, nil
}

// compensated marks what this action took back. It is done again on every repeat:
// an earlier attempt may have stopped just before it.
func (t *attempt) compensated(ctx context.Context) error {
	if t.request.Undoes == "" {
		return nil
	}
	_, err := t.deps.Store.LedgerMove(context.WithoutCancel(ctx), t.request.Undoes,
		[]soar.LedgerState{soar.LedgerConfirmed, soar.LedgerReconciled}, soar.LedgerCompensated, soar.LedgerChange{}, nil)
	if conflict(err) || notFound(err) {
		return nil // taken back already, or it was never sure that it happened
	}
	return err
}
