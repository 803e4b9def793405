package parser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

// mapping is a mapping that is being read by its shape. Its methods read one key each,
// by the form that the shape says, and give a zero value when the key is absent.
type mapping struct {
	p     *parser
	node  *strictyaml.Node
	shape *grammar.Shape
	at    *strictyaml.Node // where missing keys are told: the key above, or the node
}

// mapping checks the keys of a node against a shape.
func (p *parser) mapping(n, at *strictyaml.Node, shape *grammar.Shape) mapping {
	m := mapping{p: p, node: n, shape: shape, at: at}
	for _, entry := range n.Entries {
		switch key := shape.Find(entry.Key.Text); {
		case key == nil:
			p.unknownKey(entry.Key, shape)
		case key.Name == "else" && n.Get("steps") != nil: // elseBranch tells this better
		default:
			p.present(entry, key)
		}
	}
	for _, key := range shape.Keys {
		if key.Required && n.Get(key.Name) == nil && (key.Name != "tocsin") {
			p.missing(at, shape.Name, key.Name)
		}
	}
	m.oneOf()
	return m
}

func (p *parser) missing(n *strictyaml.Node, name, key string) {
	p.Report(n.Pos, n.Length(), strictyaml.RuleMissingKey, fmt.Sprintf("%s needs the key %q", name, key), missingHint(name, key))
}

// missingHint shows a key that is often forgotten.
func missingHint(shape, key string) string {
	switch key {
	case "title":
		if shape == "a playbook" {
			return "say in one line what it is for"
		}
		return "add it here, or a title to the step"
	case "on_expire":
		return "say what silence means: deny, escalate or fail"
	case "expires_in":
		return "say how long the request stands, such as expires_in: 15m"
	case "max_times":
		return "bound the rounds, such as max_times: 10"
	default:
		return ""
	}
}

// present reports a key without a value. A value is the only way to mean something.
func (p *parser) present(entry strictyaml.Entry, key *grammar.Key) {
	if entry.Value.Kind != strictyaml.Null || entry.Value.Bad || key.Form == grammar.Value {
		return
	}
	entry.Value.Bad = true
	hint := "write a value, or remove the key"
	if entry.Value.Text != "" {
		hint = fmt.Sprintf("if text is meant, write %q in quotes", entry.Value.Text)
	}
	p.Report(entry.Key.Pos, entry.Key.Length(), strictyaml.RuleWrongType, fmt.Sprintf("%q has no value", key.Name), hint)
}

func (p *parser) unknownKey(key *strictyaml.Node, shape *grammar.Shape) {
	hint := foreignWord(shape.Name, key.Text)
	if hint == "" {
		hint = diag.DidYouMean(key.Text, shape.Names())
	}
	if hint == "" {
		hint = "known keys: " + diag.OneOf(shape.Names())
	}
	p.Fault(key, strictyaml.RuleUnknownKey, fmt.Sprintf("%s has no key %q", shape.Name, key.Text), hint)
}

// oneOf checks the keys of which exactly one must be there.
func (m mapping) oneOf() {
	if len(m.shape.OneOf) == 0 {
		return
	}
	var there []*strictyaml.Node
	for _, entry := range m.node.Entries {
		if slices.Contains(m.shape.OneOf, entry.Key.Text) {
			there = append(there, entry.Key)
		}
	}
	switch {
	case len(there) == 0:
		m.p.Report(m.at.Pos, m.at.Length(), strictyaml.RuleMissingKey,
			fmt.Sprintf("%s needs the key %s", m.shape.Name, diag.OneOf(m.shape.OneOf)), "")
	case len(there) > 1:
		m.p.Fault(there[1], strictyaml.RuleUnknownKey,
			fmt.Sprintf("%s takes %q or %q, not both", m.shape.Name, there[0].Text, there[1].Text), "remove one of them")
	}
}

// value node and key of the shape; nil when absent or already reported.
func (m mapping) get(name string) (*strictyaml.Node, *grammar.Key) {
	n := m.node.Get(name)
	if n == nil || n.Bad {
		return nil, nil
	}
	return n, m.shape.Find(name)
}

func (m mapping) text(name string) ast.Text {
	n, key := m.get(name)
	if n == nil {
		return ast.Text{}
	}
	return m.p.text(n, name, key)
}

