package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Position is a place in a file: line and column count from 1, columns count
// runes. The zero Position means the file as a whole.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String gives file:line:column, or the file alone.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Level says how grave a diagnostic is.
type Level string

// Levels.
const (
	Error   Level = "error"
	Warning Level = "warning"
)

// Diagnostic is one fault. Rule is its name in RULES.md, Length how many runes
// the caret underlines (at least one).
type Diagnostic struct {
	Position
	Length  int    `json:"length,omitempty"`
	Level   Level  `json:"level"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// List holds the diagnostics of one or more files.
type List []Diagnostic

// HasErrors tells whether any of the diagnostics is an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Level == Error })
}

// Sort orders by file, line, column, rule, so that output is stable.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
}
