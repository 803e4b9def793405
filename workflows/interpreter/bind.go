package interpreter

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const maxBound = 256 // actions under one approval

// binder collects the writing actions below the bound steps with their
// arguments as they are now. Conditions are not looked at: a person approves the
// most that may run, and what does not run harms nobody. Arguments that cannot
// be known yet make the request fail, never an approval of something else.
type binder struct {
	m     *Machine
	again bool // what is settled or done is taken as it is
	bound []soar.BoundAction
	shown []soar.ShownAction // bound for people
	why   string             // title of the bound step
}

func (v *visit) bind(ids []string) ([]soar.BoundAction, []soar.ShownAction, error) {
	b := &binder{m: v.m, again: v.former != nil}
	for _, id := range ids {
		n := v.at.lay.byID[id]
		if n == nil || !v.at.sees(n.step) {
			return nil, nil, fmt.Errorf("step %s is not one that can be bound from here", id)
		}
		b.why = clip(b.m.textOf(n.step.Title, v.vars(), ""), maxTitle)
		if err := b.steps([]*plan.Step{n.step}, v.at); err != nil {
			return nil, nil, err
		}
	}
	return b.bound, b.shown, nil
}

func (b *binder) steps(steps []*plan.Step, at *place) error {
	for _, s := range steps {
		if err := b.step(s, at); err != nil {
			return fmt.Errorf("step %s: %w", s.ID, err)
		}
	}
	return nil
}

func (b *binder) step(s *plan.Step, at *place) error {
	switch s.Kind {
	case plan.KindAction:
		return b.action(s, at)
	case plan.KindForEach:
		return b.loop(s, at)
	case plan.KindRepeat:
		return b.turns(s, at, make([]any, s.Repeat.MaxTimes), s.Repeat.Body)
	case plan.KindCall:
		return fmt.Errorf("what a called playbook does cannot be bound; ask for the approval inside it")
	}
	for _, children := range s.Children() {
		if err := b.steps(children, at); err != nil {
			return err
		}
	}
	return nil
}

func (b *binder) action(s *plan.Step, at *place) error {
	if !writes(s) {
		return nil
	}
	args, open := b.bindable(s, at)
	if !open {
		return nil
	}
	var err error
	if args == nil {
		args, err = b.m.fields(s.Action.With, b.m.vars(at))
	}
	if err != nil {
		return fmt.Errorf("its arguments cannot be known before it runs: %w", err)
	}
	if len(b.bound) == maxBound {
		return fmt.Errorf("more than %d actions under one approval", maxBound)
	}
	b.bound = append(b.bound, soar.BoundAction{StepPath: at.key(s), Action: s.Action.Ref(), Args: args})
	b.shown = append(b.shown, b.show(s, at, args))
	return nil
}

// show says for people what binding the action means.
func (b *binder) show(s *plan.Step, at *place, args map[string]any) soar.ShownAction {
	a := s.Action
	shown := soar.ShownAction{
		StepPath: at.key(s), Action: a.Ref(), Risk: soar.Risk(a.Risk), ExpiresIn: a.ExpiresIn,
		Title: clip(b.m.textOf(s.Title, b.m.vars(at), a.Ref()), maxTitle),
	}
	if target, err := targetOf(s, args); err == nil {
		shown.Target = clip(target, maxTitle)
	}
	if a.Undo != nil {
		shown.Undo = a.Undo.Ref()
	}
	if shown.Why = b.why; shown.Why == "" || shown.Why == shown.Title {
		shown.Why = clip(b.m.Case.Incident.Title, maxTitle)
	}
	return shown
}

func (b *binder) loop(s *plan.Step, at *place) error {
	value, err := b.m.eval(s.ForEach.List, b.m.vars(at))
	if err != nil {
		return fmt.Errorf("its list cannot be known before it runs: %w", err)
	}
	list, ok := value.([]any)
	if !ok && value != nil {
		return fmt.Errorf("its list is not a list")
	}
	return b.turns(s, at, list, s.ForEach.Body)
}

func (b *binder) turns(s *plan.Step, at *place, items []any, body []*plan.Step) error {
	for i, item := range items {
		inner := at.in(turn{loop: s, key: state.Indexed(at.key(s), i), index: i, item: plain(item)})
		if err := b.steps(body, inner); err != nil {
			return err
		}
		if len(b.bound) == 0 && !b.again { // nothing that writes below: the other turns bind nothing either
			return nil
		}
	}
	return nil
}
