package checker

import (
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// RuleWaitForever: a wait has no end.
const RuleWaitForever = "wait_without_timeout"

// leaf checks a step that holds no steps.
func (p *pass) leaf(s *ast.Step, here *scope) {
	switch s.Kind {
	case plan.KindAction:
		p.call(s, here)
	case plan.KindApproval:
		p.text(s.Approval.Title, here)
		p.people(s.Approval.Approvers, s.Approval.Escalate, here)
	case plan.KindTask:
		p.text(s.Task.Title, here)
		p.people([]ast.Who{s.Task.Assignee}, s.Task.Escalate, here)
		p.form(s.Task.Form)
	case plan.KindWait:
		p.wait(s, here)
	case plan.KindCall:
		p.invocation(s, here)
	case plan.KindEscalate:
		p.text(s.Escalate.Reason, here)
	case plan.KindDeclare:
		p.declare(s, here)
	case plan.KindClose, plan.KindFail:
		p.text(s.End.Reason, here)
	}
}

func (p *pass) people(who []ast.Who, later []ast.After, here *scope) {
	for _, one := range who {
		p.text(one.Person, here)
	}
	for _, one := range later {
		p.text(one.To.Person, here)
	}
}

func (p *pass) wait(s *ast.Step, here *scope) {
	p.condition(s.Wait.Until, here)
	if s.Wait.Node.Get("for") == nil && s.Wait.Node.Get("timeout") == nil && s.Node.Get("timeout") == nil {
		p.warn(s.Key, RuleWaitForever, "this wait may never end", "add a timeout")
	}
}

// declare checks that what an expression gives is a word of the field.
func (p *pass) declare(s *ast.Step, here *scope) {
	shape := grammar.Declare()
	env := p.environment(here)
	for i := range s.Declare {
		field := &s.Declare[i]
		key := shape.Find(field.Name.Value)
		if key == nil || key.Form == grammar.Values || field.Value.Kind != ast.Whole {
			p.valueType(&field.Value, env, here)
			continue
		}
		want := expression.Text()
		if len(key.Words) > 0 {
			want = expression.EnumOf(key.Words...)
		}
		p.check(field.Value.Expr, env, here, want)
	}
}
