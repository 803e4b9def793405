package checker

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Rules of calls.
const (
	RuleCall  = "unknown_playbook" // calls what does not exist
	RuleCycle = "call_cycle"       // calls that come back to where they started
)

// invocation checks the inputs of one call.
func (p *pass) invocation(s *ast.Step, here *scope) {
	env := p.environment(here)
	target := p.resolve(s.Call.Playbook.Value)
	if target == nil {
		p.anyFields(s.Call.With, env, here)
		return
	}
	schema, types := inputsOf(target)
	var names []string
	for _, input := range target.Inputs {
		names = append(names, input.Name)
		given := slices.ContainsFunc(s.Call.With, func(f ast.Field) bool { return f.Name.Value == input.Name })
		if input.Required && input.Default == nil && !given {
			p.tell(s.Call.Playbook.Node, RuleArgument, fmt.Sprintf("%s needs the input %q", target.Playbook, input.Name), fmt.Sprintf("add it below with: {%s: ...}", input.Name))
		}
	}
	for i := range s.Call.With {
		field := &s.Call.With[i]
		if !slices.Contains(names, field.Name.Value) {
			p.Fault(field.Name.Node, RuleArgument, fmt.Sprintf("%s takes no input %q", target.Playbook, field.Name.Value), hintNames(field.Name.Value, names))
		}
		p.argument(field, types[field.Name.Value], env, here)
		p.literal(field, types[field.Name.Value], schema)
	}
}

func (p *pass) resolve(name string) *plan.Plan {
	if p.called == nil || name == "" {
		return nil
	}
	return p.called(name)
}

// inputsOf gives the schema of a playbook's inputs and their types by name.
func inputsOf(target *plan.Plan) (map[string]any, map[string]*expression.Type) {
	var schema map[string]any
	if json.Unmarshal(target.Schema, &schema) != nil {
		return nil, nil // it was checked when the playbook was published
	}
	t, err := expression.FromJSONSchema(schema)
	if err != nil {
		return schema, nil
	}
	return schema, t.Fields
}

// calls refuses playbooks that do not exist, and circles.
func (p *pass) calls() {
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		if s.Call == nil || !s.Call.Playbook.Given() {
			return
		}
		name := s.Call.Playbook.Value
		if name == p.book.Name.Value {
			p.Fault(s.Call.Playbook.Node, RuleCycle, fmt.Sprintf("%s calls itself", name), "use repeat for what happens several times")
			return
		}
		target := p.resolve(name)
		if target == nil {
			p.Fault(s.Call.Playbook.Node, RuleCall, fmt.Sprintf("there is no playbook %q", name), "publish it first; a called playbook's version is pinned")
			return
		}
		if circle := p.circle(target, []string{name}, map[string]bool{}); circle != nil {
			p.Fault(s.Call.Playbook.Node, RuleCycle, "the calls come back here: "+strings.Join(circle, " calls "), "break the circle")
		}
	})
}

// circle gives the way from target back to this playbook, nil when there is none.
// seen bounds it: playbooks that many others call are looked at once.
func (p *pass) circle(target *plan.Plan, way []string, seen map[string]bool) []string {
	for _, name := range slices.Sorted(maps.Keys(target.Calls)) {
		next := append(slices.Clone(way), name)
		if name == p.book.Name.Value {
			return next
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		if inner := p.resolve(name); inner != nil {
			if found := p.circle(inner, next, seen); found != nil {
				return found
			}
		}
	}
	return nil
}
