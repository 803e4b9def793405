package interpreter

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const defaultWindow = 50 // iterations in flight in one loop

// forEach carries out the body for each element, so many at a time. Every
// element gets its turn even when another fails; the loop fails at the end.
func (v *visit) forEach(ctx workflow.Context) result {
	if !v.rec.Listed {
		if problem := v.resolveList(); problem != "" {
			return failed(problem)
		}
	}
	window := v.window()
	started, ended := 0, 0
	for next := 0; ; {
		for ; next < len(v.rec.Items) && started-ended < window; next++ {
			if v.rec.Items[next].Status != "" || v.scope.stopped() != nil && !v.at.run.Reached(state.Indexed(v.rec.Key, next)) {
				continue // its turn ended before, or is not to begin any more
			}
			started++
			index := next
			workflow.GoNamed(ctx, state.Indexed(v.rec.Key, index), func(ctx workflow.Context) {
				v.turn(ctx, index)
				ended++
			})
		}
		if started == ended {
			break
		}
		before := ended
		block(ctx, func() bool { return ended > before })
	}
	return v.looped()
}

func (v *visit) window() int {
	window := v.m.Case.Settings.ForEachWindow
	if window <= 0 {
		window = defaultWindow
	}
	return max(1, min(window, v.step.ForEach.MaxParallel))
}

// resolveList evaluates the list once.
func (v *visit) resolveList() string {
	value, err := v.m.eval(v.step.ForEach.List, v.vars())
	if err != nil {
		return "for_each: " + err.Error()
	}
	list, ok := value.([]any)
	switch {
	case !ok && value != nil:
		return "for_each: the expression must give a list that is small enough to be read here"
	case v.step.ForEach.MaxItems > 0 && len(list) > v.step.ForEach.MaxItems:
		return fmt.Sprintf("for_each: the list has %d elements, at most %d are allowed", len(list), v.step.ForEach.MaxItems)
	case size(list) > maxList:
		return fmt.Sprintf("for_each: the list is larger than %d bytes", maxList)
	}
	v.rec.List, v.rec.Listed = list, true
	v.rec.Items = make([]state.Item, len(list))
	return ""
}

// turn carries out the body for one element.
func (v *visit) turn(ctx workflow.Context, index int) {
	inner := v.at.in(turn{
		loop: v.step, key: state.Indexed(v.rec.Key, index), index: index, item: plain(v.rec.List[index]),
	})
	res := v.list(ctx, v.scope, v.step.ForEach.Body, inner)
	if res.stop.is(rewalk) {
		return
	}
	item := &v.rec.Items[index]
	item.Status, item.Error = res.status, res.problem
	item.Value = v.itemValue(inner, *item)
}

// itemValue is what expressions see of a turn as steps.<loop>.items[i].
func (v *visit) itemValue(inner *place, item state.Item) map[string]any {
	value := map[string]any{
		"status": string(item.Status), "error": item.Error, "index": inner.turns[len(inner.turns)-1].index,
	}
	if !v.at.lay.outputs.Kept(v.step.ID) {
		return value
	}
	value["item"] = inner.turns[len(inner.turns)-1].item
	body := v.step.ForEach.Body
	if v.step.ForEach.Single && len(body) == 1 {
		if rec := inner.record(body[0]); rec != nil {
			value["output"] = plain(rec.Output)
		}
		return value
	}
	steps := map[string]any{}
	plan.Walk(body, func(s *plan.Step) bool {
		if inner.sees(s) {
			steps[s.ID] = v.m.stepValue(s, inner.record(s))
		}
		return true
	})
	value["steps"] = steps
	return value
}

// looped sums the turns up.
func (v *visit) looped() result {
	if why := v.scope.stopped(); why != nil {
		return halted(why)
	}
	bad, problem := 0, ""
	for _, item := range v.rec.Items {
		if item.Status == soar.StepFailed || item.Status == soar.StepCancelled {
			bad++
			if problem == "" {
				problem = item.Error
			}
		}
	}
	if bad > 0 {
		return failed(fmt.Sprintf("%d of %d failed: %s", bad, len(v.rec.Items), problem))
	}
	v.m.Case.Compact(v.at.run, v.rec)
	return succeeded()
}

// repeat carries out the body until its condition holds, at most so often.
func (v *visit) repeat(ctx workflow.Context) result {
	r := v.step.Repeat
	if v.rec.Times-v.rec.From >= r.MaxTimes { // a person tries it again: it gets all its turns once more
		v.rec.From = v.rec.Times
	}
	for {
		if v.rec.Wake != nil {
			if _, why := v.scope.awaitUntil(ctx, *v.rec.Wake, "Next turn of "+v.rec.Title, never); why != nil {
				return halted(why)
			}
			v.rec.Wake = nil
		}
		inner := v.at.in(turn{loop: v.step, key: state.Indexed(v.rec.Key, v.rec.Times), index: v.rec.Times})
		if res := v.list(ctx, v.scope, r.Body, inner); res.bad() {
			return res
		}
		v.rec.Times++
		enough, err := v.m.holds(r.Until, v.m.vars(inner))
		switch {
		case err != nil:
			return failed("until: " + err.Error())
		case enough:
			v.rec.Output = map[string]any{"times": v.rec.Times}
			v.m.Case.Compact(v.at.run, v.rec)
			return succeeded()
		case v.rec.Times-v.rec.From >= r.MaxTimes:
			return failed(fmt.Sprintf("still not so after %s", state.Plural(v.rec.Times, "turn")))
		}
		if r.Every > 0 {
			wake := v.m.Now().Add(r.Every)
			v.rec.Wake = &wake
		}
		v.m.Case.Forget(v.at.run, inner.turns[len(inner.turns)-1].key)
		v.touch()
	}
}

func never() bool { return false }
