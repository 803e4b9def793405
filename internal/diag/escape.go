package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes text safe to show on one line of a terminal: control characters,
// line ends, characters that turn the direction of text, characters without width
// and bytes that are not UTF-8 become \n, \t, \u202e or \xff. A backslash that was
// there stays as it is.
func Escape(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || Hidden(r) }) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		b.WriteString(escapeRune(r, size, text[0]))
		text = text[size:]
	}
	return b.String()
}

func escapeRune(r rune, size int, first byte) string {
	switch {
	case r == utf8.RuneError && size == 1:
		return fmt.Sprintf(`\x%02x`, first)
	case !Hidden(r):
		return string(r)
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}

// Hidden tells whether a reader cannot see r for what it is: control characters
// (tab and line ends too), line and paragraph separators, marks that turn the
// direction of text (the Trojan Source characters), and characters without width.
func Hidden(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return true
	case r == '\u061c', r == '\u200b', r == '\u200e', r == '\u200f', r == '\u2060', r == '\ufeff':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tag characters
		return true
	default:
		return false
	}
}
