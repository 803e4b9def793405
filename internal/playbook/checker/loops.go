package checker

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// RuleJoin: a parallel step waits for more branches than it has.
const RuleJoin = "join"

func (p *pass) parallel(s *ast.Step, here *scope) *scope {
	after := here.clone()
	for _, branch := range s.Parallel.Branches {
		after = after.merge(p.list(branch.Steps, here), here)
	}
	join := s.Parallel.Join
	if number, err := strconv.Atoi(join.Value); err == nil && number > len(s.Parallel.Branches) {
		p.Fault(join.Node, RuleJoin, fmt.Sprintf("join waits for %d branches, but there are %d", number, len(s.Parallel.Branches)), "write all, any, or a smaller number")
	}
	if join.Value == "" || join.Value == "all" {
		return after
	}
	return after.uncertain(here)
}

// forEach checks the body with the loop variable; what ran inside cannot be read
// from outside, save through items.
func (p *pass) forEach(s *ast.Step, here *scope) *scope {
	loop := s.ForEach
	body := here.clone()
	if loop.As.Given() {
		if _, around := here.loops[loop.As.Value]; around {
			p.Fault(loop.As.Node, RuleDuplicate, fmt.Sprintf("the loop around already calls its element %q", loop.As.Value), "choose another name")
		}
		body.loops[loop.As.Value] = p.elementType(loop, here)
	}
	p.expr(loop.List, here, expression.ListOf(expression.Any()))
	after := p.list(loop.Body, body)
	after.hide(here)
	collected := maps.Clone(here.collected) // the list may be empty
	after = after.uncertain(here)
	after.collected = collected
	return after
}

// elementType gives the type of the loop variable, any when the list has faults.
func (p *pass) elementType(loop *ast.ForEach, here *scope) *expression.Type {
	if loop.List == nil {
		return expression.Any()
	}
	program, problems := expression.Compile(loop.List.Source, p.environment(here), nil)
	if len(problems) > 0 || program.Type() == nil || program.Type().Elem == nil {
		return expression.Any()
	}
	return program.Type().Elem
}
