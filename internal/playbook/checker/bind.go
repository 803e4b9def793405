package checker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// RuleBind: an approval binds what does not exist, came before, or cannot be known
// when people are asked.
const RuleBind = "bind"

// bindable gives the step that an approval binds, nil when it cannot be bound.
func (p *pass) bindable(asked *ast.Step, target ast.Text) *ast.Step {
	if !target.Given() {
		return nil
	}
	bound, exists := p.byID[target.Value]
	message, hint := "", ""
	switch {
	case !exists:
		message, hint = fmt.Sprintf("there is no step %q to bind", target.Value), diag.DidYouMean(target.Value, slices.Sorted(maps.Keys(p.byID)))
	case p.place[bound] <= p.place[asked]:
		message, hint = fmt.Sprintf("step %q comes before the approval", target.Value), "an approval binds steps that run after it"
	case !p.sameLoops(asked, bound):
		message, hint = fmt.Sprintf("step %q runs in a loop that the approval stands outside of", target.Value), "bind the loop, or ask inside it"
	case p.apart(asked, bound):
		message, hint = fmt.Sprintf("step %q stands in another branch of the switch, so it never runs after this was asked", target.Value), "put the approval into the same branch, or before the switch"
	case asked.ID.Given() && p.beside(asked, bound):
		message, hint = fmt.Sprintf("step %q may run before the approval is answered", target.Value), "put the approval before the parallel step"
	case holds(bound, func(s *ast.Step) bool { return s.Call != nil }):
		message, hint = fmt.Sprintf("step %q calls a playbook, and what that does cannot be bound from here", target.Value), "ask inside the called playbook"
	case !holds(bound, p.writes):
		p.warn(target.Node, RuleBind, fmt.Sprintf("step %q changes nothing, so there is nothing to bind", target.Value), "remove it from bind")
		return nil
	}
	if message != "" {
		p.Fault(target.Node, RuleBind, message, hint)
		return nil
	}
	return bound
}

// sameLoops tells whether the approval stands inside every loop that runs the bound
// step; only then one instance of the step is meant.
func (p *pass) sameLoops(asked, bound *ast.Step) bool {
	inside := p.holders[asked]
	for _, holder := range p.holders[bound] {
		if (holder.ForEach != nil || holder.Repeat != nil) && !slices.Contains(inside, holder) {
			return false
		}
	}
	return true
}

// apart tells whether two steps stand in different branches of one switch.
func (p *pass) apart(a, b *ast.Step) bool {
	for _, holder := range p.holders[a] {
		if holder.Switch == nil || !slices.Contains(p.holders[b], holder) {
			continue
		}
		for _, branch := range holder.Switch {
			if within(branch.Steps, a) != within(branch.Steps, b) {
				return true
			}
		}
	}
	return false
}

func within(steps []*ast.Step, wanted *ast.Step) bool {
	return slices.ContainsFunc(steps, func(s *ast.Step) bool { return holds(s, func(inner *ast.Step) bool { return inner == wanted }) })
}

// beside tells whether the bound step does not wait for the approval.
func (p *pass) beside(asked, bound *ast.Step) bool {
	here := p.scopes[bound]
	if here == nil {
		return false
	}
	one, visible := here.steps[asked.ID.Value]
	return !visible || one.hidden
}

func holds(s *ast.Step, is func(*ast.Step) bool) bool {
	found := false
	ast.Walk([]*ast.Step{s}, func(inner *ast.Step) { found = found || is(inner) })
	return found
}

func (p *pass) writes(s *ast.Step) bool {
	if s.Action == nil {
		return false
	}
	described := p.action(s.Action)
	return described == nil || described.Risk.Writes()
}

// knownWhenAsked checks that the arguments that people approve cannot change after
// they were asked.
func (p *pass) knownWhenAsked(asked *ast.Step, target ast.Text, bound *ast.Step) {
	ast.Walk([]*ast.Step{bound}, func(inner *ast.Step) {
		for _, e := range p.resolved(inner) {
			if what := p.unknown(e, asked, bound); what != "" {
				p.Report(e.At(0), len([]rune(e.Source)), RuleBind, fmt.Sprintf("the approval binds %q, but this argument reads %s", target.Value, what),
					"read it from a step before the approval, or leave this step out of bind")
			}
		}
	})
}

// resolved gives the expressions that the digest of an approval rests on: the
// arguments of what changes the world, and the lists of loops around it.
func (p *pass) resolved(s *ast.Step) []*ast.Expr {
	var found []*ast.Expr
	if s.Action != nil && p.writes(s) {
		for i := range s.Action.With {
			found = append(found, s.Action.With[i].Value.Exprs()...)
		}
	}
	if s.ForEach != nil && s.ForEach.List != nil && holds(s, p.writes) {
		found = append(found, s.ForEach.List)
	}
	return found
}

// unknown names what an expression reads and nobody can know when people are asked.
func (p *pass) unknown(e *ast.Expr, asked, bound *ast.Step) string {
	for _, path := range references(e) {
		switch {
		case path[0] == "now":
			return "now, which is another when the step runs"
		case len(path) < 2:
		case path[0] == "steps":
			if later := p.byID[path[1]]; later != nil && p.place[later] >= p.place[asked] {
				return fmt.Sprintf("step %q, which runs after people were asked", path[1])
			}
		case path[0] == "vars" && p.setBetween(path[1], asked, bound):
			return fmt.Sprintf("vars.%s, which is set after people were asked", path[1])
		}
	}
	return ""
}

// setBetween tells whether a variable gets a value after the approval and before the
// bound step has ended.
func (p *pass) setBetween(name string, asked, bound *ast.Step) bool {
	last := p.place[bound]
	ast.Walk([]*ast.Step{bound}, func(s *ast.Step) { last = max(last, p.place[s]) })
	found := false
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		if s.Kind != plan.KindSet || p.place[s] <= p.place[asked] || p.place[s] > last {
			return
		}
		found = found || slices.ContainsFunc(s.Set, func(f ast.Field) bool { return f.Name.Value == name })
	})
	return found
}

// references gives the member paths that an expression reads; none when it has faults,
// which are told where it stands.
func references(e *ast.Expr) [][]string {
	if e == nil {
		return nil
	}
	program, err := expression.NewCache(1).Program(e.Source)
	if err != nil {
		return nil
	}
	return program.References()
}
