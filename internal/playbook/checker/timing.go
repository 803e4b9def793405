package checker

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
)

// RuleTiming: two times of one step do not go together. What can never work is an
// error, what never happens a warning.
const RuleTiming = "timing"

// timing compares the times that one step states.
func (p *pass) timing() {
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		switch {
		case s.Action != nil:
			p.actionTimes(s.Action)
		case s.Approval != nil:
			p.approvalTimes(s)
		case s.Wait != nil:
			p.shorter(s.Timeout, s.Wait.For, "the step fails before this pause is over")
			p.shorter(s.Timeout, s.Wait.Timeout, "the step fails before this timeout")
		}
	})
}

func (p *pass) actionTimes(a *ast.Action) {
	if a.Total.Node != nil && a.Attempt.Value > a.Total.Value {
		p.Fault(a.Attempt.Node, RuleTiming, "one attempt may take longer than all of them together", "make total longer, or attempt shorter")
	}
	if r := a.Retry; r != nil && r.Maximum.Node != nil && r.Initial.Value > r.Maximum.Value {
		p.Fault(r.Initial.Node, RuleTiming, "the first pause is longer than the longest", "make maximum longer, or initial shorter")
	}
}

func (p *pass) approvalTimes(s *ast.Step) {
	a := s.Approval
	if a.ExpiresIn.Node == nil {
		return
	}
	p.shorter(s.Timeout, a.ExpiresIn, "the step fails before the request expires")
	stands := "the request stands for " + strictyaml.FormatDuration(a.ExpiresIn.Value)
	if a.RemindEvery.Node != nil && a.RemindEvery.Value >= a.ExpiresIn.Value {
		p.warn(a.RemindEvery.Node, RuleTiming, "nobody is ever reminded: "+stands, "remind sooner, or remove it")
	}
	if a.OnExpire.Value == "escalate" {
		return // those who were not asked yet are asked then
	}
	for _, later := range a.Escalate {
		if later.After.Node != nil && later.After.Value >= a.ExpiresIn.Value {
			p.warn(later.After.Node, RuleTiming, "this never happens: "+stands, "escalate sooner, or write on_expire: escalate")
		}
	}
}

// shorter refuses a time that the step's own timeout cuts off.
func (p *pass) shorter(timeout, than ast.Span, message string) {
	if timeout.Node == nil || than.Node == nil || timeout.Value > than.Value {
		return
	}
	p.Fault(than.Node, RuleTiming, message, fmt.Sprintf("its timeout is %s; make that longer, or remove it", strictyaml.FormatDuration(timeout.Value)))
}
