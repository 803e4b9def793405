package format

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// end gives the place after the last character of a value.
func (l *layout) end(n *strictyaml.Node) diag.Position {
	switch {
	case n.Kind == strictyaml.Null && n.Text == "":
		return n.Pos
	case n.Style == strictyaml.Literal, n.Style == strictyaml.Folded:
		return l.blockEnd(n)
	case n.IsScalar():
		return n.End()
	case n.Style == strictyaml.Flow:
		return l.flowEnd(n)
	}
	list := l.children(n)
	if len(list) == 0 {
		return n.Pos
	}
	last := list[len(list)-1]
	if last.value.Kind == strictyaml.Null && last.value.Text == "" {
		return diag.Position{Line: last.line, Column: len([]rune(l.lines[last.line-1])) + 1}
	}
	return l.end(last.value)
}

// blockEnd gives the end of a | or > text: up to the first line that is indented less.
// Blank lines at the end belong to it only with |+.
func (l *layout) blockEnd(n *strictyaml.Node) diag.Position {
	last := n.Pos.Line
	depth := l.blockDepth(n)
	for line := n.Pos.Line + 1; line <= len(l.lines); line++ {
		text := l.lines[line-1]
		blank := strings.TrimSpace(text) == ""
		if !blank && indent(text) < depth {
			break
		}
		if !blank || strings.Contains(l.blockHeader(n), "+") && line < len(l.lines) {
			last = line
		}
	}
	return diag.Position{Line: last, Column: len([]rune(l.lines[last-1])) + 1}
}

// blockHeader gives the sign and what stands behind it, without a comment.
func (l *layout) blockHeader(n *strictyaml.Node) string {
	rest := string([]rune(l.lines[n.Pos.Line-1])[n.Pos.Column-1:])
	header, _, _ := strings.Cut(rest, "#")
	return strings.TrimSpace(header)
}

// blockDepth gives the indentation of a block's text: what its header says, or that of
// its first line. A text of blank lines has none.
func (l *layout) blockDepth(n *strictyaml.Node) int {
	if i := strings.IndexAny(l.blockHeader(n), "123456789"); i >= 0 {
		return l.base[n] + int(l.blockHeader(n)[i]-'0')
	}
	for _, line := range l.lines[n.Pos.Line:] {
		if strings.TrimSpace(line) != "" && indent(line) > l.base[n] {
			return indent(line)
		}
		if strings.TrimSpace(line) != "" {
			break
		}
	}
	return 1 << 20
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// flowEnd gives the place after the closing bracket of [ ] or { }.
func (l *layout) flowEnd(n *strictyaml.Node) diag.Position {
	opening, ok := l.at(n.Pos)
	at := n.Pos
	if bracket := ok && (opening == '[' || opening == '{'); bracket {
		at.Column++
	}
	for _, item := range n.Items {
		at = l.later(at, item)
	}
	for _, entry := range n.Entries {
		at = l.later(l.later(at, entry.Key), entry.Value)
	}
	if opening != '[' && opening != '{' {
		return at // a: b inside of [ ]
	}
	for {
		r, ok := l.at(at)
		switch {
		case !ok && at.Line >= len(l.lines):
			l.odd = true
			return at
		case !ok, r == '#':
			at = diag.Position{Line: at.Line + 1, Column: 1}
		case r == ']' || r == '}':
			at.Column++
			return at
		case strings.ContainsRune(" \t,:?", r):
			at.Column++
		default:
			l.odd = true
			return at
		}
	}
}

// later gives the end of a part, when that is further on.
func (l *layout) later(at diag.Position, n *strictyaml.Node) diag.Position {
	if n.Kind == strictyaml.Null && n.Text == "" {
		return at
	}
	end := l.end(n)
	if end.Line > at.Line || end.Line == at.Line && end.Column > at.Column {
		return end
	}
	return at
}

func (l *layout) at(place diag.Position) (rune, bool) {
	if place.Line < 1 || place.Line > len(l.lines) {
		return 0, false
	}
	runes := []rune(l.lines[place.Line-1])
	if place.Column > len(runes) {
		return 0, false
	}
	return runes[place.Column-1], true
}
