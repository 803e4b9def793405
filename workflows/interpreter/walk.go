package interpreter

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// walk is one pass over a root run and the runs it calls. When again is set
// every coroutine of it returns at its next wait without touching its record,
// and the run is walked anew.
type walk struct {
	m      *Machine
	root   *state.Run
	again  bool
	rewalk *stop
}

// result is how a step or a list of steps ended, or why it stopped.
type result struct {
	status  soar.StepStatus
	problem string
	stop    *stop
}

func succeeded() result { return result{status: soar.StepSucceeded} }

func failed(problem string) result { return result{status: soar.StepFailed, problem: problem} }

func halted(why *stop) result {
	return result{status: soar.StepCancelled, problem: why.text, stop: why}
}

// bad tells whether the steps after this one do not run.
func (r result) bad() bool {
	return r.stop != nil || r.status == soar.StepFailed || r.status == soar.StepCancelled || r.status == soar.StepCompensated
}

// list carries out steps one after the other. After a failure, or when it must
// stop, only the always steps run, and those that a walk before reached: they
// have their status already, or get it now that they must stop. The first bad
// result is the list's result.
func (w *walk) list(ctx workflow.Context, sc *scope, steps []*plan.Step, at *place) result {
	out := succeeded()
	for _, s := range steps {
		why := sc.stopped()
		if why.is(rewalk) {
			return halted(why)
		}
		around := sc
		if s.Always {
			around = &scope{walk: w, always: true}
		} else if (out.bad() || why != nil) && !at.reached(s) {
			continue
		}
		res := w.step(ctx, around, s, at)
		if res.stop.is(rewalk) {
			return res
		}
		passed := res.status == soar.StepFailed && res.stop == nil && s.OnFailure == plan.OnFailureContinue
		if !out.bad() && !passed && res.bad() {
			out = res
		}
	}
	if why := sc.stopped(); why != nil && (!out.bad() || out.status == soar.StepCancelled) {
		return halted(why)
	}
	return out
}

// step carries out one step instance, or goes past it when it has ended.
func (w *walk) step(ctx workflow.Context, around *scope, s *plan.Step, at *place) result {
	rec := at.run.Find(at.key(s))
	if rec != nil && rec.Status.Ended() {
		return result{status: rec.Status, problem: rec.Error}
	}
	v := &visit{walk: w, scope: around.child(), step: s, rec: rec, at: at}
	if rec == nil || !rec.Begun {
		if why := around.await(ctx, func() bool { return !w.m.Case.Incident.Paused }); why != nil {
			return halted(why)
		}
		v.reach()
		if res, over := v.begin(); over {
			return res
		}
	}
	v.scope.rec = v.rec
	v.arm()
	res := v.finish(ctx, v.perform(ctx))
	v.scope.closed = true
	return res
}

// visit is one step instance being carried out.
type visit struct {
	*walk
	scope  *scope // the step's own
	step   *plan.Step
	rec    *state.Record
	at     *place
	former *state.Approval // an approval: what is asked anew
}

// perform does what the kind says. A step whose effects are being taken back
// has failed already.
func (v *visit) perform(ctx workflow.Context) result {
	if v.rec.Undoing {
		return failed(v.rec.Error)
	}
	switch v.step.Kind {
	case plan.KindAction:
		return v.action(ctx)
	case plan.KindSwitch:
		return v.choose(ctx)
	case plan.KindParallel:
		return v.parallel(ctx)
	case plan.KindForEach:
		return v.forEach(ctx)
	case plan.KindRepeat:
		return v.repeat(ctx)
	case plan.KindApproval:
		return v.approval(ctx)
	case plan.KindTask:
		return v.task(ctx)
	case plan.KindWait:
		return v.wait(ctx)
	case plan.KindCall:
		return v.call(ctx)
	case plan.KindSteps:
		return v.list(ctx, v.scope, v.step.Steps, v.at)
	case plan.KindEscalate:
		return v.escalate(ctx)
	default:
		return v.instant()
	}
}

// instant does the kinds that take no time.
func (v *visit) instant() result {
	switch v.step.Kind {
	case plan.KindDeclare:
		return v.declare()
	case plan.KindSet:
		return v.set()
	case plan.KindClose, plan.KindFail:
		return v.end()
	default:
		return failed("this build does not know the step kind " + string(v.step.Kind))
	}
}

// vars gives what the step's expressions may read.
func (v *visit) vars() map[string]any { return v.m.vars(v.at) }

// tell puts an event about the step into the journal.
func (v *visit) tell(kind, text string, data any) {
	v.m.Tell(state.Entry{Kind: kind, By: actor(v.at.run), Step: v.rec.Key, Text: text, Data: data})
}

// touch says that the record changed.
func (v *visit) touch() {
	v.m.Case.TouchStep(v.rec)
	v.m.Touch()
}

// over gives the step its last status and tells it.
func (v *visit) over(status soar.StepStatus, problem string) {
	v.m.Case.EndStep(v.rec, status, problem, v.m.Now())
	kind, text := protocol.EventStepEnded, v.rec.Title+": "+string(status)
	if status == soar.StepSkipped {
		kind = protocol.EventStepSkipped
	}
	if problem != "" {
		text += ": " + problem
	}
	v.tell(kind, text, nil)
	v.m.followPhases(v.at.run, v.rec.Key)
}
