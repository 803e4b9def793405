package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// looks is how often a system that says "done" is looked at before it is not
// believed, and how long it is given between two looks.
const (
	looks     = 3
	lookPause = time.Second
)

// ask finds out whether an unclear effect is there, and goes on by the answer.
func (t *attempt) ask(ctx context.Context, why string) (protocol.ActionResult, bool, error) {
	answer, output := t.reconcile(context.WithoutCancel(ctx))
	switch guard.AfterAsk(answer, t.nature()) {
	case guard.NextAnswer:
		return t.reconciled(ctx, output)
	case guard.NextSend:
		if t.sends < maxSends && ctx.Err() == nil {
			return t.sendAgain(ctx)
		}
	}
	return t.person(ctx, why+askedText(answer))
}

func askedText(answer guard.Answer) string {
	if answer == guard.AnswerNotDone {
		return "; asked, the system says that it is not done so far"
	}
	return ""
}

// reconcile asks by the manifest's read action. Whatever goes wrong on the way is
// silence.
func (t *attempt) reconcile(ctx context.Context) (guard.Answer, map[string]any) {
	if !t.nature().CanAsk {
		return guard.AnswerSilent, nil
	}
	args := map[string]any{}
	for _, argument := range t.action.Reconcile.With {
		value, err := t.render(argument.Value)
		if err != nil {
			t.deps.Logger.WarnContext(ctx, "reconcile argument", "action", t.ref(), "argument", argument.Name, "error", err)
			return guard.AnswerSilent, nil
		}
		args[argument.Name] = value
	}
	result, err := t.call(ctx, t.action.Reconcile.Action, args, nil)
	t.release()
	if err != nil {
		return guard.AnswerSilent, nil
	}
	if err := t.schemas.CheckOutput(t.action.Reconcile.Action, result.Output); err != nil {
		return guard.AnswerSilent, nil
	}
	done, err := t.deps.Evaluate(t.action.Reconcile.Done, map[string]any{"args": t.request.Args, "output": result.Output})
	switch {
	case err != nil:
		t.deps.Logger.WarnContext(ctx, "reconcile", "action", t.ref(), "error", err)
		return guard.AnswerSilent, nil
	case done == true:
		return guard.AnswerDone, result.Output
	case done == false:
		return guard.AnswerNotDone, result.Output
	default:
		return guard.AnswerSilent, nil
	}
}

// render gives an argument's value: one whole ${{ }} keeps its type, text without
// one is itself.
func (t *attempt) render(value string) (any, error) {
	inner, open := strings.CutPrefix(strings.TrimSpace(value), "${{")
	if !open {
		if strings.Contains(value, "${{") {
			return nil, fmt.Errorf("%q mixes text and an expression", value)
		}
		return value, nil
	}
	source, closed := strings.CutSuffix(inner, "}}")
	if !closed || strings.Contains(source, "${{") {
		return nil, fmt.Errorf("%q is not one whole expression", value)
	}
	return t.deps.Evaluate(strings.TrimSpace(source), map[string]any{"args": t.request.Args, "output": map[string]any{}})
}

// reconciled settles an effect that was found done by asking.
func (t *attempt) reconciled(ctx context.Context, seen map[string]any) (protocol.ActionResult, bool, error) {
	output, err := t.bound(ctx, t.project(seen))
	if err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	event := t.outcomeEvent("was found done by asking", soar.LedgerReconciled, nil)
	ours, err := t.insist(ctx, soar.LedgerReconciled, soar.LedgerChange{Output: output}, event, soar.LedgerSent, soar.LedgerUnknown)
	if err != nil || !ours {
		return protocol.ActionResult{}, false, passOn(err)
	}
	if err := t.compensated(ctx); err != nil {
		return protocol.ActionResult{}, false, passOn(err)
	}
	return protocol.ActionResult{Outcome: protocol.OutcomeDone, Output: output, Reconciled: true}, true, nil
}

// project makes an output of the action out of what the read action saw: the
// fields that both have, then those that are arguments too. When that does not
// fit the schema there is no output.
func (t *attempt) project(seen map[string]any) map[string]any {
	properties, _ := t.action.Output["properties"].(map[string]any)
	output := map[string]any{}
	for name := range properties {
		if value, ok := seen[name]; ok {
			output[name] = value
		} else if value, ok := t.request.Args[name]; ok {
			output[name] = value
		}
	}
	if t.schemas.CheckOutput(t.request.Action, output) != nil {
		return map[string]any{}
	}
	return output
}

// person leaves the decision to people: the effect may be there.
func (t *attempt) person(ctx context.Context, why string) (protocol.ActionResult, bool, error) {
	result := protocol.ActionResult{Outcome: protocol.OutcomeUnknown, Class: string(connector.Unknown), Error: why}
	if t.entry.State == soar.LedgerUnknown {
		return result, true, nil
	}
	event := t.outcomeEvent("may or may not have happened", soar.LedgerUnknown, &connector.Error{Class: connector.Unknown, Message: why})
	ours, err := t.settle(ctx, soar.LedgerUnknown, soar.LedgerChange{Error: why}, event, soar.LedgerSent)
	if err == nil && !ours {
		return t.stale()
	}
	return result, ours, passOn(err)
}

// readBack looks whether what a system calls done can be seen. Some say yes and
// do nothing; some need a moment.
func (t *attempt) readBack(ctx context.Context) (seen bool) {
	if !t.action.Risk.Writes() {
		return true
	}
	for look := range looks {
		if look > 0 && t.deps.Wait(ctx, lookPause*time.Duration(look)) != nil {
			return false
		}
		// Silence does not contradict the system's own word.
		if answer, _ := t.reconcile(ctx); answer != guard.AnswerNotDone {
			return true
		}
	}
	return false
}
