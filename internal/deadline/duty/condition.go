package duty

import (
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
)

// Tri is yes, no, or not known because a fact is missing.
type Tri string

// The three answers.
const (
	Yes     Tri = "yes"
	No      Tri = "no"
	Unknown Tri = "unknown"
)

// Condition is an expression over facts, or several joined. A nil Condition holds.
type Condition struct {
	Text    string // as it was written; empty when joined
	program *expression.Program
	reads   []string
	all     []*Condition
	any     []*Condition
}

// Facts lists the facts it reads, each once.
func (c *Condition) Facts() []string {
	if c == nil {
		return nil
	}
	names := append([]string(nil), c.reads...)
	for _, part := range append(append([]*Condition(nil), c.all...), c.any...) {
		names = append(names, part.Facts()...)
	}
	return names
}

// String gives the condition as one line.
func (c *Condition) String() string {
	switch {
	case c == nil:
		return "always"
	case c.program != nil:
		return c.Text
	case len(c.all) > 0:
		return joined(c.all, " and ")
	default:
		return joined(c.any, " or ")
	}
}

func joined(parts []*Condition, word string) string {
	text := ""
	for i, part := range parts {
		if i > 0 {
			text += word
		}
		if part.program == nil {
			text += "(" + part.String() + ")"
		} else {
			text += part.String()
		}
	}
	return text
}

// Holds evaluates the condition. One false part of all, or one true part of any,
// decides, whatever is not known about the others. An expression that fails on the
// facts is unknown: people declare facts, and a slip must not hide a duty.
func (c *Condition) Holds(facts Facts) Tri {
	switch {
	case c == nil:
		return Yes
	case c.program != nil:
		return c.evaluate(facts)
	case len(c.all) > 0:
		return decide(c.all, facts, No, Yes)
	default:
		return decide(c.any, facts, Yes, No)
	}
}

// decide answers early as soon as one part does, unknown when one part is, and
// otherwise.
func decide(parts []*Condition, facts Facts, early, otherwise Tri) Tri {
	answer := otherwise
	for _, part := range parts {
		switch part.Holds(facts) {
		case early:
			return early
		case Unknown:
			answer = Unknown
		case otherwise:
		}
	}
	return answer
}

// Told evaluates the condition where everything that happened is told, as in a
// worked example: of parts that are joined, those about which nothing is told
// leave the answer to the others. A condition about which nothing at all is told
// stays unknown.
func (c *Condition) Told(facts Facts) Tri {
	if c == nil || c.program != nil {
		return c.Holds(facts)
	}
	answer := Unknown
	early, otherwise, parts := No, Yes, c.all
	if len(parts) == 0 {
		early, otherwise, parts = Yes, No, c.any
	}
	for _, part := range parts {
		switch part.Told(facts) {
		case early:
			return early
		case otherwise:
			answer = otherwise
		case Unknown:
		}
	}
	return answer
}

func (c *Condition) evaluate(facts Facts) Tri {
	vars := map[string]any{}
	for _, name := range c.reads {
		value, there := facts[name]
		if !there {
			return Unknown
		}
		vars[name] = value.plain()
	}
	holds, err := c.program.Bool(vars)
	switch {
	case err != nil:
		return Unknown
	case holds:
		return Yes
	default:
		return No
	}
}
