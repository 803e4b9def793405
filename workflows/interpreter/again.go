package interpreter

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const maxAgain = 5 // how often a request is put anew because what would run changed

// covered gives what permits the action to run. When people approved something else
// than what would run, the refusal is told and they are asked about what is now.
func (v *visit) covered(ctx workflow.Context) (cover, *stop) {
	for {
		found := v.cover()
		if found.changed == nil || !v.m.AsksAgain {
			return found, nil
		}
		if again, why := v.askAgain(ctx, found); !again || why != nil {
			return found, why
		}
	}
}

// askAgain puts the request of found.changed anew, or waits where that is being done.
// It says false when it was asked often enough.
func (v *visit) askAgain(ctx workflow.Context, found cover) (bool, *stop) {
	at, approval := *v.at, found.changed
	at.turns = at.turns[:len(at.lay.nodes[approval].loops)]
	rec := at.record(approval)
	asker := &visit{walk: v.walk, scope: v.scope, step: approval, rec: rec, at: &at}
	if rec.Status.Ended() {
		if asker.former = v.m.Case.Approval(rec.Approval); asker.former.Again >= maxAgain {
			return false, nil
		}
		v.tell(protocol.EventApprovalRefused, v.rec.Title+": refused: "+found.refusal+"; it is asked again", nil)
		rec.Generation, rec.Approval, rec.Status, rec.EndedAt = rec.Generation+1, "", soar.StepRunning, nil
		if problem := asker.request(); problem != "" {
			v.m.Case.EndStep(rec, soar.StepFailed, problem, v.m.Now())
			return true, nil
		}
	}
	if v.m.asking[rec.Key] { // for another action
		return true, v.scope.await(ctx, func() bool { return rec.Status.Ended() })
	}
	v.m.asking[rec.Key] = true
	defer delete(v.m.asking, rec.Key)
	res := asker.approval(ctx)
	if !res.stop.is(rewalk) {
		v.m.Case.EndStep(rec, res.status, res.problem, v.m.Now())
		v.m.Touch()
	}
	return true, res.stop
}

// bindable tells whether the step is still to run, and with which arguments when those
// are settled. On the first request everything is.
func (b *binder) bindable(s *plan.Step, at *place) (args map[string]any, open bool) {
	rec := at.run.Find(at.key(s))
	switch {
	case !b.again || rec == nil:
		return nil, true
	case rec.Asked:
		return rec.Args, !rec.Status.Ended()
	default:
		return nil, !rec.Status.Ended()
	}
}
