package interpreter

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// action calls one connector action. Its arguments are evaluated once for each
// generation and kept.
func (v *visit) action(ctx workflow.Context) result {
	if !v.rec.Asked {
		if problem := v.resolveArgs(); problem != "" {
			return failed(problem)
		}
	}
	for {
		if v.rec.Person {
			if res, over := v.askPerson(ctx); over {
				return res
			}
		}
		cover, why := v.covered(ctx)
		if why != nil {
			return halted(why)
		}
		if cover.refusal != "" {
			v.tell(protocol.EventApprovalRefused, v.rec.Title+": refused: "+cover.refusal, nil)
			return failed("refused: " + cover.refusal)
		}
		e := v.errand(cover)
		reply, why, err := v.m.carryOut(ctx, e)
		if why != nil {
			return halted(why)
		}
		if res, over := v.answered(reply, err, e.request); over {
			return res
		}
	}
}

// answered turns an answer into a result; over is false when a person must say
// what happened.
func (v *visit) answered(reply protocol.ActionResult, err error, request protocol.ActionRequest) (result, bool) {
	switch {
	case err == nil && reply.Outcome == protocol.OutcomeDone:
		return v.done(reply, request), true
	case err == nil && reply.Outcome == protocol.OutcomeRefused:
		return failed("refused: " + reply.Error), true
	case err == nil && (reply.Outcome == protocol.OutcomeFailed || !v.writes()):
		return failed(reply.Error), true
	case err == nil:
		v.needPerson(reply.Error)
		return result{}, false
	case v.saysNothing(err):
		v.needPerson(describe(err))
		return result{}, false
	default:
		return failed(describe(err)), true
	}
}

// saysNothing tells whether an error leaves open if the effect happened: for
// what changes the world, every one but those of a class that connectors give
// for a call that had no effect.
func (v *visit) saysNothing(err error) bool {
	class := errorType(err)
	return v.writes() && class != protocol.ErrorTransient && class != protocol.ErrorLimited
}

// writes tells whether the action changes the world. Only then does it matter
// to a person whether it happened.
func (v *visit) writes() bool { return soar.Risk(v.step.Action.Risk).Writes() }

// resolveArgs evaluates the arguments and the target.
func (v *visit) resolveArgs() string {
	args, err := v.m.fields(v.step.Action.With, v.vars())
	if err != nil {
		return "with: " + err.Error()
	}
	if size(args) > maxArgs {
		return fmt.Sprintf("with: the arguments are larger than %d bytes", maxArgs)
	}
	target, err := targetOf(v.step, args)
	if err != nil {
		return "target: " + err.Error()
	}
	v.rec.Args, v.rec.Target, v.rec.Asked = args, target, true
	v.touch()
	return ""
}

func targetOf(s *plan.Step, args map[string]any) (string, error) {
	name := s.Action.Target
	if name == "" {
		return "", nil
	}
	return expression.FormatText(args[name])
}

// errand makes the request. The key must stay the same however often the same
// effect is tried, also in another workflow run.
func (v *visit) errand(cover cover) *errand {
	a, run := v.step.Action, v.at.run
	e := &errand{
		retry: a.Retry, attempt: a.AttemptTimeout, total: a.TotalTimeout, title: v.rec.Title,
		sc: v.scope, paused: true, wake: &v.rec.Wake, rounds: &v.rec.Rounds, flying: &v.rec.Flying,
		request: protocol.ActionRequest{
			IncidentID: v.m.Case.Incident.ID, RunID: run.ID, StepKey: v.rec.Key,
			Playbook: run.Pin.Playbook, PlaybookDigest: run.Pin.Digest,
			Connector: a.Connector, Action: a.Name, ManifestDigest: v.at.plan.Pins[a.Connector],
			Args: orEmpty(v.rec.Args), Risk: soar.Risk(a.Risk), Target: v.rec.Target, Key: v.effectKey(),
			Approval: cover.proof, Preauthorised: cover.preauthorised,
		},
	}
	if a.ExpiresIn > 0 {
		e.prepare = func() {
			until := v.m.Now().Add(a.ExpiresIn)
			e.request.ExpiresAt = &until
		}
	}
	return e
}

// effectKey names the effect. An author's own idempotency_key stands in for the
// step: two steps that give the same one mean the same effect.
func (v *visit) effectKey() string {
	a, step := v.step.Action, v.rec.Key
	if a.IdempotencyKey != nil {
		if value, err := v.m.eval(*a.IdempotencyKey, v.vars()); err == nil {
			if text, err := expression.FormatText(value); err == nil {
				step = "key:" + text
			}
		}
	}
	return protocol.IdempotencyKey(v.m.Case.Incident.ID, step, a.Ref(), v.rec.Target, v.rec.Generation)
}

// done keeps the output and, when the effect can be taken back, the containment.
func (v *visit) done(reply protocol.ActionResult, request protocol.ActionRequest) result {
	v.keepOutput(plain(reply.Output))
	if v.step.Action.Undo != nil {
		v.hold(plainMap(reply.Output), request.Key, request.ExpiresAt)
	}
	return succeeded()
}

// keepOutput keeps a result for expressions, when any may read it.
func (v *visit) keepOutput(output any) {
	kept := v.at.lay.outputs.Kept(v.step.ID)
	for _, turn := range v.at.turns {
		kept = kept || v.at.lay.outputs.Kept(turn.loop.ID)
	}
	if !kept || output == nil {
		return
	}
	if bytes := size(output); bytes > maxValue {
		output = map[string]any{"by_reference": true, "len": bytes}
	}
	v.rec.Output = output
}

// hold pushes the effect on the undo stack, with the undo's arguments resolved
// now, while what they read is at hand.
func (v *visit) hold(output map[string]any, key string, until *time.Time) {
	if v.m.Case.Containment(key) != nil {
		return // another step with the same idempotency_key holds it
	}
	undo, now := v.step.Action.Undo, v.m.Now()
	held := &state.Containment{
		Containment: soar.Containment{
			ID: key, IncidentID: v.m.Case.Incident.ID, StepPath: v.rec.Key, Action: v.step.Action.Ref(), Undo: undo.Ref(),
			Target: v.rec.Target, Since: now, Until: until, State: state.ContainmentActive,
		},
		Lineage: v.m.Case.Lineage(v.rec.Key), Playbook: v.at.run.Pin.Playbook, Digest: v.at.run.Pin.Digest,
		Connector: undo.Connector, Name: undo.Name,
	}
	vars := v.vars()
	vars["args"], vars["output"] = plainMap(v.rec.Args), output
	args, err := v.m.fields(undo.With, vars)
	if held.UndoArgs = args; err != nil {
		held.Undo, held.UndoArgs = "", nil
		v.m.undoLost(held, v.at.run, err)
	}
	v.m.Case.AddContainment(held)
	text := held.Action + " is in force on " + held.Target
	if until != nil {
		text += " until " + until.Format(time.RFC3339)
	}
	v.tell(protocol.EventContained, text, held.Containment)
	if held.Due() {
		v.m.keep(held)
	}
}
