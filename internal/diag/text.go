package diag

import (
	"fmt"
	"io"
	"strings"
)

// Sources gives the text of a file that diagnostics point into, and false when it
// is not at hand; then the source line is left out.
type Sources func(file string) (source []byte, ok bool)

// widest is how many runes of a source line are shown; longer lines are cut around
// the caret.
const widest = 120

// WriteText writes each diagnostic as "file:line:column: level: message [rule]", the
// source line, a caret under the place, and the hint. sources may be nil.
func WriteText(w io.Writer, list List, sources Sources) error {
	lines := map[string][]string{}
	for _, d := range list {
		if err := writeOne(w, d, sourceLines(lines, d.File, sources)); err != nil {
			return err
		}
	}
	return nil
}

// String gives the first line of the rendering: place, level, message, rule.
func (d Diagnostic) String() string {
	place := d.Position
	place.File = Escape(place.File)
	return fmt.Sprintf("%s: %s: %s [%s]", place, d.Level, Escape(d.Message), d.Rule)
}

// Summary counts: "2 errors, 1 warning", or "no faults".
func (l List) Summary() string {
	errors := 0
	for _, d := range l {
		if d.Level == Error {
			errors++
		}
	}
	var parts []string
	if errors > 0 {
		parts = append(parts, count(errors, "error"))
	}
	if warnings := len(l) - errors; warnings > 0 {
		parts = append(parts, count(warnings, "warning"))
	}
	if len(parts) == 0 {
		return "no faults"
	}
	return strings.Join(parts, ", ")
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func sourceLines(known map[string][]string, file string, sources Sources) []string {
	if sources == nil {
		return nil
	}
	if lines, ok := known[file]; ok {
		return lines
	}
	source, ok := sources(file)
	if ok {
		known[file] = SplitLines(string(source))
	} else {
		known[file] = nil
	}
	return known[file]
}

// SplitLines cuts text into lines the way positions count them: LF, CR LF and a lone
// CR end a line, and a byte order mark at the start does not count.
func SplitLines(text string) []string {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

func writeOne(w io.Writer, d Diagnostic, lines []string) error {
	if _, err := fmt.Fprintln(w, d); err != nil {
		return err
	}
	hint := Escape(d.Hint)
	if d.Line < 1 || d.Line > len(lines) {
		if hint == "" {
			return nil
		}
		_, err := fmt.Fprintf(w, "      = %s\n", hint)
		return err
	}
	source, before, under := excerpt(lines[d.Line-1], d.Column, d.Length)
	gutter := fmt.Sprintf("%5d", d.Line)
	if hint != "" {
		hint = " " + hint
	}
	_, err := fmt.Fprintf(w, "%s | %s\n%s | %s%s%s\n", gutter, source,
		strings.Repeat(" ", len(gutter)), before, strings.Repeat("^", under), hint)
	return err
}

// excerpt gives the escaped source line, what to put before the carets so that they
// stand under the place, and how many carets to write.
func excerpt(line string, column, length int) (shown, before string, under int) {
	starts := runeStarts(line)
	start := min(max(column, 1)-1, len(starts)-1)
	end := min(start+max(length, 1), len(starts)-1)
	from, to := 0, len(starts)-1
	if to > widest {
		from = max(0, min(start-widest/4, to-widest))
		to = from + widest
		end = min(end, to)
	}
	lead := expand(line[starts[from]:starts[start]])
	place := expand(line[starts[start]:starts[max(start, end)]])
	rest := expand(line[starts[max(start, end)]:starts[to]])
	return strings.TrimRight(lead+place+rest, " "), strings.Repeat(" ", columns(lead)), max(1, columns(place))
}

// runeStarts gives the byte where each rune begins, and the length of the line. A byte
// that is not UTF-8 counts as a rune.
func runeStarts(line string) []int {
	starts := make([]int, 0, len(line)+1)
	for at := range line {
		starts = append(starts, at)
	}
	return append(starts, len(line))
}

// expand shows a tab as one space and everything else that is hidden escaped, so that
// what stands above the caret has the width that is counted.
func expand(text string) string { return Escape(strings.ReplaceAll(text, "\t", " ")) }

// columns counts the cells that text takes in a terminal: two for the wide scripts.
func columns(text string) int {
	cells := 0
	for _, r := range text {
		if wide(r) {
			cells++
		}
		cells++
	}
	return cells
}

// wide tells whether a terminal gives r two cells: the East Asian wide blocks and the
// emoji blocks, without the narrow exceptions inside them.
func wide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3:
		return true
	case r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60:
		return true
	default:
		return r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd
	}
}
