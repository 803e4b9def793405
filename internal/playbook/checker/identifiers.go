package checker

import (
	"fmt"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
)

// RuleDuplicate: an id, or a loop variable inside its own loop, stands twice.
const RuleDuplicate = "duplicate_id"

// identifiers notes every step with its place, and refuses ids that stand twice.
func (p *pass) identifiers() {
	p.note(p.book.Steps, nil)
}

func (p *pass) note(steps, around []*ast.Step) {
	for _, s := range steps {
		p.place[s], p.holders[s] = len(p.place)+1, around
		p.noteOne(s)
		inside := append(slices.Clone(around), s)
		for _, children := range s.Children() {
			p.note(children, inside)
		}
	}
}

func (p *pass) noteOne(s *ast.Step) {
	if !s.ID.Given() {
		return
	}
	id := s.ID.Value
	if first, taken := p.byID[id]; taken {
		p.Fault(s.ID.Node, RuleDuplicate, fmt.Sprintf("the id %q stands twice", id),
			fmt.Sprintf("the other step is at line %d; give each its own id", first.ID.Node.Pos.Line))
		return
	}
	p.byID[id] = s
}
