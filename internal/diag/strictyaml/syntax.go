package strictyaml

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// syntax turns the YAML parser's error into a diagnostic in plain words.
func (l *loader) syntax(err error) {
	if errors.Is(err, errTooDeep) || strings.Contains(err.Error(), errTooDeep.Error()) {
		l.Report(l.errorPlace(err), 1, RuleLimit, "lists and mappings stand too deep inside each other", "")
		return
	}
	fault, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		l.Report(diag.Position{File: l.File}, 0, RuleSyntax, "the text cannot be read as YAML", "")
		return
	}
	at := l.errorPlace(err)
	if _, name, found := strings.Cut(fault.Message, "unknown anchor '"); found {
		name, _, _ = strings.Cut(name, "'")
		l.alias(at, name)
		return
	}
	for _, known := range syntaxFaults() {
		if !strings.Contains(fault.Message, known.part) || !strings.Contains(fault.ContextMsg, known.context) {
			continue
		}
		if known.atContext && fault.ContextMark.Line > 0 {
			at = l.at(fault.ContextMark.Line, fault.ContextMark.Column)
		}
		message, hint := known.message, known.hint
		if special, better := l.badStart(at); better != "" && known.badStart {
			message, hint = special, better
		}
		l.Report(at, 1, RuleSyntax, message, hint)
		return
	}
	l.Report(at, 1, RuleSyntax, "the text is not YAML from here on: "+fault.Message, "")
}

func (l *loader) errorPlace(err error) diag.Position {
	fault, ok := errors.AsType[*yaml.LoadError](err)
	switch {
	case !ok:
		return diag.Position{File: l.File}
	case fault.Mark.Line > 0:
		line, column := min(fault.Mark.Line, max(1, len(l.doc.Lines))), fault.Mark.Column
		if line < fault.Mark.Line {
			column = 1
		}
		return l.at(line, column)
	case fault.ContextMark.Line > 0:
		return l.at(fault.ContextMark.Line, fault.ContextMark.Column)
	default:
		return diag.Position{File: l.File}
	}
}

// badStart explains a character that cannot start a value.
func (l *loader) badStart(at diag.Position) (message, hint string) {
	if at.Line < 1 || at.Line > len(l.doc.Lines) {
		return "", ""
	}
	line := l.doc.Lines[at.Line-1]
	if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
		return "a tab stands in the indentation", "indent with spaces, two for each level"
	}
	runes := []rune(line)
	if at.Column > len(runes) {
		return "", ""
	}
	switch first := runes[at.Column-1]; first {
	case '@', '`', '%':
		return "text cannot start with " + string(first) + " here", "put the text in double quotes"
	default:
		return "", ""
	}
}

// syntaxFault is one message of the YAML parser and what is said instead.
type syntaxFault struct {
	part      string // of the parser's message
	context   string // of what it was doing
	message   string
	hint      string
	atContext bool // the place to show is where the construct began
	badStart  bool // look at the character for a better message
}

func syntaxFaults() []syntaxFault {
	return []syntaxFault{
		{part: "mapping values are not allowed", message: `a second ":" on this line, or a key at the wrong indentation`,
			hint: `put text that holds ": " in quotes, and indent keys of one mapping alike`, badStart: true},
		{part: "cannot start any token", message: "this character cannot start a value", hint: "put the text in double quotes", badStart: true},
		{part: "unexpected end of stream", context: "quoted scalar", message: "this quote is never closed",
			hint: "close it on the same line", atContext: true},
		{part: "unexpected document indicator", context: "quoted scalar", message: "this quote is never closed", atContext: true},
		{part: "unknown escape character", message: `this \ starts no escape that YAML knows`,
			hint: "use single quotes when the text holds backslashes"},
		{part: "did not find expected ',' or ']'", message: "the list that starts here is not closed, or a comma is missing",
			hint: "close it with ]", atContext: true},
		{part: "did not find expected ',' or '}'", message: "the mapping that starts here is not closed, or a comma is missing",
			hint: "close it with }", atContext: true},
		{part: "could not find expected ':'", message: `this line is no "key: value"`,
			hint: `add the ":", or indent the line so that it continues the text above`, badStart: true},
		{part: "did not find expected key", message: "the indentation does not fit the lines above",
			hint: "keys of one mapping stand in the same column", badStart: true},
		{part: "did not find expected '-' indicator", message: "the indentation does not fit the list above",
			hint: "the dashes of one list stand in the same column", badStart: true},
		{part: "block sequence entries are not allowed", message: "a list cannot start here",
			hint: "start the list on a line of its own"},
		{part: "undefined tag handle", message: "YAML tags are not used here", hint: `write "not x" instead of "!x"`},
		{part: "did not find expected alphabetic or numeric character", message: "text cannot start with & or * here", hint: "put the text in double quotes"},
		{part: "found a tab character", message: "a tab stands in the indentation", hint: "indent with spaces, two for each level"},
	}
}
