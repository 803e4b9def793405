package card

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/slack-go/slack"
)

const ellipsis = "…"

// units counts text as the strictest reading of Slack's limits does: in UTF-16.
func units(text string) int {
	count := 0
	for _, r := range text {
		count += max(utf16.RuneLen(r), 1)
	}
	return count
}

// cut shortens text to at most limit units and tells whether it did.
func cut(text string, limit int) (short string, whole bool) {
	if units(text) <= limit {
		return text, true
	}
	left := limit - units(ellipsis)
	for i, r := range text {
		if left -= max(utf16.RuneLen(r), 1); left < 0 {
			return strings.TrimRight(text[:i], " \n") + ellipsis, false
		}
	}
	return text, true
}

// Clean makes text of anybody fit to be shown: one line of valid UTF-8 without
// control characters, marks that change direction and characters without width;
// < and > become ‹ and ›, so that nothing in it can be read as a mention or a link;
// URLs are defanged.
func Clean(text string) string { return clean(text, false) }

// clean keeps line breaks when lines is set.
func clean(text string, lines bool) string {
	var out strings.Builder
	space := true // nothing begins with a space
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case r == '\n' && lines:
			out.WriteRune(r)
			space = true
		case unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp):
			if !space {
				out.WriteByte(' ')
			}
			space = true
		case invisible(r):
		default:
			out.WriteRune(angle(r))
			space = false
		}
	}
	return defang(strings.TrimSpace(out.String()))
}

// invisible tells characters that are there and not seen, or turn what follows.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

func angle(r rune) rune {
	switch r {
	case '<':
		return '‹'
	case '>':
		return '›'
	default:
		return r
	}
}

var (
	httpForm = regexp.MustCompile(`(?i)http(s?)://`)
	hostForm = regexp.MustCompile(`\[:\]//[^\s/?#\[]*`)
	wwwForm  = regexp.MustCompile(`(?i)\b(www)\.`)
	mailForm = regexp.MustCompile(`(?i)\b(mailto|javascript|tel|slack):(\S)`)
	dataForm = regexp.MustCompile(`(?i)\b(data):([a-z]+/)`)
)

// defang makes URLs into text that no client turns into a link: hxxps[:]//host[.]tld.
func defang(text string) string {
	text = httpForm.ReplaceAllString(text, "hxxp$1://")
	text = strings.ReplaceAll(text, "://", "[:]//")
	text = hostForm.ReplaceAllStringFunc(text, func(host string) string { return strings.ReplaceAll(host, ".", "[.]") })
	text = wwwForm.ReplaceAllString(text, "$1[.]")
	text = mailForm.ReplaceAllString(text, "$1[:]$2")
	return dataForm.ReplaceAllString(text, "$1[:]$2")
}

// plain shows text of anybody on one line of at most limit units.
func plain(text string, limit int) *slack.TextBlockObject {
	shown, _ := cut(Clean(text), limit)
	return object(shown)
}

// prose shows text of anybody that may have several lines.
func prose(text string, limit int) *slack.TextBlockObject {
	shown, _ := cut(clean(text, true), limit)
	return object(shown)
}

// object is plain_text; Slack refuses an empty one.
func object(shown string) *slack.TextBlockObject {
	if shown == "" {
		shown = "-"
	}
	return slack.NewTextBlockObject(slack.PlainTextType, shown, false, false)
}

// own is text of this package: constants, numbers, times, ids that known let through.
// Nothing of others is ever converted to it.
type own string

// mark shows own text with its marks.
func mark(text own) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, string(text), false, true)
}

// known gives an id as it may stand among own text: letters, digits and - _ . only,
// at most 80 of them.
func known(id string) own {
	kept := strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r)) {
			return r
		}
		return -1
	}, id)
	if kept == "" {
		return "-"
	}
	return own(kept[:min(len(kept), 80)])
}
