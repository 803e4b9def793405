package observe

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const redacted = "[redacted]"

// secretKeys are words in the name of a value that is never shown. Secrets are
// secret.String and show themselves as redacted; this is the net below them, for
// text that came from a library or a vendor.
func secretKeys() []string {
	return []string{"password", "passwd", "secret", "authorization", "api_key", "apikey", "private_key", "cookie", "access_token", "refresh_token", "credential"}
}

// secretText finds secrets within a text: our own tokens, what follows Bearer or
// Basic, the password in a URL, and password=... as PostgreSQL's messages have it.
var secretText = regexp.MustCompile(`tocsin_[A-Za-z0-9_-]{8,}|(?i:\b(?:bearer|basic)\s+)[A-Za-z0-9+/._~=-]{12,}|(://[^/\s:@]*:)[^/\s@]+@|(?i:\b(password|passwd|secret|api_?key|access_token)\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s&,;"']+)`)

// Redact gives the text without the secrets that can be told by their form.
func Redact(text string) string {
	if !strings.ContainsAny(text, "_:= ") { // all forms have one of these
		return text
	}
	return secretText.ReplaceAllStringFunc(text, func(found string) string {
		parts := secretText.FindStringSubmatch(found)
		switch {
		case parts[1] != "": // a URL
			return parts[1] + redacted + "@"
		case strings.HasPrefix(found, "tocsin_"):
			return redacted
		default:
			end := strings.IndexAny(found, "=: \t")
			return found[:end+1] + redacted
		}
	})
}

// clean is slog's ReplaceAttr: names as ours, secrets out.
func clean(_ []string, attr slog.Attr) slog.Attr {
	attr.Key = known(attr.Key)
	lower := strings.ToLower(attr.Key)
	if slices.ContainsFunc(secretKeys(), func(word string) bool { return strings.Contains(lower, word) }) {
		return slog.String(attr.Key, redacted)
	}
	value := attr.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		attr.Value = slog.StringValue(Redact(value.String()))
	case slog.KindAny:
		attr.Value = cleanAny(value.Any())
	}
	return attr
}

// cleanAny turns what would be formatted as text into cleaned text. Other values
// are left to the handler, which shows secret.String as redacted wherever it is.
func cleanAny(value any) slog.Value {
	switch v := value.(type) {
	case error:
		return slog.StringValue(Redact(text(v.Error)))
	case fmt.Stringer:
		return slog.StringValue(Redact(text(v.String)))
	default:
		return slog.AnyValue(value)
	}
}

// text bears a value that cannot be asked, such as a nil pointer in an error.
func text(ask func() string) (out string) {
	defer func() {
		if caught := recover(); caught != nil {
			out = fmt.Sprintf("!PANIC: %v", caught)
		}
	}()
	return ask()
}

// visible writes every rune that has no shape, or changes how others are shown,
// as \uXXXX. Both formats have such runes only within quotes, where this is how
// they are written anyway; JSON itself leaves most of them as they are.
type visible struct{ out io.Writer }

// Write is io.Writer's. A line comes in one piece.
func (w visible) Write(line []byte) (int, error) {
	if !slices.ContainsFunc(line, func(b byte) bool { return b >= utf8.RuneSelf || (b < ' ' && b != '\n') || b == 0x7f }) {
		return w.out.Write(line)
	}
	var shown strings.Builder
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&shown, `\u%04x`, utf8.RuneError)
		case r == '\n' || unicode.IsPrint(r):
			shown.WriteRune(r)
		case r > 0xffff:
			high, low := pair(r)
			fmt.Fprintf(&shown, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&shown, `\u%04x`, r)
		}
		i += size
	}
	if _, err := io.WriteString(w.out, shown.String()); err != nil {
		return 0, err
	}
	return len(line), nil
}

// pair is how JSON writes a rune beyond 16 bits.
func pair(r rune) (high, low rune) {
	r -= 0x10000
	return 0xd800 + r>>10, 0xdc00 + r&0x3ff
}
