package checker

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// RuleUnreachable: a step that never runs.
const RuleUnreachable = "unreachable"

// flow finds steps that come after the end of the run.
func (p *pass) flow(steps []*ast.Step) {
	var ended *ast.Step
	for _, s := range steps {
		if ended != nil && !s.Always {
			p.Report(s.Key.Pos, s.Key.Length(), RuleUnreachable, fmt.Sprintf("%s never runs: the run ends at line %d", s.Label(), ended.Node.Pos.Line),
				"remove it, or mark it always: true")
			return
		}
		if ends(s) {
			ended = s
		}
		for _, children := range s.Children() {
			p.flow(children)
		}
	}
}

// ends tells whether the run is over after s on every path.
func ends(s *ast.Step) bool {
	if s.When != nil || s.SkipWhen != nil {
		return false
	}
	switch s.Kind {
	case plan.KindClose, plan.KindFail:
		return true
	case plan.KindSteps:
		return endsList(s.Steps)
	case plan.KindSwitch:
		for _, branch := range s.Switch {
			if !endsList(branch.Steps) {
				return false
			}
		}
		return len(s.Switch) > 0 && s.Switch[len(s.Switch)-1].Else
	default:
		return false
	}
}

func endsList(steps []*ast.Step) bool {
	for _, s := range steps {
		if ends(s) {
			return true
		}
	}
	return false
}
