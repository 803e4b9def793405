package interpreter

import (
	"encoding/json"
	"fmt"
	"strings"

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
	bound []soar.BoundAction
}

func (v *visit) bind(ids []string) ([]soar.BoundAction, error) {
	b := &binder{m: v.m}
	for _, id := range ids {
		n := v.at.lay.byID[id]
		if n == nil || !v.at.sees(n.step) {
			return nil, fmt.Errorf("step %s is not one that can be bound from here", id)
		}
		if err := b.steps([]*plan.Step{n.step}, v.at); err != nil {
			return nil, err
		}
	}
	return b.bound, nil
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
	args, err := b.m.fields(s.Action.With, b.m.vars(at))
	if err != nil {
		return fmt.Errorf("its arguments cannot be known before it runs: %w", err)
	}
	if len(b.bound) == maxBound {
		return fmt.Errorf("more than %d actions under one approval", maxBound)
	}
	b.bound = append(b.bound, soar.BoundAction{StepPath: at.key(s), Action: s.Action.Ref(), Args: args})
	return nil
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
		if len(b.bound) == 0 { // nothing that writes below: the other turns bind nothing either
			return nil
		}
	}
	return nil
}

// question is the text that approvers read. Values come from alerts: they are
// quoted as JSON, one action a line.
func (v *visit) question(asked *state.Approval) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\nIncident %s, playbook %s %s. Expires %s.\n", asked.Title, asked.IncidentID,
		v.at.run.Pin.Playbook, v.at.run.Pin.Version, asked.ExpiresAt.Format("2006-01-02 15:04 UTC"))
	for i, action := range asked.Bound {
		if i == 20 {
			fmt.Fprintf(&out, "and %d more\n", len(asked.Bound)-i)
			break
		}
		args, err := json.Marshal(action.Args)
		if err != nil {
			args = []byte("{}")
		}
		fmt.Fprintf(&out, "- %s %s\n", action.Action, clip(string(args), 300))
	}
	return out.String()
}
