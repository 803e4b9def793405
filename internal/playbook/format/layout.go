package format

import (
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// layout says which lines without a value belong to which value: comments and blank
// lines. A blank line is "".
type layout struct {
	lines    []string
	preamble []string                      // before the first key
	head     map[*strictyaml.Node][]string // before a child: by its key, or by the item
	foot     map[*strictyaml.Node][]string // after the last child of a collection
	base     map[*strictyaml.Node]int      // how far the owner of a value is indented
	odd      bool                          // something stands where nothing is expected
}

func readLayout(document *strictyaml.Document) *layout {
	l := &layout{lines: document.Lines, head: map[*strictyaml.Node][]string{}, foot: map[*strictyaml.Node][]string{}, base: map[*strictyaml.Node]int{}}
	root := document.Root
	first := root.Pos.Line
	l.preamble = tidy(l.remarks(1, first))
	l.measure(root)
	l.collect(root, first)
	last := l.end(root).Line
	l.gap(root, nil, last+1, len(l.lines)+1)
	return l
}

// measure notes how far the owner of each value is indented.
func (l *layout) measure(n *strictyaml.Node) {
	for _, c := range l.children(n) {
		l.base[c.value] = n.Pos.Column - 1
		l.measure(c.value)
	}
}

// child is one part of a block collection.
type child struct {
	node  *strictyaml.Node // the key, or the item
	value *strictyaml.Node
	line  int // where it starts: the key, or the dash
}

// children lists the parts of a block collection; none for all else.
func (l *layout) children(n *strictyaml.Node) []child {
	var list []child
	if n.Style != strictyaml.Block {
		return nil
	}
	for _, entry := range n.Entries {
		list = append(list, child{node: entry.Key, value: entry.Value, line: entry.Key.Pos.Line})
	}
	for _, item := range n.Items {
		list = append(list, child{node: item, value: item, line: l.dash(n, item)})
	}
	return list
}

// dash gives the line of the dash before an item.
func (l *layout) dash(list, item *strictyaml.Node) int {
	for line := min(item.Pos.Line, len(l.lines)); line >= list.Pos.Line; line-- {
		runes := []rune(l.lines[line-1])
		at := list.Pos.Column - 1
		if at < len(runes) && runes[at] == '-' && strings.TrimSpace(strings.ReplaceAll(string(runes[:at]), "-", "")) == "" || line == list.Pos.Line {
			return line
		}
	}
	return item.Pos.Line
}

// collect shares the lines between the children of n out. start is the line where n's
// owner stands; what is between belongs to the first child.
func (l *layout) collect(n *strictyaml.Node, start int) {
	list := l.children(n)
	for i, c := range list {
		if i == 0 {
			l.head[c.node] = l.remarks(start+1, c.line)
		} else {
			before := list[i-1]
			l.gap(n, &c, l.endOf(before)+1, c.line)
		}
		if len(l.children(c.value)) > 0 {
			l.collect(c.value, c.line)
		}
	}
}

func (l *layout) endOf(c child) int {
	if c.value.Kind == strictyaml.Null && c.value.Text == "" {
		return c.line
	}
	return max(c.line, l.end(c.value).Line)
}

// gap shares the lines from here to there out: those indented as deep as what ended
// before belong to it, the rest to the child that follows, or to n when none does.
func (l *layout) gap(n *strictyaml.Node, next *child, from, to int) {
	open := l.ended(n, from)
	var waiting []string
	for line := from; line < to; line++ {
		text := l.remark(line)
		if text == "" {
			waiting = append(waiting, "")
			continue
		}
		depth := len(l.lines[line-1]) - len(strings.TrimLeft(l.lines[line-1], " \t"))
		for len(open) > 1 && open[len(open)-1].Pos.Column-1 > depth {
			open = open[:len(open)-1]
		}
		if len(open) == 1 && next != nil {
			l.head[next.node] = append(waiting, l.remarks(line, to)...)
			return
		}
		owner := open[len(open)-1]
		l.foot[owner] = append(append(l.foot[owner], waiting...), text)
		waiting = nil
	}
	if next != nil {
		l.head[next.node] = waiting
	}
}

// ended lists n and the collections inside it that end before a line, outermost first.
func (l *layout) ended(n *strictyaml.Node, before int) []*strictyaml.Node {
	open := []*strictyaml.Node{n}
	for {
		var last *child
		for _, c := range l.children(open[len(open)-1]) {
			if c.line < before {
				last = &c
			}
		}
		if last == nil || len(l.children(last.value)) == 0 {
			return open
		}
		open = append(open, last.value)
	}
}

// remarks gives the comments and blank lines from one line up to another.
func (l *layout) remarks(from, to int) []string {
	var found []string
	for line := from; line < to; line++ {
		found = append(found, l.remark(line))
	}
	return found
}

// remark gives the comment on a line without a value, "" when there is none. The
// markers of a document go.
func (l *layout) remark(line int) string {
	text := strings.TrimSpace(l.lines[line-1])
	for _, marker := range []string{"---", "..."} {
		text = strings.TrimSpace(strings.TrimPrefix(text, marker))
	}
	if text != "" && !strings.HasPrefix(text, "#") {
		l.odd = true
	}
	return text
}

// tidy keeps one blank line where several stand, and none at the end.
func tidy(remarks []string) []string {
	var kept []string
	for _, text := range remarks {
		if text == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		kept = append(kept, text)
	}
	for len(kept) > 0 && kept[len(kept)-1] == "" {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// slice gives the source from one place up to another, as lines.
func (l *layout) slice(from, to diag.Position) []string {
	if from.Line < 1 || to.Line > len(l.lines) || to.Line < from.Line || from.Line == to.Line && to.Column < from.Column {
		l.odd = true
		return []string{""}
	}
	var out []string
	for line := from.Line; line <= to.Line; line++ {
		runes := []rune(l.lines[line-1])
		start, stop := 0, len(runes)
		if line == from.Line {
			start = min(from.Column-1, len(runes))
		}
		if line == to.Line {
			stop = min(to.Column-1, len(runes))
		}
		out = append(out, string(runes[start:max(start, stop)]))
	}
	return out
}
