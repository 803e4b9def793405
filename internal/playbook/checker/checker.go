package checker

import (
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// Resolver gives the plan of a playbook that another one calls, nil when there is
// none of that name.
type Resolver func(playbook string) *plan.Plan

// Check gives all faults of book, in no order.
func Check(book *ast.Playbook, catalog manifest.Catalog, called Resolver) diag.List {
	p := &pass{
		Reader: strictyaml.Reader{File: book.File}, book: book, catalog: catalog, called: called,
		byID: map[string]*ast.Step{}, place: map[*ast.Step]int{}, holders: map[*ast.Step][]*ast.Step{},
		scopes: map[*ast.Step]*scope{}, types: map[typeKey]*expression.Type{}, skips: map[*ast.Step]bool{},
	}
	p.identifiers()
	p.inputs()
	p.trigger()
	p.list(book.Steps, newScope())
	p.approvals()
	p.timing()
	p.risks()
	p.evidence()
	p.flow(book.Steps)
	p.calls()
	p.shared()
	return p.List
}

// pass is one walk over one playbook.
type pass struct {
	strictyaml.Reader
	book    *ast.Playbook
	catalog manifest.Catalog
	called  Resolver
	input   *expression.Type             // of input
	byID    map[string]*ast.Step         // every step with an id
	place   map[*ast.Step]int            // in the file, from 1
	holders map[*ast.Step][]*ast.Step    // the steps around each, outermost first
	scopes  map[*ast.Step]*scope         // what each step may read
	types   map[typeKey]*expression.Type // of steps, made once
	skips   map[*ast.Step]bool           // approvals that were said to be skippable
}

// action gives what the manifest says of a call, nil when it does not exist.
func (p *pass) action(a *ast.Action) *manifest.Action {
	_, found := p.catalog.Find(a.Instance, a.Name)
	return found
}

// tell adds an error at a node and leaves the node open for others: what is wrong with
// a call in several ways is told in one go.
func (p *pass) tell(n *strictyaml.Node, rule, message, hint string) {
	p.Report(n.Pos, n.Length(), rule, message, hint)
}

// warn adds a warning at a node that nothing was said about.
func (p *pass) warn(n *strictyaml.Node, rule, message, hint string) {
	if n == nil || n.Bad {
		return
	}
	p.Report(n.Pos, n.Length(), rule, message, hint)
	p.List[len(p.List)-1].Level = diag.Warning
}
