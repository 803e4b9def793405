package format

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/parser"
)

// RuleFormat: the file is fine, but written in a way that cannot be kept.
const RuleFormat = "format"

// Format gives the canonical text of a playbook. A file with faults that the parser
// sees is not formatted: the text is nil then and the list says why. file is the name
// used in places. Formatting what was formatted changes nothing.
func Format(file string, source []byte) ([]byte, diag.List) {
	_, faults := parser.Parse(file, source)
	if faults.HasErrors() {
		faults.Sort()
		return nil, faults
	}
	document, _ := strictyaml.Load(file, source, limits())
	text, ok := write(document)
	if !ok || !same(file, document, source, text) {
		at := diag.Position{File: file}
		return nil, append(faults, diag.Diagnostic{
			Position: at, Level: diag.Error, Rule: RuleFormat, Message: "this file is written in a way that the formatter cannot keep",
			Hint: "write keys as key: value, and comments on lines of their own",
		})
	}
	return text, nil
}

func limits() strictyaml.Limits {
	return strictyaml.Limits{Bytes: grammar.MaxBytes, Depth: grammar.MaxDepth, Nodes: grammar.MaxValues}
}

// write gives the canonical text, and false when the layout of the file was not
// understood.
func write(document *strictyaml.Document) ([]byte, bool) {
	w := &writer{layout: readLayout(document)}
	lines := append([]string{}, w.layout.preamble...)
	lines = append(lines, w.collection(document.Root, 0, rule{shape: grammar.Playbook()})...)
	if w.odd || w.layout.odd {
		return nil, false
	}
	return []byte(strings.Join(lines, "\n") + "\n"), true
}

// rule says which keys of the grammar a node's keys are.
type rule struct {
	shape  *grammar.Shape // of a mapping with fixed keys
	items  *rule          // of the items of a list
	values *rule          // of the values of a mapping with free names
}

// below gives the rule for the value of a key.
func (r rule) below(name string) rule {
	if r.values != nil {
		return *r.values
	}
	if r.shape == nil {
		return rule{}
	}
	key := r.shape.Find(name)
	if key == nil {
		return rule{}
	}
	steps := &rule{shape: grammar.Step()}
	switch key.Form {
	case grammar.Mapping, grammar.Timeout:
		return rule{shape: key.Shape}
	case grammar.List, grammar.Branches:
		return rule{items: &rule{shape: key.Shape}}
	case grammar.Steps:
		return rule{items: steps}
	case grammar.Named:
		return rule{values: &rule{items: steps}}
	default:
		return rule{}
	}
}

func (r rule) item() rule {
	if r.items == nil {
		return rule{}
	}
	return *r.items
}

// ordered tells whether keys are put into the order of the grammar. A declare keeps
// its own: it is the order in which the incident changes.
func (r rule) ordered() bool { return r.shape != nil && r.shape.Name != grammar.Declare().Name }
