package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tocsin-soar/tocsin/internal/diag/misfit"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Faults is all that is wrong with an answer, as far as it is told. Fields are JSON
// pointers into the answer; the empty one is the answer itself.
type Faults []misfit.Fault

// maxShown is how many faults the sentence tells; errors.As gives them all.
const maxShown = 5

// Error joins the faults into one sentence, each with its place.
func (f Faults) Error() string {
	words := make([]string, 0, maxShown+1)
	for i, fault := range f {
		if i == maxShown {
			words = append(words, fmt.Sprintf("and %d more", len(f)-i))
			break
		}
		place := fault.Field
		if place == "" {
			place = "the answer"
		}
		words = append(words, place+" "+fault.Message)
	}
	return strings.Join(words, "; ")
}

// Under gives the faults with their places below another: /answer.
func (f Faults) Under(place string) Faults {
	out := make(Faults, len(f))
	for i, fault := range f {
		out[i] = misfit.Fault{Field: place + fault.Field, Message: fault.Message}
	}
	return out
}

// Formats lists the formats that a form may ask for.
func Formats() []string {
	return []string{"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"}
}

// Fill gives the answer with the form's defaults in the places that were left out, and
// Faults when it does not fit then. Without a form any object is an answer. Any other
// error says that the form cannot be used.
func Fill(form, answer map[string]any) (map[string]any, error) {
	filled := answer
	if len(form) > 0 {
		filled, _ = withDefaults(form, answer).(map[string]any)
	}
	return filled, Check(form, filled)
}

// Check gives Faults when the answer does not fit the form as it stands. Any other
// error says that the form cannot be used.
func Check(form, answer map[string]any) error {
	if answer == nil {
		answer = map[string]any{}
	}
	if faults := carried(answer, "", 0); len(faults) > 0 {
		return faults
	}
	if len(form) == 0 {
		return nil
	}
	schema, err := compile(form)
	if err != nil {
		return fmt.Errorf("the form cannot be used: %w", err)
	}
	value, err := plain(answer)
	if err != nil {
		return Faults{{Message: "cannot be written as JSON"}}
	}
	if err := schema.Validate(value); err != nil {
		faults := Faults(misfit.Explain(err))
		if len(faults) == 0 {
			return fmt.Errorf("the answer cannot be held against the form: %w", err)
		}
		for i := range faults {
			faults[i].Message = soar.Shorten(faults[i].Message, maxMessage)
		}
		return faults
	}
	return nil
}

const maxMessage = 300 // bytes

func compile(form map[string]any) (*jsonschema.Schema, error) {
	document, err := plain(closed(form, false))
	if err != nil {
		return nil, err
	}
	const name = "tocsin:///form.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(name, document); err != nil {
		return nil, err
	}
	return compiler.Compile(name)
}

// noLoader refuses references to other schemas: a form comes from a published playbook
// and still must not make the server read files or addresses.
type noLoader struct{}

// Load always fails.
func (noLoader) Load(string) (any, error) {
	return nil, fmt.Errorf("forms refer to nothing outside themselves")
}

// plain brings data into the form that the validator expects.
func plain(value any) (any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(raw))
}

// closed gives the schema with objects that take no other properties than those that
// they name. within tells that it stands in anyOf and the like: it is one of several
// that speak of the same object, which is closed as a whole.
func closed(schema map[string]any, within bool) map[string]any {
	out := maps.Clone(schema)
	composed := false
	for _, word := range []string{"anyOf", "oneOf", "allOf"} {
		if list, ok := schema[word].([]any); ok {
			out[word], composed = closedAll(list), true
		}
	}
	for _, word := range []string{"items", "additionalProperties"} {
		if inner, ok := schema[word].(map[string]any); ok {
			out[word] = closed(inner, false)
		}
	}
	properties, named := schema["properties"].(map[string]any)
	if named {
		inside := map[string]any{}
		for name, property := range properties {
			inside[name] = property
			if inner, ok := property.(map[string]any); ok {
				inside[name] = closed(inner, false)
			}
		}
		out["properties"] = inside
	}
	_, said := schema["additionalProperties"]
	switch {
	case said || within || !named && !composed:
	case composed:
		out["unevaluatedProperties"] = false
	default:
		out["additionalProperties"] = false
	}
	return out
}

func closedAll(list []any) []any {
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
		if inner, ok := one.(map[string]any); ok {
			out[i] = closed(inner, true)
		}
	}
	return out
}

// withDefaults gives a copy of the value in which absent properties have what the
// schema gives by default. Objects that are absent are not made up.
func withDefaults(schema map[string]any, value any) any {
	switch value := value.(type) {
	case map[string]any:
		return filledObject(schema, value)
	case []any:
		items, ok := schema["items"].(map[string]any)
		if !ok {
			return value
		}
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = withDefaults(items, item)
		}
		return out
	default:
		return value
	}
}

func filledObject(schema, value map[string]any) map[string]any {
	out := maps.Clone(value)
	if out == nil {
		out = map[string]any{}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		inner, ok := property.(map[string]any)
		if !ok {
			continue
		}
		given, there := out[name]
		preset, some := inner["default"]
		switch {
		case there:
			out[name] = withDefaults(inner, given)
		case some:
			out[name] = preset
		}
	}
	return out
}
