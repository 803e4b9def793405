package activities

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// permitted gathers the facts and asks the guard. Its error means that a fact
// could not be read; then nothing is done.
func (t *attempt) permitted(ctx context.Context) (guard.Verdict, error) {
	facts := guard.Facts{Request: t.request, Risk: t.action.Risk, Protects: t.action.Protects, Targets: t.targets}
	if !t.action.Risk.Writes() {
		t.free = true
		return guard.Decide(facts), nil
	}
	var err error
	if facts.Freeze, err = t.deps.Store.FreezeGet(ctx); err != nil {
		return guard.Verdict{}, err
	}
	if facts.Protected, err = t.deps.Store.ProtectedList(ctx); err != nil {
		return guard.Verdict{}, err
	}
	if facts.Approval, err = t.approval(ctx); err != nil {
		return guard.Verdict{}, err
	}
	if facts.UndoOf, err = t.undone(ctx); err != nil {
		return guard.Verdict{}, err
	}
	facts.DeclaredUndo = t.declaredUndo(facts.UndoOf)
	name := t.request.Preauthorised
	facts.Authorised = name != "" && t.deps.Preauthorised != nil && t.deps.Preauthorised(name, facts.Ref())
	t.free = facts.TakesBack()
	return guard.Decide(facts), nil
}

func (t *attempt) approval(ctx context.Context) (*soar.Approval, error) {
	if t.request.Approval == nil {
		return nil, nil
	}
	approval, err := t.deps.Store.ApprovalGet(ctx, t.request.Approval.ApprovalID)
	if notFound(err) {
		return nil, nil
	}
	return &approval, err
}

// undone finds the entry that this action takes back, if it takes one back.
func (t *attempt) undone(ctx context.Context) (*soar.LedgerEntry, error) {
	if t.request.Undoes == "" {
		return nil, nil
	}
	entry, err := t.deps.Store.LedgerGet(ctx, t.request.Undoes)
	if notFound(err) {
		return nil, nil
	}
	return &entry, err
}

// declaredUndo is what the manifest of the undone action names to take it back.
func (t *attempt) declaredUndo(of *soar.LedgerEntry) string {
	if of == nil {
		return ""
	}
	name, actionName, _ := strings.Cut(of.Action, ".")
	_, described, ok := t.deps.Connectors.Find(name)
	if !ok {
		return ""
	}
	action := described.Find(actionName)
	if action == nil || action.Undo == nil {
		return ""
	}
	return name + "." + action.Undo.Action
}

// withinBudget is asked once the intent is committed, so that the count holds it.
func (t *attempt) withinBudget(ctx context.Context) (guard.Verdict, error) {
	if t.free {
		return guard.Verdict{Allowed: true}, nil
	}
	incident, recent, err := t.deps.Store.LedgerCount(ctx, t.request.IncidentID, t.request.Action, guard.Window)
	if err != nil {
		return guard.Verdict{}, err
	}
	limit := guard.LimitOf(t.deps.Limits, t.request.Action, t.action.Risk)
	return guard.Within(limit, t.request.Action, guard.Counts{Incident: incident, Hour: recent}), nil
}

// refused writes down that the guard said no, and settles the intent if there is
// one. An action that may have happened before cannot become failed by that.
func (t *attempt) refused(ctx context.Context, verdict guard.Verdict) (protocol.ActionResult, bool, error) {
	result := protocol.ActionResult{Outcome: protocol.OutcomeRefused, Error: verdict.Reason}
	event := t.refusedEvent(verdict)
	if t.entry.State == soar.LedgerIntent && t.sameEffect() {
		ours, err := t.moveFenced(ctx, soar.LedgerFailed, soar.LedgerChange{Error: "refused: " + verdict.Reason}, &event, soar.LedgerIntent)
		if err == nil && !ours {
			return t.stale()
		}
		return result, ours, passOn(err)
	}
	if err := t.note(ctx, event); err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	return result, true, nil
}

func (t *attempt) note(ctx context.Context, event record.Payload) error {
	return t.deps.Store.RecordAppend(ctx, t.request.IncidentID, event)
}
