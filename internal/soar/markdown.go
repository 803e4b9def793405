package soar

import "strings"

// Markdown makes text of anybody harmless where it is rendered as markdown, as
// Temporal's UI does with every summary and with the details: no emphasis, no
// HTML, no link, not even from a bare address, no heading, no end of a table cell.
// Only marks that its renderer takes back again get a backslash: a quote or a
// question mark would show it. Marks that mean something at the beginning of a
// line only are left alone elsewhere, so that dates stay readable in a terminal.
func Markdown(text string) string {
	const anywhere, atStart = "\\`*_{}[]()!|&<>~^$", "#+-:"
	var out strings.Builder
	runes, digits := []rune(text), 0
	for i, r := range runes {
		address := r == ':' && i > 0 && letter(runes[i-1]) && i+1 < len(runes) && runes[i+1] != ' '
		numbered := r == '.' && i > 0 && i == digits
		if r < 0x80 && (strings.ContainsRune(anywhere, r) || i == 0 && strings.ContainsRune(atStart, r) || address || numbered) {
			out.WriteByte('\\')
		}
		if i == digits && '0' <= r && r <= '9' {
			digits++
		}
		out.WriteRune(r)
	}
	return out.String()
}

func letter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
