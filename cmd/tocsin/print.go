package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"charm.land/lipgloss/v2"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// printer writes text for people. All values pass through diag.Escape, because
// any of them may have been written by an attacker: no control character and
// nothing that turns the direction of text reaches the terminal.
type printer struct {
	out    io.Writer
	colour bool
	err    error // the first failure of out
}

func newPrinter(out io.Writer) *printer {
	return &printer{out: out, colour: isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (p *printer) flush() error { return p.err }

// line writes one line. The format is ours; the values are escaped.
func (p *printer) line(format string, values ...any) {
	p.write(fmt.Sprintf(format, escaped(values)...) + "\n")
}

func (p *printer) write(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.out, text)
	}
}

func escaped(values []any) []any {
	safe := make([]any, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case int, int64, bool:
			safe[i] = v
		case styled:
			safe[i] = string(v)
		default:
			safe[i] = diag.Escape(fmt.Sprint(v))
		}
	}
	return safe
}

// styled is text that was escaped and coloured already.
type styled string

func (p *printer) paint(text, colour string) styled {
	text = diag.Escape(text)
	if !p.colour || colour == "" {
		return styled(text)
	}
	return styled(lipgloss.NewStyle().Foreground(lipgloss.Color(colour)).Render(text))
}

func (p *printer) bold(text string) styled {
	text = diag.Escape(text)
	if !p.colour {
		return styled(text)
	}
	return styled(lipgloss.NewStyle().Bold(true).Render(text))
}

// severity colours a severity; the word itself says it, too.
func (p *printer) severity(s soar.Severity) styled {
	colours := map[soar.Severity]string{soar.SeverityCritical: "9", soar.SeverityHigh: "1", soar.SeverityMedium: "3", soar.SeverityLow: "4"}
	return p.paint(orDash(string(s)), colours[s])
}

func (p *printer) state(word string) styled {
	switch word {
	case "succeeded", "approved", "met", "done", "released", "ok", "yes":
		return p.paint(word, "2")
	case "failed", "denied", "breached", "release_failed", "expired", "no":
		return p.paint(word, "1")
	case "running", "pending", "active", "open":
		return p.paint(word, "3")
	default:
		return p.paint(orDash(word), "")
	}
}

// table writes rows in columns, as wide as their contents. Columns are two spaces
// apart; the last is not padded.
func (p *printer) table(head []string, rows [][]any) {
	cells := make([][]string, 0, len(rows)+1)
	top := make([]string, len(head))
	for i, name := range head {
		top[i] = string(p.bold(name))
	}
	cells = append(cells, top)
	widths := make([]int, len(head))
	for _, row := range rows {
		line := make([]string, len(head))
		for i, value := range escaped(row) {
			line[i] = fmt.Sprint(value)
		}
		cells = append(cells, line)
	}
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	for _, line := range cells {
		var out strings.Builder
		for i, cell := range line {
			out.WriteString(cell)
			if i < len(line)-1 {
				out.WriteString(strings.Repeat(" ", widths[i]-lipgloss.Width(cell)+2))
			}
		}
		p.write(strings.TrimRight(out.String(), " ") + "\n")
	}
}

// fields writes names and values below one another; empty values are left out.
func (p *printer) fields(pairs ...any) {
	type field struct{ name, value string }
	var shown []field
	widest := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		f := field{fmt.Sprint(pairs[i]), fmt.Sprint(escaped(pairs[i+1 : i+2])[0])}
		if f.value != "" {
			shown, widest = append(shown, f), max(widest, lipgloss.Width(f.name))
		}
	}
	for _, f := range shown {
		p.write(f.name + strings.Repeat(" ", widest-lipgloss.Width(f.name)+2) + f.value + "\n")
	}
}

// section writes a heading after an empty line.
func (p *printer) section(title string) { p.write("\n" + string(p.bold(title)) + "\n") }

// when writes a time in the zone of the reader, and says which that is.
func when(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Local().Format("2006-01-02 15:04:05 MST")
}

func whenSet(at *time.Time) string {
	if at == nil {
		return ""
	}
	return when(*at)
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// cut shortens a cell of a table to a number of runes.
func cut(text string, most int) string {
	text = diag.Escape(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// writeJSON writes a value as JSON that is safe to show on a terminal: what a
// reader could not see is escaped, and means the same to a program.
func writeJSON(out io.Writer, value any) error {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write as JSON: %w", err)
	}
	_, err = out.Write(append(escapeJSON(body), '\n'))
	return err
}

// compactJSON gives a value as one line; a value that JSON cannot hold gives an
// empty one.
func compactJSON(value any) string {
	body, err := json.Marshal(value)
	if err != nil {
		return "\n"
	}
	return string(escapeJSON(body)) + "\n"
}

func escapeJSON(body []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(body) {
		switch {
		case r == '\n' || !diag.Hidden(r):
			out.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		}
	}
	return out.Bytes()
}
