package interpreter

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// wait pauses for a time, until a condition holds, or until an event comes.
func (v *visit) wait(ctx workflow.Context) result {
	w := v.step.Wait
	switch {
	case w.Until != nil:
		return v.waitUntil(ctx)
	case w.Event != "":
		return v.waitEvent(ctx)
	default:
		due := v.wakeIn(w.For)
		if _, why := v.scope.awaitUntil(ctx, due, "Wait: "+v.rec.Title, never); why != nil {
			return halted(why)
		}
		return succeeded()
	}
}

// wakeIn gives the absolute end of a pause, fixed when it began.
func (v *visit) wakeIn(d time.Duration) time.Time {
	if v.rec.Wake == nil {
		wake := v.m.Now().Add(d)
		v.rec.Wake = &wake
	}
	return *v.rec.Wake
}

// awaitOr waits for cond, at most for the step's own wait timeout.
func (v *visit) awaitOr(ctx workflow.Context, cond func() bool) (late bool, why *stop) {
	timeout := v.step.Wait.Timeout
	if timeout <= 0 {
		return false, v.scope.await(ctx, cond)
	}
	due := v.wakeIn(timeout)
	return v.scope.awaitUntil(ctx, due, "Wait: "+v.rec.Title+" - until "+soar.Minute(due), cond)
}

// waitUntil looks at the condition whenever something in the incident changed,
// and not otherwise: the clock alone does not make it look.
func (v *visit) waitUntil(ctx workflow.Context) result {
	for {
		holds, err := v.m.holds(*v.step.Wait.Until, v.vars())
		if err != nil {
			return failed("until: " + err.Error())
		}
		if holds {
			return succeeded()
		}
		seen := v.m.Changes()
		late, why := v.awaitOr(ctx, func() bool { return v.m.Changes() != seen })
		if why != nil {
			return halted(why)
		}
		if late {
			return failed(fmt.Sprintf("still not so after %s", v.step.Wait.Timeout))
		}
	}
}

// waitEvent takes the oldest event of its name that came since the run started
// and that no step of the run has taken.
func (v *visit) waitEvent(ctx workflow.Context) result {
	name, run := v.step.Wait.Event, v.at.run
	late, why := v.awaitOr(ctx, func() bool { return v.m.Case.HasEvent(run, name) })
	if why != nil {
		return halted(why)
	}
	if late {
		return failed(fmt.Sprintf("event %s did not come within %s", name, v.step.Wait.Timeout))
	}
	event := v.m.Case.TakeEvent(run, name)
	v.keepOutput(plainMap(map[string]any{
		"name": event.Name, "data": event.Data, "by": event.By.String(), "at": event.At.Format(time.RFC3339),
	}))
	return succeeded()
}
