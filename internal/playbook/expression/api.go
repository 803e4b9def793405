package expression

import (
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression/syntax"
)

// Problem is one fault of an expression, found before it runs: a 1-based column and a length in
// runes, a message of one plain sentence, and a hint how to mend it.
type Problem = syntax.Problem

// Part is a piece of a template: literal text or an expression, with its column.
type Part = syntax.Part

// Doc describes one function: name, signature, what it does, an example and what that gives.
type Doc = library.Doc

// The bounds of the data that expressions read; what is larger Normalise holds by reference.
const (
	MaxTextBytes = data.MaxTextBytes
	MaxListItems = data.MaxListItems
	MaxMembers   = data.MaxMembers
	MaxDepth     = data.MaxDepth
	MaxBuiltText = data.MaxBuiltText // of a text that an expression builds, and of a result
)

// The causes of a RuntimeError that a caller may want to tell from others.
var (
	ErrTooMuchWork = library.ErrTooMuchWork
	ErrTooMuchText = library.ErrTooMuchText
)

// Functions lists all that an expression may call, in alphabetical order.
func Functions() []Doc { return library.Functions() }

// Normalise turns a JSON-like value into plain data within the bounds, always as a copy: nil,
// bool, int, float64, string, []any and map[string]any. Larger texts, lists and objects become
// {"by_reference": true, "len": n, "sha256": hex}; see data.Normalise.
func Normalise(v any) (any, error) { return data.Normalise(v) }

// FormatText is the form that a value takes inside text: text as it stands, numbers without an
// exponent where they are whole, true and false, nothing for null, and canonical JSON (sorted
// member names, no spaces) for lists and objects. A text over 64 KiB is an error.
func FormatText(v any) (string, error) { return data.Text(v) }

// ParseTemplate splits a YAML scalar into literal and expression parts; see syntax.ParseTemplate.
func ParseTemplate(src string) ([]Part, []Problem) { return syntax.ParseTemplate(src) }
