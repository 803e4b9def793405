package syntax

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

// Problem is one fault of an expression, found before it runs.
type Problem struct {
	Column  int    // 1-based, counted in runes from the start of the source
	Length  int    // in runes; at least 1
	Message string // one plain sentence, at most 300 bytes
	Hint    string // how to mend it; may be empty
}

// String gives the column, the message and the hint on one line.
func (p Problem) String() string {
	text := "column " + data.Decimal(p.Column) + ": " + p.Message
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// NewProblem cuts the texts to size, so that a hostile source cannot fill a log through them.
func NewProblem(column, length int, message, hint string) Problem {
	return Problem{
		Column:  max(column, 1),
		Length:  max(length, 1),
		Message: data.Clip(message),
		Hint:    data.Clip(hint),
	}
}

// Suggest gives `did you mean "x"?` for the known name nearest to wrong, or "".
// names must be in a fixed order, so that ties always fall the same way.
func Suggest(wrong string, names []string) string {
	best, distance := "", max(2, len(wrong)/3)+1
	for _, name := range names {
		if len(name) > 64 || len(wrong) > 64 {
			continue
		}
		if d := editDistance(strings.ToLower(wrong), strings.ToLower(name)); d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + data.Quote(best) + "?"
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours, by byte.
func editDistance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// Sort puts problems in the order of their columns.
func Sort(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Column - b.Column })
	return problems
}
