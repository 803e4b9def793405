package letter

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds in bytes.
const (
	lineMost = 500
	bodyMost = 8000
)

var (
	// urlForm finds what a mail or chat program would turn into a link.
	urlForm = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.-]{1,20}:/{1,3}|www\.)[^\s]*`)
	// schemeForm finds schemes that act without slashes.
	schemeForm = regexp.MustCompile(`(?i)\b(javascript|vbscript|data|mailto|tel|sms|file|blob|ms-[a-z]+|slack|msteams)\s*:`)
)

// Line makes text of anybody fit for one line: a subject, a cell, a header.
func Line(text string) string {
	return soar.Shorten(strings.Join(strings.Fields(Body(text)), " "), lineMost)
}

// Body makes text of anybody fit to be read: valid UTF-8, no control characters but
// line breaks, nothing invisible, nothing that changes direction, no address that a
// program would make a link of.
func Body(text string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), "\uFFFD") {
		switch {
		case r == '\n' || unicode.In(r, unicode.Zl, unicode.Zp):
			out.WriteByte('\n')
		case unicode.IsSpace(r) || unicode.IsControl(r):
			out.WriteByte(' ')
		case invisible(r):
		default:
			out.WriteRune(r)
		}
	}
	cleaned := strings.TrimSpace(defang(out.String()))
	if len(cleaned) <= bodyMost {
		return cleaned
	}
	return strings.ToValidUTF8(cleaned[:bodyMost], "") + "\n..."
}

// invisible tells characters that are there and not seen, or turn what follows.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// defang writes addresses so that nobody follows them by mistake.
func defang(text string) string {
	text = urlForm.ReplaceAllStringFunc(text, func(address string) string {
		address = strings.Replace(address, ":/", "[:]/", 1)
		if len(address) > 3 && strings.EqualFold(address[:4], "http") {
			address = "hxxp" + address[4:]
		}
		return strings.ReplaceAll(address, ".", "[.]")
	})
	text = strings.ReplaceAll(text, "=?", "= ?") // mail programs would decode what looks like an encoded header
	return schemeForm.ReplaceAllString(text, "$1[:]")
}
