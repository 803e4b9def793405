package site

import (
	"fmt"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/ast"
	"github.com/tocsin-soar/tocsin/internal/playbook/parser"
)

// ruleName is broken by a name that the site's policy files do not have.
const ruleName = "unknown_name"

// Names are those that policy files give.
type Names struct {
	Escalations []string // policies of escalation.yaml
	Rosters     []string // of rosters.yaml
}

// Check gives the names in the text of a playbook that a site does not know, each an
// error at its place. What cannot be read gives nothing: compiling it tells why.
func Check(file string, source []byte, known Names) diag.List {
	book, _ := parser.Parse(file, source)
	if book == nil {
		return nil
	}
	c := &check{strictyaml.Reader{File: file}, known}
	ast.Walk(book.Steps, func(step *ast.Step) {
		if step.Escalate != nil {
			c.policy(step.Escalate.Policy)
		}
		if a := step.Approval; a != nil {
			c.later(a.Escalate)
		}
		if t := step.Task; t != nil {
			c.name(t.Assignee.Roster, "roster", "rosters.yaml", known.Rosters)
			c.later(t.Escalate)
		}
	})
	c.List.Sort()
	return c.List
}

type check struct {
	strictyaml.Reader
	known Names
}

func (c *check) later(list []ast.After) {
	for _, after := range list {
		c.policy(after.Policy)
	}
}

func (c *check) policy(name ast.Text) {
	c.name(name, "escalation policy", "escalation.yaml", c.known.Escalations)
}

func (c *check) name(name ast.Text, what, file string, known []string) {
	if name.Node == nil || name.Node.Bad || slices.Contains(known, name.Value) {
		return
	}
	hint := file + " has none"
	if len(known) > 0 {
		hint = file + " has " + diag.OneOf(known)
	}
	if like := diag.DidYouMean(name.Value, known); like != "" {
		hint = like + " " + hint
	}
	c.Fault(name.Node, ruleName, fmt.Sprintf("there is no %s %.60q", what, name.Value), hint)
}
