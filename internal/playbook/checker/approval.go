package checker

import (
	"fmt"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
)

// Rules of approvals.
const (
	RuleQuorum   = "quorum"           // more people than can answer
	RuleOnExpire = "on_expire"        // escalates to nobody
	RuleIgnored  = "approval_ignored" // a warning: what is bound runs whatever people answer
)

// approvals checks each request for approval.
func (p *pass) approvals() {
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		if s.Approval == nil {
			return
		}
		p.quorum(s.Approval)
		p.onExpire(s.Approval)
		for _, target := range s.Approval.Bind {
			if bound := p.bindable(s, target); bound != nil {
				p.knownWhenAsked(s, target, bound)
				p.obeyed(s, target, bound)
			}
		}
	})
}

// quorum cannot be larger than the number of people who may answer, where that is
// known: named persons only.
func (p *pass) quorum(a *ast.Approval) {
	people := map[string]bool{}
	for _, who := range a.Approvers {
		if who.Person == nil || !who.Person.Fixed() {
			return // a role, or somebody who is known later
		}
		people[fmt.Sprint(who.Person.Literal)] = true
	}
	if len(people) > 0 && a.Quorum.Given() && a.Quorum.Int() > len(people) {
		p.Fault(a.Quorum.Node, RuleQuorum, fmt.Sprintf("quorum asks for %d people, but only %d may answer", a.Quorum.Int(), len(people)), "name more approvers, or a role")
	}
}

func (p *pass) onExpire(a *ast.Approval) {
	if a.OnExpire.Value == "escalate" && len(a.Escalate) == 0 {
		p.Fault(a.OnExpire.Node, RuleOnExpire, "on_expire: escalate has nobody to escalate to", "add escalate: [{after: ..., to: {role: ...}}]")
	}
}

// obeyed warns when a bound step does not look at the answer. It is refused then when
// people said no, and the run fails where it could have gone on.
func (p *pass) obeyed(asked *ast.Step, target ast.Text, bound *ast.Step) {
	id := asked.ID.Value
	if id == "" {
		p.warn(asked.Key, RuleIgnored, fmt.Sprintf("the approval has no id, so %q cannot look at the answer: when people say no it fails", target.Value), "give it an id")
		return
	}
	for _, s := range append(slices.Clone(p.holders[bound]), bound) {
		if reads(s.When, id) || reads(s.SkipWhen, id) {
			return
		}
		for _, branch := range s.Switch {
			if reads(branch.When, id) {
				return
			}
		}
	}
	want := fmt.Sprintf(`when: steps.%s.status == "approved"`, id)
	if asked.SkipWhen != nil {
		want = fmt.Sprintf(`when: steps.%s.status in ["approved", "skipped"]`, id)
	}
	p.warn(bound.ID.Node, RuleIgnored, fmt.Sprintf("%q does not look at the answer of %q: when people say no it fails", target.Value, id), "add "+want)
}

// reads tells whether a condition reads this step.
func reads(e *ast.Expr, id string) bool {
	for _, path := range references(e) {
		if len(path) > 1 && path[0] == "steps" && path[1] == id {
			return true
		}
	}
	return false
}
