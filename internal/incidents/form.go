package incidents

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what one refusal says of an answer.
const (
	maxFaults    = 5
	maxFaultText = 200
)

// noLoader refuses references to other schemas.
type noLoader struct{}

// Load always fails: a form is complete in itself.
func (noLoader) Load(address string) (any, error) {
	return nil, fmt.Errorf("forms may not refer to %s", address)
}

// fit holds an answer in JSON, an object or null, against a form, a JSON Schema
// 2020-12. What does not fit is invalid, with the first field that is wrong.
func fit(op string, form map[string]any, answer []byte) error {
	schema, err := compileForm(form)
	if err != nil {
		// Forms are checked when a playbook is published.
		return soar.Wrap(soar.CodeInternal, op, err, "the form of this task cannot be used")
	}
	if bytes.Equal(answer, []byte("null")) {
		answer = []byte("{}")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(answer))
	if err != nil {
		return invalid(op, "answer", "the answer cannot be read as JSON")
	}
	err = schema.Validate(value)
	if err == nil {
		return nil
	}
	wrong, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return soar.Wrap(soar.CodeInternal, op, err, "the answer cannot be held against the form")
	}
	faults := leaves(wrong, nil)
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(a.field, b.field) })
	faults = slices.Compact(faults)
	return invalid(op, faults[0].field, "%s", sentence(faults))
}

func compileForm(form map[string]any) (*jsonschema.Schema, error) {
	raw, err := json.Marshal(form)
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	const name = "tocsin:///form.json"
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.UseLoader(noLoader{})
	if err := compiler.AddResource(name, document); err != nil {
		return nil, err
	}
	return compiler.Compile(name)
}

// fault is one thing that is wrong with an answer, with the field as the sender
// names it: answer.host.name.
type fault struct{ field, what string }

// leaves gives what is wrong in the end, without the schemas that led there.
func leaves(e *jsonschema.ValidationError, into []fault) []fault {
	for _, cause := range e.Causes {
		into = leaves(cause, into)
	}
	if len(e.Causes) > 0 {
		return into
	}
	at := append([]string{"answer"}, e.InstanceLocation...)
	switch wrong := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range wrong.Missing {
			into = append(into, faultAt(append(slices.Clone(at), name), "is missing"))
		}
	case *kind.AdditionalProperties:
		for _, name := range wrong.Properties {
			into = append(into, faultAt(append(slices.Clone(at), name), "is not asked for"))
		}
	default:
		into = append(into, faultAt(at, e.BasicOutput().Error.String()))
	}
	return into
}

func faultAt(path []string, what string) fault {
	return fault{soar.Shorten(strings.Join(path, "."), maxFaultText), soar.Shorten(what, maxFaultText)}
}

func sentence(faults []fault) string {
	words := make([]string, 0, maxFaults+1)
	for i, f := range faults {
		if i == maxFaults {
			words = append(words, fmt.Sprintf("and %d more", len(faults)-i))
			break
		}
		separator := ": "
		if strings.HasPrefix(f.what, "is ") {
			separator = " "
		}
		words = append(words, f.field+separator+f.what)
	}
	return strings.Join(words, "; ")
}
