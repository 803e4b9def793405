package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

const maxTemplateBytes = 64 << 10

// Part is a piece of a template: literal text, or the expression between ${{ and }}.
type Part struct {
	Text       string // literal text, or the source of the expression without its outer spaces
	Expression bool
	Column     int // 1-based rune column of Text in the template
}

// ParseTemplate splits a YAML scalar into literal and expression parts. It knows quotes and braces,
// so }} may stand in a text and {a: {b: 1}} inside an expression. A literal ${{ or {{ is written as
// a text in an expression: ${{ "{{" }}.
func ParseTemplate(src string) ([]Part, []Problem) {
	if len(src) > maxTemplateBytes {
		return nil, []Problem{NewProblem(1, 1, "the text is "+data.Decimal(len(src))+" bytes long; the limit is "+data.Decimal(maxTemplateBytes), "")}
	}
	if !utf8.ValidString(src) {
		return nil, []Problem{NewProblem(1, 1, "the text is not valid UTF-8", "")}
	}
	var s splitter
	s.src = src
	for s.at < len(src) {
		open := strings.Index(src[s.at:], "{{")
		switch {
		case open < 0:
			s.literal(len(src))
		case open > 0 && src[s.at+open-1] == '$':
			s.literal(s.at + open - 1)
			s.expression()
		default:
			s.plainBraces(s.at + open)
		}
	}
	return s.parts, s.problems
}

// splitter walks a template once.
type splitter struct {
	src      string
	at       int // byte offset of what is not split yet
	column   int // of at, minus 1
	parts    []Part
	problems []Problem
}

// advance moves to a byte offset and counts the runes on the way.
func (s *splitter) advance(to int) {
	s.column += utf8.RuneCountInString(s.src[s.at:to])
	s.at = to
}

// literal takes the text up to a byte offset.
func (s *splitter) literal(end int) {
	if end == s.at {
		return
	}
	s.parts = append(s.parts, Part{Text: s.src[s.at:end], Column: s.column + 1})
	s.advance(end)
}

// plainBraces reports {{ without a $ before it.
func (s *splitter) plainBraces(open int) {
	s.literal(open)
	end := expressionEnd(s.src, open+2)
	inner := unwrap(s.src[open+2:])
	s.problems = append(s.problems, NewProblem(s.column+1, 2, "{{ stands without a $",
		"write ${{ "+data.Shorten(inner)+" }}, or ${{ \"{{\" }} for the two braces themselves"))
	if end < 0 {
		end = open + 2
	}
	s.literal(end)
}

// expression takes ${{ ... }}, which starts at s.at.
func (s *splitter) expression() {
	start := s.at + len("${{")
	end := expressionEnd(s.src, start)
	if end < 0 {
		s.problems = append(s.problems, NewProblem(s.column+1, 3, "${{ is not closed", "add }} after the expression"))
		s.literal(len(s.src))
		return
	}
	inner := s.src[start : end-2]
	leading := len(inner) - len(strings.TrimLeftFunc(inner, unicode.IsSpace))
	place := s.column + 1
	s.advance(start + leading)
	part := Part{Text: strings.TrimSpace(inner), Expression: true, Column: s.column + 1}
	switch {
	case part.Text == "":
		s.problems = append(s.problems, NewProblem(place, 3, "${{ }} is empty", "write an expression between the braces"))
	case strings.Contains(inner, "${{") && len(guardMarks(inner)) > 0:
		s.problems = append(s.problems, NewProblem(place, 3, "${{ }} stands inside another ${{ }}", "inside, write the expression bare"))
	default:
		s.parts = append(s.parts, part)
	}
	s.advance(end)
}

// expressionEnd gives the offset after the }} that closes an expression which starts at an offset,
// or -1. Braces of objects inside must be closed first.
func expressionEnd(src string, i int) int {
	depth := 0
	for i < len(src) {
		switch {
		case isQuote(src[i]):
			i = skipQuoted(src, i)
			continue
		case src[i] == '{':
			depth++
		case src[i] == '}' && depth > 0:
			depth--
		case strings.HasPrefix(src[i:], "}}"):
			return i + 2
		}
		i++
	}
	return -1
}
