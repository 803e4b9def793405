package apifuzz

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// spoiler gives a value that a schema does not permit, false when it permits
// whatever this spoiler can do.
type spoiler func(d *draw, s *openapi3.Schema) (any, bool)

// atSite spoils one value of the body.
func atSite(spoil spoiler) func(*draw) bool {
	return func(d *draw) bool {
		if !d.operation.json() {
			return false
		}
		for _, i := range d.rng.Perm(len(d.sites)) {
			if value, ok := spoil(d, d.sites[i].schema); ok {
				d.sites[i].set(value)
				d.wrong = true
				return true
			}
		}
		return false
	}
}

func firstOf(d *draw, s *openapi3.Schema, spoilers ...spoiler) (any, bool) {
	for _, i := range d.rng.Perm(len(spoilers)) {
		if value, ok := spoilers[i](d, s); ok {
			return value, true
		}
	}
	return nil, false
}

func dropField(d *draw) bool {
	if !d.operation.json() {
		return false
	}
	for _, i := range d.rng.Perm(len(d.sites)) {
		if s := d.sites[i]; s.required && s.drop != nil {
			s.drop()
			d.wrong = true
			return true
		}
	}
	return false
}

// addField adds a field that is not described, or one in another case.
func addField(d *draw) bool {
	if !d.operation.json() {
		return false
	}
	for _, i := range d.rng.Perm(len(d.sites)) {
		s := d.sites[i]
		fields, ok := s.value.(map[string]any)
		if !ok || s.schema.AdditionalProperties.Has == nil || *s.schema.AdditionalProperties.Has {
			continue
		}
		fields[pick(d.rng, []string{"no_such_field", "Reason", "__proto__", "constructor", "", "id", "roles", "a/b~c", "\u0000"})] = d.anything()
		d.wrong = slices.ContainsFunc(fieldNames(fields), func(name string) bool { return s.schema.Properties[name] == nil })
		return true
	}
	return false
}

func fieldNames(fields map[string]any) []string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	return names
}

func wrongType(d *draw, s *openapi3.Schema) (any, bool) {
	kinds := map[string]any{"string": "text", "number": 7.5, "boolean": true, "object": map[string]any{"a": 1}, "array": []any{"a"}}
	var possible []any
	for _, kind := range []string{"string", "number", "boolean", "object", "array"} {
		if !s.Type.IsEmpty() && !s.Type.Includes(kind) {
			possible = append(possible, kinds[kind])
		}
	}
	if len(possible) == 0 {
		return nil, false
	}
	return pick(d.rng, possible), true
}

func tooLong(d *draw, s *openapi3.Schema) (any, bool) {
	switch {
	case s.MaxLength != nil && d.rng.IntN(2) == 0:
		return strings.Repeat("é", int(*s.MaxLength)+1), true
	case s.MaxLength != nil:
		return strings.Repeat("a", int(*s.MaxLength)+20_000), true
	case s.Pattern != "" && len(s.Enum) == 0:
		return strings.Repeat("a", 3000), !regexp.MustCompile(s.Pattern).MatchString(strings.Repeat("a", 3000))
	case s.MaxItems != nil && s.Items != nil:
		items := make([]any, *s.MaxItems+1)
		for i := range items {
			items[i] = (&drawer{rng: d.rng}).plain(s.Items.Value, maxDrawnDepth)
		}
		return items, true
	default:
		return nil, false
	}
}

func tooShort(_ *draw, s *openapi3.Schema) (any, bool) {
	switch {
	case s.MinLength > 0:
		return strings.Repeat("a", int(s.MinLength)-1), true
	case s.MinItems > 0:
		return []any{}, true
	case s.MinProps > 0:
		return map[string]any{}, true
	default:
		return nil, false
	}
}

func notInList(d *draw, s *openapi3.Schema) (any, bool) {
	if len(s.Enum) == 0 {
		return nil, false
	}
	word, _ := pick(d.rng, s.Enum).(string)
	value := pick(d.rng, []string{"no_such_word", "", strings.ToUpper(word), word + " ", "\u202e" + word})
	return value, !slices.Contains(s.Enum, any(value))
}

func outOfRange(d *draw, s *openapi3.Schema) (any, bool) {
	var possible []any
	if s.Min != nil {
		possible = append(possible, int64(*s.Min)-1, json.Number("-1e300"))
	}
	if s.Max != nil {
		possible = append(possible, int64(*s.Max)+1, json.Number("1e400"), json.Number("99999999999999999999"))
	}
	if s.Type.Includes("integer") {
		possible = append(possible, json.Number("1.5"))
	}
	if len(possible) == 0 {
		return nil, false
	}
	return pick(d.rng, possible), true
}

func badForm(d *draw, s *openapi3.Schema) (any, bool) {
	switch {
	case len(s.Enum) > 0:
		return nil, false
	case s.Format == "date-time":
		return pick(d.rng, []string{"yesterday", "2026-13-45T99:99:99Z", "2026-01-02", "1767323045", "", "2026-01-02T03:04:05", "9999999-01-01T00:00:00Z"}), true
	case s.Pattern != "":
		value := pick(d.rng, append(hostile(), "a b", "a\nb", "é", "/"))
		return value, !regexp.MustCompile(s.Pattern).MatchString(value)
	default:
		return nil, false
	}
}

func null(_ *draw, s *openapi3.Schema) (any, bool) {
	return nil, !s.Type.IsEmpty() && !s.Type.IncludesNull()
}

// hostileField puts a text that some reader might take for something else where
// any text is permitted. The answer may be a success.
func hostileField(d *draw) bool {
	if !d.operation.json() {
		return false
	}
	for _, i := range d.rng.Perm(len(d.sites)) {
		s := d.sites[i]
		if !s.schema.Type.Includes("string") || len(s.schema.Enum) > 0 || s.schema.Pattern != "" || s.schema.Format != "" {
			continue
		}
		s.set(pick(d.rng, hostile()))
		return true
	}
	return false
}