func (m mapping) texts(name string) []ast.Text {
	n, key := m.get(name)
	if n == nil || !m.p.list(n, key) {
		return nil
	}
	one := *key
	switch key.Form {
	case grammar.Choices:
		one.Form = grammar.Choice
	case grammar.Names:
		one.Form = grammar.Identifier
	default:
		one.Form = grammar.Text
	}
	var texts []ast.Text
	for _, item := range n.Items {
		text := m.p.text(item, "an item of "+name, &one)
		if !text.Given() {
			continue
		}
		if slices.ContainsFunc(texts, func(t ast.Text) bool { return t.Value == text.Value }) {
			m.p.Fault(item, strictyaml.RuleDuplicate, fmt.Sprintf("%q stands in %s twice", text.Value, name), "")
			continue
		}
		texts = append(texts, text)
	}
	return texts
}

func (m mapping) expr(name string) *ast.Expr {
	n, _ := m.get(name)
	if n == nil {
		return nil
	}
	return m.p.expression(n, name)
}

// value reads a value that may hold expressions; nil when absent.
func (m mapping) value(name string) *ast.Value {
	n, key := m.get(name)
	if n == nil {
		return nil
	}
	if key.Form == grammar.Template && n.Kind != strictyaml.String {
		m.p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be text, this is %s", name, n.Kind), quoteHint(n))
		return nil
	}
	if key.Form == grammar.Template && strings.TrimSpace(n.Text) == "" {
		m.p.Fault(n, strictyaml.RuleWrongType, name+" is empty", "write a text, or remove the key")
		return nil
	}
	value := m.p.value(n)
	return &value
}

// fields reads a mapping of names to values.
func (m mapping) fields(name string) []ast.Field {
	n, key := m.get(name)
	if n == nil || !m.p.Is(n, strictyaml.Map, name) {
		return nil
	}
	if len(n.Entries) < key.Least {
		m.p.Fault(n, strictyaml.RuleRange, name+" is empty", "")
	}
	return m.p.values(n)
}

func (m mapping) span(name string) ast.Span {
	n, key := m.get(name)
	if n == nil {
		return ast.Span{}
	}
	value := m.p.Duration(n, name, key.Shortest, key.Longest)
	if n.Bad {
		return ast.Span{}
	}
	return ast.Span{Value: value, Node: n}
}

func (m mapping) number(name string) ast.Number {
	n, key := m.get(name)
	if n == nil {
		return ast.Number{}
	}
	return m.p.number(n, name, key)
}

func (m mapping) flag(name string) bool {
	n, _ := m.get(name)
	if n == nil {
		return false
	}
	if n.Kind == strictyaml.String && slices.Contains([]string{"yes", "no", "on", "off"}, n.Text) && !n.Quoted() {
		m.p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be true or false; %s is text here", name, n.Text), "write true or false")
		return false
	}
	return m.p.Bool(n, name)
}

// sub reads a mapping inside; false when it is absent or no mapping.
func (m mapping) sub(name string) (mapping, bool) {
	n, key := m.get(name)
	if n == nil || !m.p.Is(n, strictyaml.Map, name) {
		return mapping{}, false
	}
	return m.p.mapping(n, m.node.Key(name), key.Shape), true
}

// subs reads a list of mappings.
func (m mapping) subs(name string) []mapping {
	n, key := m.get(name)
	if n == nil || !m.p.list(n, key) {
		return nil
	}
	var all []mapping
	for _, item := range n.Items {
		if m.p.Is(item, strictyaml.Map, "an item of "+name) {
			all = append(all, m.p.mapping(item, item, key.Shape))
		}
	}
	return all
}

func (m mapping) steps(name string) []*ast.Step {
	n, key := m.get(name)
	if n == nil || !m.p.list(n, key) {
		return nil
	}
	return m.p.stepList(n)
}

// list checks that a node is a list with a fitting number of items.
func (p *parser) list(n *strictyaml.Node, key *grammar.Key) bool {
	if n.Kind != strictyaml.List {
		hint := "put a dash before it, or write [ ] around it"
		p.Fault(n, strictyaml.RuleWrongType, fmt.Sprintf("%s must be a list, this is %s", key.Name, n.Kind), hint)
		return false
	}
	switch {
	case len(n.Items) < key.Least:
		p.Fault(n, strictyaml.RuleRange, key.Name+" is empty", "add an item, or remove the key")
		return false
	case key.Most > 0 && key.Form != grammar.Steps && len(n.Items) > key.Most:
		p.Fault(n, strictyaml.RuleRange, fmt.Sprintf("%s may have at most %d items", key.Name, key.Most), "")
		return false
	}
	return true
}
