package apifuzz

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// longRun is from how many equal bytes on a run is written as a command.
const longRun = 200

// curl gives a command for a POSIX shell that sends the same request. The token
// is not written: $TOKEN stands for a good one.
func (q request) curl(base string) string {
	var out strings.Builder
	if len(q.body) > 0 {
		out.WriteString(printed(q.body) + " | ")
	}
	fmt.Fprintf(&out, "curl -sS -i --path-as-is -X %s %s", q.method, quote(base+q.path))
	switch {
	case q.refused == 0 && q.token != "":
		out.WriteString(` -H "Authorization: Bearer $TOKEN"`)
	case q.refused != 0 && q.token != "":
		out.WriteString(` -H "Authorization: Bearer $BAD_TOKEN"`)
	}
	for _, name := range slices.Sorted(maps.Keys(q.header)) {
		for _, value := range q.header[name] {
			out.WriteString(" -H " + quote(name+": "+value))
		}
	}
	if len(q.body) > 0 {
		out.WriteString(" --data-binary @-")
	}
	return out.String()
}

// printed gives a command that prints the bytes.
func printed(body []byte) string {
	var parts []string
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			parts = append(parts, "printf '"+plain.String()+"'")
			plain.Reset()
		}
	}
	for at := 0; at < len(body); {
		end := at
		for end < len(body) && body[end] == body[at] {
			end++
		}
		if end-at >= longRun {
			flush()
			parts = append(parts, fmt.Sprintf(`head -c %d /dev/zero | tr '\0' '\%03o'`, end-at, body[at]))
		} else {
			plain.WriteString(strings.Repeat(octal(body[at]), end-at))
		}
		at = end
	}
	flush()
	if len(parts) == 1 {
		return parts[0]
	}
	return "{ " + strings.Join(parts, "; ") + "; }"
}

// octal writes one byte as printf reads it within single quotes.
func octal(b byte) string {
	switch {
	case b == '%':
		return "%%"
	case b == '\\':
		return `\\`
	case b < ' ' || b >= 0x7f || b == '\'':
		return fmt.Sprintf(`\%03o`, b)
	default:
		return string(rune(b))
	}
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
