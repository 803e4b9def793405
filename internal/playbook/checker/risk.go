package checker

import (
	"fmt"
	"slices"
	"strings"

	exprast "github.com/expr-lang/expr/ast"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// RuleApproval: something risky runs and nobody is asked.
const RuleApproval = "approval_before_risk"

// risks demands that somebody is asked before every destruction, every change of a
// protected class, and everything that nothing takes back. Only a named policy may
// stand in for people, in skip_when of the approval: the guard asks for its name.
func (p *pass) risks() {
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		if s.Action == nil {
			return
		}
		why := p.why(s.Action)
		if why == "" {
			return
		}
		asked := p.binders(s)
		if len(asked) == 0 {
			p.tell(s.Action.Ref.Node, RuleApproval, fmt.Sprintf("%s %s, and nobody is asked first", s.Action.Ref.Value, why),
				"put an approval before it that binds this step or a block around it")
		}
		for _, approval := range asked {
			p.skippable(approval, s.Action.Ref.Value)
			p.unasked(approval, s)
		}
	})
}

// binders gives the approvals that bind s or a step around it.
func (p *pass) binders(s *ast.Step) []*ast.Step {
	ids := map[string]bool{s.ID.Value: true}
	for _, holder := range p.holders[s] {
		ids[holder.ID.Value] = true
	}
	var found []*ast.Step
	ast.Walk(p.book.Steps, func(asked *ast.Step) {
		if asked.Approval == nil {
			return
		}
		for _, target := range asked.Approval.Bind {
			if target.Given() && ids[target.Value] {
				found = append(found, asked)
				return
			}
		}
	})
	return found
}

// why says why people must be asked; "" when they need not be.
func (p *pass) why(a *ast.Action) string {
	described := p.action(a)
	if described == nil {
		return ""
	}
	return reason(a, described)
}

func reason(a *ast.Action, described *manifest.Action) string {
	switch {
	case described.Risk == soar.RiskDestroy:
		return "destroys"
	case described.Risk == soar.RiskChange && described.Protects != "":
		return "changes " + article(described.Protects)
	case (a.Irreversible || described.Irreversible && a.Undo == nil) && described.Risk.Writes():
		return "cannot be taken back"
	default:
		return ""
	}
}

// article puts "a" or "an" before a protected class.
func article(class string) string {
	if strings.HasPrefix(class, "a") {
		return "an " + class
	}
	return "a " + class
}

// unasked refuses an approval that its own when may skip, where what it covers runs
// after a skipped one too: nobody was asked, and no policy stood in.
func (p *pass) unasked(asked, s *ast.Step) {
	e := asked.When
	if e == nil || p.skips[asked] || !asked.ID.Given() {
		return
	}
	accepts := false
	for _, one := range append(slices.Clone(p.holders[s]), s) {
		if one.When == nil {
			continue
		}
		if strings.Contains(one.When.Source, e.Source) {
			return // it runs only when people were asked
		}
		accepts = accepts || reads(one.When, asked.ID.Value) && strings.Contains(one.When.Source, string(soar.StepSkipped))
	}
	if !accepts {
		return
	}
	p.skips[asked] = true
	p.Report(e.At(0), len([]rune(e.Source)), RuleApproval,
		fmt.Sprintf("when this is false nobody is asked, and %s is refused although it accepts a skipped approval", s.Action.Ref.Value),
		"put the condition on a block around both")
}

// skippable refuses an approval before something risky that may be skipped for
// another reason than a policy: the action would be refused when it runs.
func (p *pass) skippable(asked *ast.Step, ref string) {
	e := asked.SkipWhen
	if e == nil || p.skips[asked] || namesPolicy(e.Source) {
		return
	}
	p.skips[asked] = true
	p.Report(e.At(0), len([]rune(e.Source)), RuleApproval,
		fmt.Sprintf("without this approval %s is refused; only a policy may stand in for people", ref),
		`add: and policy.preauthorised("name_of_the_policy")`)
}

// namesPolicy tells whether a condition is true only when policy.preauthorised of a
// constant name is.
func namesPolicy(source string) bool {
	tree, problems := syntax.Parse(source)
	return len(problems) > 0 || demandsPolicy(tree.Node)
}

func demandsPolicy(node exprast.Node) bool {
	switch n := node.(type) {
	case *exprast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return demandsPolicy(n.Left) || demandsPolicy(n.Right)
		case "or", "||":
			return demandsPolicy(n.Left) && demandsPolicy(n.Right)
		}
	case *exprast.CallNode:
		member, ok := n.Callee.(*exprast.MemberNode)
		if !ok || len(n.Arguments) != 1 {
			return false
		}
		base, _ := member.Node.(*exprast.IdentifierNode)
		method, _ := member.Property.(*exprast.StringNode)
		_, constant := n.Arguments[0].(*exprast.StringNode)
		return constant && base != nil && base.Value == "policy" && method != nil && method.Value == "preauthorised"
	}
	return false
}
