package format

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// value writes a text, a number, or a list or mapping in brackets, and the comment
// behind it. The first line comes without indentation. was is how far the owner was
// indented, depth how far it is now.
func (w *writer) value(n *strictyaml.Node, was, depth int, r rule) []string {
	if n.Style == strictyaml.Literal || n.Style == strictyaml.Folded {
		return w.block(n, was, depth)
	}
	end := w.layout.end(n)
	remark := w.behind(end)
	if text, ok := w.flow(n, r); ok {
		return []string{text + remark}
	}
	lines := w.layout.slice(n.Pos, end)
	for i := 1; i < len(lines); i++ {
		lines[i] = shifted(lines[i], depth-was, depth+1)
	}
	lines[len(lines)-1] += remark
	return lines
}

// behind gives the comment on the line where a value ended, as far away as it was.
func (w *writer) behind(end diag.Position) string {
	runes := []rune(w.layout.lines[end.Line-1])
	rest := strings.TrimRight(string(runes[min(end.Column-1, len(runes)):]), " \t")
	text := strings.TrimLeft(rest, " \t")
	if text != "" && (!strings.HasPrefix(text, "#") || text == rest) {
		w.odd = true
	}
	return strings.ReplaceAll(rest, "\t", " ")
}

// shifted moves a line, but not further left than least.
func shifted(line string, by, least int) string {
	text := strings.TrimLeft(line, " \t")
	if text == "" {
		return ""
	}
	return strings.Repeat(" ", max(least, indent(line)+by)) + text
}

// block writes a | or > text. Its lines are indented one step below the key; those
// whose indentation the header counts keep it.
func (w *writer) block(n *strictyaml.Node, was, depth int) []string {
	end := w.layout.end(n)
	lines := w.layout.slice(n.Pos, end)
	by := depth + step - w.layout.blockDepth(n)
	if strings.ContainsAny(w.layout.blockHeader(n), "123456789") {
		by = depth - was
	}
	for i := 1; i < len(lines); i++ {
		spaces := indent(lines[i])
		if strings.TrimSpace(lines[i]) == "" && spaces <= w.layout.blockDepth(n) {
			lines[i] = ""
			continue
		}
		lines[i] = strings.Repeat(" ", max(0, spaces+by)) + lines[i][spaces:]
	}
	return lines
}

// flow writes what stands in brackets on one line, keys in order, one space after
// each comma. It answers false for all else.
func (w *writer) flow(n *strictyaml.Node, r rule) (string, bool) {
	if n.IsScalar() {
		text := w.layout.slice(n.Pos, w.layout.end(n))
		return text[0], len(text) == 1 && text[0] != ""
	}
	opening, _ := w.layout.at(n.Pos)
	if n.Style != strictyaml.Flow || w.layout.end(n).Line != n.Pos.Line || opening != '[' && opening != '{' {
		return "", false
	}
	var parts []string
	for _, item := range n.Items {
		text, ok := w.flow(item, r.item())
		if !ok {
			return "", false
		}
		parts = append(parts, text)
	}
	for _, entry := range w.ordered(n, r) {
		key, okKey := w.flow(entry.Key, rule{})
		value, okValue := w.flow(entry.Value, r.below(entry.Key.Text))
		if !okKey || !okValue {
			return "", false
		}
		parts = append(parts, key+": "+value)
	}
	if n.Kind == strictyaml.Map {
		return "{" + strings.Join(parts, ", ") + "}", true
	}
	return "[" + strings.Join(parts, ", ") + "]", true
}
