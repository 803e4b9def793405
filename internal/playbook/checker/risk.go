package checker

import (
	"fmt"

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
		return "changes a " + described.Protects
	case (a.Irreversible || described.Irreversible && a.Undo == nil) && described.Risk.Writes():
		return "cannot be taken back"
	default:
		return ""
	}
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
