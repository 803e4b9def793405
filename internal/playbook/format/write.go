package format

import (
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// step is how many spaces one level is indented by.
const step = 2

// writer puts values in their place. Their text it takes from the layout.
type writer struct {
	layout *layout
	odd    bool
}

// collection writes the children of a block collection, one below the other.
func (w *writer) collection(n *strictyaml.Node, depth int, r rule) []string {
	var lines []string
	if n.Kind == strictyaml.Map {
		for i, entry := range w.ordered(n, r) {
			lines = append(lines, w.above(entry.Key, depth, i == 0, depth == 0 && apart(entry.Key.Text))...)
			lines = append(lines, w.entry(entry, n, depth, r)...)
		}
	} else {
		for i, item := range n.Items {
			lines = append(lines, w.above(item, depth, i == 0, false)...)
			lines = append(lines, w.item(item, n, depth, r.item())...)
		}
	}
	foot := w.layout.foot[n]
	if len(foot) > 0 {
		blank := foot[0] == ""
		foot = tidy(foot)
		if blank {
			lines = append(lines, "")
		}
	}
	return append(lines, indented(foot, depth)...)
}

// apart names the parts of a playbook that stand apart from what is before.
func apart(key string) bool { return key == "trigger" || key == "input" || key == "steps" }

// above gives the comments of a child. One blank line may stand before all but the
// first.
func (w *writer) above(n *strictyaml.Node, depth int, first, always bool) []string {
	remarks := w.layout.head[n]
	blank := always || len(remarks) > 0 && remarks[0] == ""
	lines := indented(tidy(remarks), depth)
	if after := len(remarks) > 0 && remarks[len(remarks)-1] == ""; after && len(lines) > 0 {
		lines = append(lines, "")
	}
	if blank && !first {
		return append([]string{""}, lines...)
	}
	return lines
}

func indented(remarks []string, depth int) []string {
	lines := make([]string, len(remarks))
	for i, text := range remarks {
		if text != "" {
			lines[i] = strings.Repeat(" ", depth) + text
		}
	}
	return lines
}

// ordered gives the entries in the order of the grammar.
func (w *writer) ordered(n *strictyaml.Node, r rule) []strictyaml.Entry {
	if !r.ordered() {
		return n.Entries
	}
	names := r.shape.Names()
	entries := slices.Clone(n.Entries)
	slices.SortStableFunc(entries, func(a, b strictyaml.Entry) int {
		return slices.Index(names, a.Key.Text) - slices.Index(names, b.Key.Text)
	})
	return entries
}

// entry writes "key: value". owner is the mapping, whose column says how far the
// further lines of the value were indented.
func (w *writer) entry(entry strictyaml.Entry, owner *strictyaml.Node, depth int, r rule) []string {
	below := r.below(entry.Key.Text)
	key := w.layout.slice(entry.Key.Pos, entry.Key.End())
	if len(key) != 1 {
		w.odd = true
	}
	start := strings.Repeat(" ", depth) + key[0] + ":"
	value := entry.Value
	if len(w.layout.children(value)) > 0 {
		remark := w.rest(entry.Key.End())
		return append([]string{start + remark}, w.collection(value, depth+step, below)...)
	}
	if value.Kind == strictyaml.Null && value.Text == "" {
		return []string{start + w.rest(entry.Key.End())}
	}
	between := w.layout.remarks(entry.Key.Pos.Line+1, value.Pos.Line)
	if value.Pos.Line > entry.Key.Pos.Line {
		between = append([]string{strings.TrimSpace(w.rest(entry.Key.End()))}, between...)
	}
	lines := w.value(value, owner.Pos.Column-1, depth, below)
	lines[0] = start + " " + lines[0]
	return append(indented(tidy(between), depth), lines...)
}

// item writes "- value". Comments that stand between the dash and the value go above.
func (w *writer) item(n, owner *strictyaml.Node, depth int, r rule) []string {
	dash := strings.Repeat(" ", depth) + "- "
	line := w.layout.dash(owner, n)
	if n.Kind == strictyaml.Null && n.Text == "" {
		return []string{strings.TrimRight(dash, " ") + w.rest(diag.Position{Line: line, Column: owner.Pos.Column + 1})}
	}
	var above, lines []string
	if n.Pos.Line > line {
		above = append(above, strings.TrimSpace(w.rest(diag.Position{Line: line, Column: owner.Pos.Column + 1})))
		if len(w.layout.children(n)) == 0 {
			above = append(above, w.layout.remarks(line+1, n.Pos.Line)...)
		}
	}
	if len(w.layout.children(n)) > 0 {
		lines = w.collection(n, depth+step, r)
	} else {
		lines = w.value(n, owner.Pos.Column-1, depth, r)
		lines[0] = strings.Repeat(" ", depth+step) + lines[0]
	}
	for len(lines) > 1 && (strings.HasPrefix(strings.TrimSpace(lines[0]), "#") || lines[0] == "") {
		above = append(above, strings.TrimSpace(lines[0]))
		lines = lines[1:]
	}
	lines[0] = dash + strings.TrimPrefix(lines[0], strings.Repeat(" ", depth+step))
	return append(indented(tidy(above), depth), lines...)
}

// rest gives the comment that stands on a line behind a place, with two spaces before
// it at least; "" when there is none.
func (w *writer) rest(from diag.Position) string {
	runes := []rune(w.layout.lines[from.Line-1])
	if from.Column > len(runes) {
		return ""
	}
	text := strings.TrimLeft(string(runes[from.Column-1:]), ": \t")
	if text == "" {
		return ""
	}
	if !strings.HasPrefix(text, "#") {
		w.odd = true
	}
	return " " + text
}
