package checker

import (
	"fmt"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
)

// RuleShared: steps that run side by side use one variable, so that one finds what
// another put there. Variables belong to the run, not to a turn or a branch.
const RuleShared = "shared_variable"

// shared looks at what runs side by side: branches of a parallel step, and turns of a
// loop that works on several elements at once.
func (p *pass) shared() {
	reads := readsOf(p.book.Steps)
	if len(reads) == 0 && len(variables(p.book.Steps)) == 0 {
		return
	}
	ast.Walk(p.book.Steps, func(s *ast.Step) {
		switch {
		case s.Parallel != nil:
			p.sharedByBranches(s.Parallel, reads)
		case s.ForEach != nil && !(s.ForEach.MaxParallel.Given() && s.ForEach.MaxParallel.Int() == 1):
			p.sharedByTurns(s.ForEach, reads)
		}
	})
}

// sharedByTurns refuses to read in a turn what a turn sets: it may be another's. Within
// one set step nothing comes between, so its own values may be read.
func (p *pass) sharedByTurns(loop *ast.ForEach, reads map[*ast.Step][]read) {
	set := variables(loop.Body)
	ast.Walk(loop.Body, func(s *ast.Step) {
		for _, r := range reads[s] {
			at, isSet := set[r.name]
			if !isSet || at.step == s {
				continue
			}
			p.Report(r.expr.At(0), len([]rune(r.expr.Source)), RuleShared,
				fmt.Sprintf("the turns of this loop run side by side and share vars.%s, set at line %d: this may be another turn's", r.name, at.line),
				"read the step's output itself, or write max_parallel: 1")
		}
	})
}

// sharedByBranches refuses to set or read in one branch what another one sets.
func (p *pass) sharedByBranches(parallel *ast.Parallel, reads map[*ast.Step][]read) {
	sets := make([]map[string]setting, len(parallel.Branches))
	for i, branch := range parallel.Branches {
		sets[i] = variables(branch.Steps)
	}
	for i, one := range parallel.Branches {
		for j, other := range parallel.Branches {
			if i != j {
				p.overwrites(one.Name.Value, sets[i], sets[j], i < j)
				p.readsBeside(one.Name.Value, sets[i], other.Steps, reads)
			}
		}
	}
}

// overwrites reports, once for a pair of branches, the names that both set.
func (p *pass) overwrites(branch string, set, other map[string]setting, once bool) {
	for name, at := range other {
		if first, both := set[name]; both && once {
			p.Fault(at.name.Node, RuleShared, fmt.Sprintf("the branch %q sets vars.%s too, at line %d: which value stays depends on who is last",
				branch, name, first.line), "give each branch its own name")
		}
	}
}

// readsBeside reports reads of what the branch beside sets.
func (p *pass) readsBeside(branch string, set map[string]setting, steps []*ast.Step, reads map[*ast.Step][]read) {
	own := variables(steps)
	ast.Walk(steps, func(s *ast.Step) {
		for _, r := range reads[s] {
			at, isSet := set[r.name]
			if _, both := own[r.name]; isSet && !both {
				p.Report(r.expr.At(0), len([]rune(r.expr.Source)), RuleShared,
					fmt.Sprintf("the branch %q sets vars.%s at line %d, before or after this reads it", branch, r.name, at.line),
					"read it after the parallel step, or give the branch its own name")
			}
		}
	})
}

// setting is where a variable gets a value first.
type setting struct {
	step *ast.Step
	name ast.Text
	line int
}

// variables gives what steps and those inside them set.
func variables(steps []*ast.Step) map[string]setting {
	found := map[string]setting{}
	ast.Walk(steps, func(s *ast.Step) {
		for _, field := range s.Set {
			if _, known := found[field.Name.Value]; !known && field.Name.Node != nil {
				found[field.Name.Value] = setting{step: s, name: field.Name, line: field.Name.Node.Pos.Line}
			}
		}
	})
	return found
}

// read is one expression that reads one variable.
type read struct {
	expr *ast.Expr
	name string
}

// readsOf gives the reads of every step, each expression looked at once.
func readsOf(steps []*ast.Step) map[*ast.Step][]read {
	found := map[*ast.Step][]read{}
	ast.Walk(steps, func(s *ast.Step) {
		for _, e := range s.Exprs() {
			if !strings.Contains(e.Source, "vars") {
				continue
			}
			for _, path := range references(e) {
				if len(path) > 1 && path[0] == "vars" {
					found[s] = append(found[s], read{expr: e, name: path[1]})
				}
			}
		}
	})
	return found
}
