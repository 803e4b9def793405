package checker

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Rules of evidence.
const (
	RuleEvidence = "evidence_before_destruction" // an error
	RuleVolatile = "volatile_evidence"           // a warning: isolation loses what is volatile
)

// collect gives the scope after a step that may have collected evidence.
func (p *pass) collect(s *ast.Step, here *scope) *scope {
	after := here.clone()
	if s.Action == nil {
		return after
	}
	if described := p.action(s.Action); described != nil && described.Evidence {
		after.collected[targetText(s.Action, described)] = true
	}
	return after
}

// targetText names what an action is done to, by the text of the argument: evidence
// counts when it was collected from what is written the same way.
func targetText(a *ast.Action, described *manifest.Action) string {
	for i := range a.With {
		if a.With[i].Name.Value == described.Target {
			return valueText(&a.With[i].Value)
		}
	}
	return ""
}

func valueText(v *ast.Value) string {
	switch {
	case v.Kind == ast.Whole:
		return "${{" + v.Expr.Source
	case v.Node != nil:
		return fmt.Sprint(v.Node.Data())
	default:
		return ""
	}
}

// evidence demands that something was collected before its target is destroyed, and
// warns when a host is changed before.
func (p *pass) evidence() {
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		here := p.scopes[s]
		if s.Action == nil || here == nil || s.Action.WaiveEvidence.Given() {
			return
		}
		described := p.action(s.Action)
		if described == nil || here.collected[targetText(s.Action, described)] {
			return
		}
		switch {
		case described.Risk == soar.RiskDestroy:
			p.tell(s.Action.Ref.Node, RuleEvidence, fmt.Sprintf("%s destroys before evidence was collected from the same target", s.Action.Ref.Value),
				"collect evidence first, or state why not: waive_evidence: ...")
		case described.Risk == soar.RiskChange && described.Protects == "host":
			p.warn(s.Action.Ref.Node, RuleVolatile, fmt.Sprintf("%s comes before evidence is collected; what is volatile may be lost", s.Action.Ref.Value),
				"collect memory and connections first, or state why not: waive_evidence: ...")
		}
	})
}
