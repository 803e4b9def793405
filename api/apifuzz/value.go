package apifuzz

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxDrawn bounds the depth of drawn values and the length of drawn texts.
const (
	maxDrawnDepth = 6
	maxDrawnText  = 40 // characters, where the description permits more
)

// site is one value of a body with the schema that it was drawn from.
type site struct {
	schema   *openapi3.Schema
	value    any
	required bool
	set      func(any)
	drop     func() // nil: it is not a field
}

// drawer draws values that are as described and remembers where each stands.
type drawer struct {
	rng   *rand.Rand
	sites []site
}

// value draws one; set puts another in its place.
func (d *drawer) value(s *openapi3.Schema, at site, depth int) any {
	if branches := slices.Concat(s.OneOf, s.AnyOf); len(branches) > 0 {
		return d.value(branches[d.rng.IntN(len(branches))].Value, at, depth)
	}
	at.schema = s
	index := len(d.sites)
	d.sites = append(d.sites, at)
	value := d.plain(s, depth)
	d.sites[index].value = value
	return value
}

func (d *drawer) plain(s *openapi3.Schema, depth int) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[d.rng.IntN(len(s.Enum))]
	case s.Type.Includes("object"):
		return d.object(s, depth)
	case s.Type.Includes("array"):
		return d.array(s, depth)
	case s.Type.Includes("string"):
		return d.text(s)
	case s.Type.Includes("boolean"):
		return d.rng.IntN(2) == 0
	case s.Type.Includes("integer"), s.Type.Includes("number"):
		return d.number(s)
	default:
		return d.anything()
	}
}

func (d *drawer) object(s *openapi3.Schema, depth int) any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		required := slices.Contains(s.Required, name)
		if !required && (depth > maxDrawnDepth || d.rng.IntN(2) == 0) {
			continue
		}
		out[name] = d.value(s.Properties[name].Value, site{
			required: required, set: func(v any) { out[name] = v }, drop: func() { delete(out, name) },
		}, depth+1)
	}
	if uint64(len(out)) < s.MinProps {
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			out[name] = d.value(s.Properties[name].Value, site{set: func(v any) { out[name] = v }, drop: func() { delete(out, name) }}, depth+1)
			break
		}
	}
	if len(s.Properties) == 0 {
		for range d.rng.IntN(3) {
			out[pick(d.rng, names())] = d.anything()
		}
	}
	return out
}

func (d *drawer) array(s *openapi3.Schema, depth int) any {
	most := s.MinItems + 2
	if s.MaxItems != nil {
		most = min(most, *s.MaxItems)
	}
	length := s.MinItems + d.rng.Uint64N(most-s.MinItems+1)
	out := []any{}
	for i := range int(length) {
		if depth > maxDrawnDepth || s.Items == nil {
			break
		}
		item := d.value(s.Items.Value, site{set: func(v any) { out[i] = v }}, depth+1)
		if s.UniqueItems && slices.ContainsFunc(out, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(item) }) {
			break
		}
		out = append(out, item)
	}
	return out
}

func (d *drawer) number(s *openapi3.Schema) any {
	low, high := 0.0, 1000.0
	if s.Min != nil {
		low, high = *s.Min, *s.Min+1000
	}
	if s.Max != nil {
		high = *s.Max
	}
	return int64(low) + d.rng.Int64N(int64(high)-int64(low)+1)
}

func (d *drawer) text(s *openapi3.Schema) any {
	switch {
	case s.Format == "date-time":
		return time.Date(2020+d.rng.IntN(20), 1, 1+d.rng.IntN(360), d.rng.IntN(24), d.rng.IntN(60), d.rng.IntN(60), 0, time.UTC).Format(time.RFC3339)
	case s.Pattern != "":
		return fromPattern(d.rng, s.Pattern)
	}
	most := uint64(maxDrawnText)
	if s.MaxLength != nil {
		most = min(most, *s.MaxLength)
	}
	text := []rune(pick(d.rng, names()) + " " + pick(d.rng, hostile()))
	for uint64(len(text)) < max(s.MinLength, 3) {
		text = append(text, 'a')
	}
	return string(text[:min(uint64(len(text)), most)])
}

func (d *drawer) anything() any {
	return pick(d.rng, []any{nil, true, 7, -1.5, "web-01", []any{}, map[string]any{"a": []any{1}}, pick(d.rng, hostile())})
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// names are harmless texts.
func names() []string {
	return []string{"web-01", "incident", "edr", "isolate_host", "ssh_brute_force", "1.0.0", "analyst@lab.invalid", "203.0.113.7", "host", "admin"}
}

// hostile are texts that some reader of another product took for code, markup, a
// format, a path or an end.
func hostile() []string {
	return []string{
		"", "'; DROP TABLE incidents --", "' OR '1'='1", "<script>alert(1)</script>", "${{ 1 + 1 }}", "{{7*7}}", "%s%n%x", "../../etc/passwd", "..%2f..%2f",
		"\x1b[2J\x1b[31m", "\u202e\u2066", "\ufeff", "\u2028", "💥", "a\r\nSet-Cookie: x=1", "\\\"\\", "=HYPERLINK(\"x\")", "javascript:alert(1)",
		"null", "true", "NaN", "1e400", "\u0301\u0301\u0301", "@channel", "`id`", "$(id)", "CON", "-1", "ＡＤＭＩＮ", "\x7f",
	}
}

// fromPattern draws a text that a pattern of the description matches.
func fromPattern(rng *rand.Rand, pattern string) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var out strings.Builder
	write(&out, rng, parsed)
	return out.String()
}

func write(out *strings.Builder, rng *rand.Rand, re *syntax.Regexp) {
	repeat := func(low, high int) {
		for range low + rng.IntN(high-low+1) {
			write(out, rng, re.Sub[0])
		}
	}
	const more = 8 // of what may come any number of times
	switch re.Op {
	case syntax.OpLiteral:
		out.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		at := 2 * rng.IntN(len(re.Rune)/2)
		low, high := re.Rune[at], min(re.Rune[at+1], re.Rune[at]+100)
		out.WriteRune(low + rng.Int32N(high-low+1))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		out.WriteRune('a' + rng.Int32N(26))
	case syntax.OpStar:
		repeat(0, more)
	case syntax.OpPlus:
		repeat(1, more)
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpRepeat:
		high := re.Max
		if high < 0 {
			high = re.Min + more
		}
		repeat(re.Min, high)
	case syntax.OpAlternate:
		write(out, rng, re.Sub[rng.IntN(len(re.Sub))])
	default: // concatenation, groups; anchors have nothing below them
		for _, sub := range re.Sub {
			write(out, rng, sub)
		}
	}
}
