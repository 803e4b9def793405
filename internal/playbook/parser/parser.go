package parser

import (
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

// Parse reads a playbook. file is the name used in places. The tree is nil when the
// text is no YAML mapping or no playbook at all; otherwise it holds what could be read.
func Parse(file string, source []byte) (*ast.Playbook, diag.List) {
	document, faults := strictyaml.Load(file, source, strictyaml.Limits{
		Bytes: grammar.MaxBytes, Depth: grammar.MaxDepth, Nodes: grammar.MaxValues,
	})
	p := &parser{Reader: strictyaml.Reader{File: file, List: faults}, step: grammar.Step()}
	if document == nil {
		return nil, p.List
	}
	return p.playbook(document.Root), p.List
}

type parser struct {
	strictyaml.Reader
	step  *grammar.Shape // of every step, made once
	steps int
	full  bool // the limit of steps was reported
}

func (p *parser) playbook(root *strictyaml.Node) *ast.Playbook {
	if root.Bad || !p.Is(root, strictyaml.Map, "a playbook") {
		return nil
	}
	if root.Get("tocsin") == nil {
		p.Report(root.Pos, 1, RuleLanguage, "the file does not say which language it is written in",
			"start it with tocsin: "+grammar.Version)
		if root.Get("playbook") == nil || root.Get("steps") == nil {
			return nil // some other file; to complain about each of its keys helps nobody
		}
	}
	m := p.mapping(root, root, grammar.Playbook())
	book := &ast.Playbook{
		File: p.File, Pos: root.Pos,
		Name: m.text("playbook"), Version: m.text("version"), Title: m.text("title"), Owner: m.text("owner"),
		Covers: m.texts("covers"),
	}
	m.text("tocsin")
	p.version(book.Version)
	for _, item := range book.Covers {
		p.covers(item)
	}
	if trigger, ok := m.sub("trigger"); ok {
		book.Trigger = &ast.Trigger{Node: trigger.node, When: trigger.expr("when"), Priority: trigger.number("priority").Int()}
	}
	book.Input = m.schema("input")
	book.Steps = m.steps("steps")
	return book
}

// limitSteps counts a step and reports once when there are too many.
func (p *parser) limitSteps(n *strictyaml.Node) bool {
	if p.steps++; p.steps <= grammar.MaxSteps {
		return true
	}
	if !p.full {
		p.full = true
		p.Report(n.Pos, 1, strictyaml.RuleLimit, fmt.Sprintf("the playbook has more than %d steps", grammar.MaxSteps),
			"move a part of it into a playbook of its own and call it")
	}
	return false
}
