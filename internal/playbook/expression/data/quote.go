package data

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxMessageBytes = 300 // of a message or a hint: neither may echo a whole source
	maxQuotedRunes  = 40  // of a name or a fragment quoted inside a message
)

// Clip makes text valid UTF-8 and shortens it to maxMessageBytes without cutting a rune in two.
func Clip(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxMessageBytes {
		return text
	}
	end := maxMessageBytes - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// Shorten cuts a fragment of a source for quoting in a message, and flattens its line ends.
func Shorten(fragment string) string {
	if len(fragment) > 8*maxQuotedRunes {
		fragment = strings.ToValidUTF8(fragment[:8*maxQuotedRunes], "")
	}
	fragment = strings.Join(strings.Fields(fragment), " ")
	runes := 0
	for i := range fragment {
		if runes == maxQuotedRunes {
			return fragment[:i] + "…"
		}
		runes++
	}
	return fragment
}

// Quote puts a shortened fragment between double quotes.
func Quote(fragment string) string { return `"` + Shorten(fragment) + `"` }

// Decimal writes a whole number.
func Decimal(n int) string { return strconv.Itoa(n) }
