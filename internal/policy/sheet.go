package policy

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Rules that this package reports under, besides those of strictyaml.
const (
	ruleFile       = "policy_file"       // a file is not there, or nobody would read it
	ruleExpression = "policy_expression" // an expression does not compile
	ruleTwice      = "policy_twice"      // an id or a name that stands twice
	ruleEmpty      = "policy_empty"      // a list or text that must hold something
	ruleForm       = "policy_form"       // an id, a date, an address of the wrong form
	ruleTotal      = "policy_total"      // a table with a hole
	ruleOrder      = "policy_order"      // values in an order that contradicts itself
	ruleGap        = "policy_gap"        // a time in which nobody is on call
	ruleUnknown    = "policy_unknown"    // a name of another file or policy that is not there
	ruleCycle      = "policy_cycle"      // policies that go through each other
)

// Bounds of one file.
const (
	fileBytes = 256 << 10
	fileNodes = 20_000
	textMost  = 2_000 // bytes of a reason or a name
)

var (
	actionForm = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`)
	idForm     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	mailForm   = regexp.MustCompile(`^[^\s@<>,;"]{1,64}@[A-Za-z0-9.-]{1,190}$`)
)

// sheet reads one policy file.
type sheet struct {
	strictyaml.Reader
	escalates []*strictyaml.Node // names of escalation policies, which a later file has
}

func openSheet(file string, source []byte) (*sheet, *strictyaml.Node) {
	document, faults := strictyaml.Load(file, source, strictyaml.Limits{Bytes: fileBytes, Nodes: fileNodes})
	s := &sheet{Reader: strictyaml.Reader{File: file, List: faults}}
	if document == nil {
		return s, nil
	}
	return s, document.Root
}

// text reads text that may not be empty.
func (s *sheet) text(n *strictyaml.Node, what string) string {
	text := s.Text(n, what)
	if n != nil && !n.Bad && (text == "" || len(text) > textMost) {
		s.Fault(n, ruleEmpty, fmt.Sprintf("%s must have 1 to %d bytes", what, textMost), "")
		return ""
	}
	return text
}

// version reads text or a number, as it is written.
func (s *sheet) version(n *strictyaml.Node) string {
	if n != nil && (n.Kind == strictyaml.Int || n.Kind == strictyaml.Float) && !n.Bad {
		return n.Text
	}
	return s.text(n, "version")
}

// id reads a name for expressions and the record, unique among seen.
func (s *sheet) id(n *strictyaml.Node, what string, seen map[string]bool) string {
	text := s.Text(n, what)
	if n == nil || n.Bad {
		return ""
	}
	switch {
	case !idForm.MatchString(text):
		s.Fault(n, ruleForm, fmt.Sprintf("%s must be in snake_case", what), "lower-case letters, digits and _, starting with a letter")
	case seen[text]:
		s.Fault(n, ruleTwice, fmt.Sprintf("%q stands here twice", text), "give each its own name")
	}
	seen[text] = true
	return text
}

// date reads YYYY-MM-DD.
func (s *sheet) date(n *strictyaml.Node, what string) string {
	text := s.Text(n, what)
	if n == nil || n.Bad {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		s.Fault(n, ruleForm, what+" must be a date", "write it as 2026-01-31")
	}
	return text
}

// items gives the items of a list that may be absent but not of another kind.
func (s *sheet) items(n *strictyaml.Node, what string) []*strictyaml.Node {
	if n == nil || !s.Is(n, strictyaml.List, what) {
		return nil
	}
	return n.Items
}

// some is items of a list that must hold something.
func (s *sheet) some(n *strictyaml.Node, what string) []*strictyaml.Node {
	items := s.items(n, what)
	if n != nil && !n.Bad && len(items) == 0 {
		s.Fault(n, ruleEmpty, what+" must not be empty", "")
	}
	return items
}

// texts is a list of text that must hold something.
func (s *sheet) texts(n *strictyaml.Node, what string) []string {
	s.some(n, what)
	if n == nil || n.Bad {
		return nil
	}
	return s.Strings(n, what)
}

func (s *sheet) level(n *strictyaml.Node, what string) soar.Level {
	return soar.Level(s.Choice(n, what, words(soar.Levels())))
}

func (s *sheet) category(n *strictyaml.Node) soar.Category {
	if n == nil {
		return ""
	}
	return soar.Category(s.Choice(n, "category", words(soar.Categories())))
}

func (s *sheet) role(n *strictyaml.Node, what string) soar.Role {
	return soar.Role(s.Choice(n, what, words(soar.Roles())))
}

// condition reads an expression that gives true or false; absent means true.
func (s *sheet) condition(n *strictyaml.Node, env expression.Environment) *expression.Program {
	if n == nil {
		return nil
	}
	if n.Kind == strictyaml.Bool && !n.Bad {
		program, _ := expression.Compile(n.Text, env, expression.Bool())
		return program
	}
	return s.expression(n, env, expression.Bool())
}

// expression compiles a bare expression and tells its faults where they stand.
func (s *sheet) expression(n *strictyaml.Node, env expression.Environment, want *expression.Type) *expression.Program {
	if !s.Is(n, strictyaml.String, "an expression") {
		return nil
	}
	program, problems := expression.Compile(n.Text, env, want)
	for _, problem := range problems {
		s.Report(n.At(problem.Column-1), problem.Length, ruleExpression, problem.Message, swallowed(n, problem.Hint))
	}
	n.Bad = n.Bad || len(problems) > 0
	return program
}

// swallowed adds that YAML took the rest of the line for a comment.
func swallowed(n *strictyaml.Node, hint string) string {
	if rest := n.Trailing(); n.Style == strictyaml.Plain && len(rest) > 0 && rest[0] == '#' {
		return "YAML took the text from # on for a comment: put the expression in quotes"
	}
	return hint
}

// warn adds a warning at a node.
func (s *sheet) warn(n *strictyaml.Node, rule, message, hint string) {
	s.List = append(s.List, diag.Diagnostic{Position: n.Pos, Length: n.Length(), Level: diag.Warning, Rule: rule, Message: message, Hint: hint})
}

// words turns a list of named words into plain ones.
func words[W ~string](named []W) []string {
	plain := make([]string, len(named))
	for i, word := range named {
		plain[i] = string(word)
	}
	return plain
}

// usable tells whether all required keys of a mapping are there and were not faulty.
func usable(n *strictyaml.Node, keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { v := n.Get(key); return v == nil || v.Bad })
}
