package soar

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Shorten cuts text to at most limit bytes at a rune's border and says so with an
// ellipsis. Invalid UTF-8 and control characters become spaces, so that text of
// an attacker stays one line wherever it is shown.
func Shorten(text string, limit int) string {
	const ellipsis = "..."
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || (r >= 0x7f && r <= 0x9f) || bidirectional(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) <= limit {
		return text
	}
	cut := max(limit-len(ellipsis), 0)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}

// Minute gives an instant for people, in UTC and to the minute: 2026-11-22 09:38 UTC.
func Minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// bidirectional tells whether r changes the direction of the text around it,
// which can make shown text read differently from what it is.
func bidirectional(r rune) bool {
	return (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0x200e || r == 0x200f || r == 0x061c
}
