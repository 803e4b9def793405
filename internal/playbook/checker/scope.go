package checker

import (
	"fmt"
	"maps"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// scope is what an expression at one place of the playbook may read.
type scope struct {
	steps     map[string]seen
	vars      map[string]*expression.Type
	loops     map[string]*expression.Type // loop variables around
	collected map[string]bool             // targets of which evidence was collected, see targetText
}

// seen is a step that comes before.
type seen struct {
	step   *ast.Step
	blank  bool             // it may not have done its work: read .output?.score
	hidden bool             // it ran in a loop, several times
	elem   *expression.Type // of a loop's list
}

func newScope() *scope {
	return &scope{
		steps: map[string]seen{}, vars: map[string]*expression.Type{}, loops: map[string]*expression.Type{}, collected: map[string]bool{},
	}
}

func (s *scope) clone() *scope {
	return &scope{steps: maps.Clone(s.steps), vars: maps.Clone(s.vars), loops: maps.Clone(s.loops), collected: maps.Clone(s.collected)}
}

// uncertain gives a scope in which what was added since base may not have happened.
// The status of such a step can be read all the same: it is "pending".
func (s *scope) uncertain(base *scope) *scope {
	out := s.clone()
	for id, one := range out.steps {
		if _, before := base.steps[id]; !before {
			one.blank = true
			out.steps[id] = one
		}
	}
	for name, t := range out.vars {
		if old, before := base.vars[name]; before {
			out.vars[name] = either(old, t)
		} else {
			out.vars[name] = expression.Optional(t)
		}
	}
	return out
}

// either gives a type for a value that is of one type or of the other.
func either(a, b *expression.Type) *expression.Type {
	if a == nil || b == nil || a == b {
		return b
	}
	both := expression.Any()
	if a.Kind == b.Kind && a.Kind != expression.KindList && a.Kind != expression.KindObject {
		both = &expression.Type{Kind: a.Kind} // without the fixed words of the two
	}
	if a.Maybe || b.Maybe {
		return expression.Optional(both)
	}
	return both
}

// hide marks what was added since base as having run inside a loop.
func (s *scope) hide(base *scope) {
	for id, one := range s.steps {
		if _, before := base.steps[id]; !before {
			one.hidden = true
			s.steps[id] = one
		}
	}
	maps.DeleteFunc(s.loops, func(name string, _ *expression.Type) bool { return base.loops[name] == nil })
}

// environment gives the names and types at this place.
func (p *pass) environment(s *scope) expression.Environment {
	env := fixed()
	env["vars"] = expression.ObjectOf(s.vars)
	env["input"] = p.input
	steps := map[string]*expression.Type{}
	for id, one := range s.steps {
		if one.hidden {
			continue
		}
		steps[id] = p.stepType(one.step, one.blank, one.elem)
	}
	env["steps"] = expression.ObjectOf(steps)
	maps.Copy(env, s.loops)
	return env
}

// notHere explains why a step that exists cannot be read at this place; "" when
// there is no such step.
func (p *pass) notHere(id string, s *scope) (message, hint string) {
	step, exists := p.byID[id]
	switch {
	case !exists:
		return "", ""
	case s.steps[id].hidden:
		return fmt.Sprintf("step %q ran inside a loop, several times", id), "read the items of a for_each, or name a value with set"
	default:
		return fmt.Sprintf("step %q has not run here", id), fmt.Sprintf("it stands at line %d; only steps that come before may be read", step.ID.Node.Pos.Line)
	}
}

// list checks steps in the order they run and gives the scope after them.
func (p *pass) list(steps []*ast.Step, before *scope) *scope {
	now := before.clone()
	for _, step := range steps {
		here := now
		if step.Always { // whatever stands before it in this list may have failed
			here = now.uncertain(before)
		}
		after := p.step(step, here)
		if step.Always {
			after = now.merge(after, here)
		}
		now = after
	}
	return now
}

// merge adds what other has and s lacks. base is where other began: a variable that
// other left alone stays what it is in s.
func (s *scope) merge(other, base *scope) *scope {
	out := s.clone()
	for id, one := range other.steps {
		if _, known := out.steps[id]; !known {
			out.steps[id] = one
		}
	}
	for name, t := range other.vars {
		mine, known := out.vars[name]
		switch before := base.vars[name]; {
		case known && t == before:
		case !known || mine == before:
			out.vars[name] = t
		default:
			out.vars[name] = either(mine, t)
		}
	}
	maps.Copy(out.collected, other.collected)
	return out
}

// step checks one step and gives the scope after it.
func (p *pass) step(s *ast.Step, here *scope) *scope {
	p.scopes[s] = here
	if !whole(s) {
		return here.clone() // told by the parser
	}
	p.condition(s.When, here)
	p.condition(s.SkipWhen, here)
	p.text(s.Title, here)
	after := p.inside(s, here)
	conditional := s.When != nil || s.SkipWhen != nil
	lax := s.OnFailure.Value == string(plan.OnFailureContinue)
	if conditional || lax {
		after = after.uncertain(here)
	}
	if s.ID.Given() {
		one := seen{step: s, blank: conditional || lax}
		if s.ForEach != nil {
			one.elem = p.elementType(s.ForEach, here)
		}
		after.steps[s.ID.Value] = one
	}
	return after
}

// inside checks what belongs to the kind and gives the scope after the steps that
// it holds.
func (p *pass) inside(s *ast.Step, here *scope) *scope {
	switch s.Kind {
	case plan.KindSteps:
		return p.list(s.Steps, here)
	case plan.KindSwitch:
		return p.branches(s, here)
	case plan.KindParallel:
		return p.parallel(s, here)
	case plan.KindForEach:
		return p.forEach(s, here)
	case plan.KindRepeat:
		after := p.list(s.Repeat.Steps, here)
		p.condition(s.Repeat.Until, after)
		after.hide(here)
		return after
	case plan.KindSet:
		return p.set(s, here)
	default:
		p.leaf(s, here)
		return p.collect(s, here)
	}
}

func (p *pass) branches(s *ast.Step, here *scope) *scope {
	after := here.clone()
	for _, branch := range s.Switch {
		p.condition(branch.When, here)
		after = after.merge(p.list(branch.Steps, here).uncertain(here), here)
	}
	after.collected = maps.Clone(here.collected) // only one branch runs
	return after
}

// set checks values one after the other: a later one may read an earlier one.
func (p *pass) set(s *ast.Step, here *scope) *scope {
	after := here.clone()
	for i := range s.Set {
		after.vars[s.Set[i].Name.Value] = p.valueType(&s.Set[i].Value, p.environment(after), here)
	}
	return after
}

// whole tells whether the parser could read what belongs to the kind.
func whole(s *ast.Step) bool {
	switch s.Kind {
	case plan.KindAction:
		return s.Action != nil
	case plan.KindSwitch:
		return s.Switch != nil
	case plan.KindParallel:
		return s.Parallel != nil
	case plan.KindForEach:
		return s.ForEach != nil
	case plan.KindRepeat:
		return s.Repeat != nil
	case plan.KindApproval:
		return s.Approval != nil
	case plan.KindTask:
		return s.Task != nil
	case plan.KindWait:
		return s.Wait != nil
	case plan.KindCall:
		return s.Call != nil
	case plan.KindEscalate:
		return s.Escalate != nil
	case plan.KindClose, plan.KindFail:
		return s.End != nil
	default:
		return s.Kind != ""
	}
}
