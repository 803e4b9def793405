package interpreter

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const maxTitle = 200 // runes

// reach makes the record of a step that the walk has come to.
func (v *visit) reach() {
	if v.rec != nil {
		return
	}
	s := v.step
	v.rec = &state.Record{
		Key: v.at.key(s), StepID: s.ID, Kind: s.Kind, Phase: s.Phase, Always: s.Always,
		Status: soar.StepPending, StartedAt: v.m.Now(), Title: s.ID,
	}
	if s.Kind == plan.KindAction {
		v.rec.Action = s.Action.Ref()
	}
	v.at.run.Add(v.rec)
}

// begin looks at when and skip_when. over tells that the step ended by that.
func (v *visit) begin() (res result, over bool) {
	vars := v.vars()
	v.rec.Title = clip(v.m.textOf(v.step.Title, vars, v.step.ID), maxTitle)
	if v.rec.StartedAt = v.m.Now(); v.step.When != nil {
		wanted, err := v.m.holds(*v.step.When, vars)
		if err != nil || !wanted {
			return v.unwanted(err, "its condition is not met", "when: ")
		}
	}
	if v.step.SkipWhen != nil {
		skip, err := v.m.holds(*v.step.SkipWhen, vars)
		if skip && v.step.Kind == plan.KindApproval {
			v.rec.Preauthorised = preauthorisedBy(v.step.SkipWhen.Source, v.m.Case.Settings.Preauthorised)
		}
		if err != nil || skip {
			return v.unwanted(err, "skip_when is met", "skip_when: ")
		}
	}
	v.rec.Begun, v.rec.Status = true, soar.StepRunning
	if v.step.Timeout > 0 {
		due := v.m.Now().Add(v.step.Timeout)
		v.rec.Due = &due
	}
	if takesTime(v.step.Kind) {
		v.tell(protocol.EventStepStarted, v.rec.Title+": started", nil)
	}
	v.touch()
	return result{}, false
}

func (v *visit) unwanted(err error, why, where string) (result, bool) {
	if err != nil {
		v.over(soar.StepFailed, where+err.Error())
		return failed(v.rec.Error), true
	}
	v.over(soar.StepSkipped, why)
	return result{status: soar.StepSkipped}, true
}

func takesTime(kind plan.Kind) bool {
	switch kind {
	case plan.KindSet, plan.KindDeclare, plan.KindEscalate, plan.KindClose, plan.KindFail:
		return false
	default:
		return true
	}
}

// preauthorisedBy gives the policy that the condition names, when the incident
// has it. The checker sees to it that the name is a constant.
func preauthorisedBy(source string, names []string) string {
	for _, name := range names {
		if strings.Contains(source, `"`+name+`"`) || strings.Contains(source, `'`+name+`'`) {
			return name
		}
	}
	return ""
}

// arm starts the step's own timeout. A due time that has passed, as it may have
// while nobody was there, counts at once.
func (v *visit) arm() {
	if v.step.Timeout <= 0 {
		return
	}
	if v.rec.Due == nil { // a person lets the step go on: its time starts again
		due := v.m.Now().Add(v.step.Timeout)
		v.rec.Due = &due
	}
	text := fmt.Sprintf("not done within %s", v.step.Timeout)
	due := *v.rec.Due
	if !v.m.Now().Before(due) {
		v.scope.halt(timedOut, text)
		return
	}
	workflow.GoNamed(v.m.ctx, "timeout "+v.rec.Key, func(ctx workflow.Context) {
		gone := func() bool { return v.scope.closed || v.again }
		if WaitUntil(ctx, due, "Timeout of step "+v.rec.Title, gone) {
			v.scope.halt(timedOut, text)
		}
	})
}

// finish gives the record its last status, after taking back what the step did
// when it says so.
func (v *visit) finish(ctx workflow.Context, res result) result {
	if res.stop.is(rewalk) {
		return res
	}
	status, problem := v.outcome(res)
	if status == soar.StepFailed && v.step.OnFailure == plan.OnFailureCompensate {
		if !v.rec.Undoing {
			v.rec.Undoing, v.rec.Error = true, problem
			v.touch()
		}
		if why := v.compensate(ctx); why != nil {
			return halted(why)
		}
	}
	v.over(status, problem)
	if outer := res.stop; outer != nil && outer != v.scope.own && status == soar.StepCancelled {
		return halted(outer)
	}
	return result{status: status, problem: problem}
}

// outcome turns a result into the step's status: what stopped it tells how.
func (v *visit) outcome(res result) (soar.StepStatus, string) {
	ending := v.at.run.Ending
	switch {
	case res.stop == nil:
		return res.status, res.problem
	case res.stop.is(skipped) && res.stop == v.scope.own:
		return soar.StepSkipped, res.stop.text
	case v.rec.Person: // nobody has said yet whether it happened: that must not get lost
		return soar.StepCancelled, res.stop.text + "; " + v.rec.Error
	case res.stop.is(timedOut) && res.stop == v.scope.own:
		return soar.StepFailed, res.stop.text
	case ending != nil && state.Within(ending.Key, v.rec.Key) && ending.Failed:
		return soar.StepFailed, ending.Reason
	case ending != nil && state.Within(ending.Key, v.rec.Key):
		return soar.StepSucceeded, ""
	default:
		return soar.StepCancelled, res.stop.text
	}
}

// clip shortens a text to at most limit runes.
func clip(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}
