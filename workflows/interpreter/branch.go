package interpreter

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// choose carries out the first branch of a switch whose condition holds. The
// choice is kept: going on later does not decide again.
func (v *visit) choose(ctx workflow.Context) result {
	if v.rec.Branch == nil {
		chosen, err := v.decide()
		if err != nil {
			return failed("when: " + err.Error())
		}
		v.rec.Branch = &chosen
		v.touch()
	}
	if *v.rec.Branch < 0 {
		return succeeded()
	}
	return v.list(ctx, v.scope, v.step.Switch[*v.rec.Branch].Steps, v.at)
}

func (v *visit) decide() (int, error) {
	vars := v.vars()
	for i, branch := range v.step.Switch {
		if branch.When == nil {
			return i, nil
		}
		holds, err := v.m.holds(*branch.When, vars)
		if err != nil {
			return 0, err
		}
		if holds {
			return i, nil
		}
	}
	return -1, nil
}

// arm is one branch of a parallel step.
type arm struct {
	name  string
	scope *scope
	res   result
	done  bool
}

// parallel carries out the branches side by side. Once enough have succeeded
// the others are told to stop; once too few can, they are when on_error says
// cancel. That they were told is kept, so that going on later tells them again.
func (v *visit) parallel(ctx workflow.Context) result {
	arms := make([]*arm, len(v.step.Parallel.Branches))
	for i, branch := range v.step.Parallel.Branches {
		one := &arm{name: branch.Name, scope: v.scope.child()}
		arms[i] = one
		if v.rec.Stopped {
			one.scope.halt(cancelled, "the other branches decided")
		}
		workflow.GoNamed(ctx, v.rec.Key+"/"+branch.Name, func(ctx workflow.Context) {
			one.res = v.list(ctx, one.scope, branch.Steps, v.at)
			one.done = true
		})
	}
	for ended := 0; ended < len(arms); {
		block(ctx, func() bool { return countDone(arms) > ended })
		ended = countDone(arms)
		if !v.rec.Stopped && v.settled(arms) {
			v.rec.Stopped = true
			for _, one := range arms {
				if !one.done {
					one.scope.halt(cancelled, "the other branches decided")
				}
			}
		}
	}
	return v.joined(arms)
}

func countDone(arms []*arm) int {
	done := 0
	for _, one := range arms {
		if one.done {
			done++
		}
	}
	return done
}

// needed is how many branches must succeed.
func (v *visit) needed() int {
	if join := v.step.Parallel.Join; join > 0 && join < len(v.step.Parallel.Branches) {
		return join
	}
	return len(v.step.Parallel.Branches)
}

// settled tells whether the branches still running are not to go on.
func (v *visit) settled(arms []*arm) bool {
	good, bad := 0, 0
	for _, one := range arms {
		switch {
		case one.done && one.res.bad():
			bad++
		case one.done:
			good++
		}
	}
	return good >= v.needed() || v.step.Parallel.OnError == "cancel" && len(arms)-bad < v.needed()
}

// joined sums the branches up. Those that were stopped because of the others do
// not count as failures.
func (v *visit) joined(arms []*arm) result {
	if why := v.scope.stopped(); why != nil {
		return halted(why)
	}
	good, problem := 0, ""
	for _, one := range arms {
		switch {
		case !one.res.bad():
			good++
		case one.res.status == soar.StepFailed && problem == "":
			problem = "branch " + one.name + ": " + one.res.problem
		}
	}
	if good >= v.needed() {
		return succeeded()
	}
	if problem == "" {
		problem = "too few branches succeeded"
	}
	return failed(problem)
}
