package spec

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tocsin-soar/tocsin/internal/diag/misfit"
)

// Fault is one thing wrong with an input. Field is a JSON pointer into the body
// or the name of a parameter.
type Fault = misfit.Fault

type parameter struct {
	name, in string // in: path, query or header
	kind     string // string, integer, number or boolean
	required bool
	schema   *jsonschema.Schema
}

type body struct {
	required   bool
	mediaTypes []string
	schemas    map[string]*jsonschema.Schema // by media type
}

// Input is what a request carries besides its body.
type Input struct {
	Path   map[string]string
	Query  url.Values
	Header http.Header
}

// CheckParameters compares parameters with their description. Query parameters
// that are not described, or come twice, are faults; headers that are not
// described are none of our business.
func (o *Operation) CheckParameters(input Input) []Fault {
	faults := o.unknownQuery(input.Query)
	for _, p := range o.parameters {
		value, given := p.find(input)
		switch {
		case !given && p.required:
			faults = append(faults, Fault{Field: p.name, Message: "is missing"})
		case given:
			faults = append(faults, p.check(value)...)
		}
	}
	return faults
}

func (o *Operation) unknownQuery(query url.Values) []Fault {
	var known []string
	for _, p := range o.parameters {
		if p.in == "query" {
			known = append(known, p.name)
		}
	}
	var faults []Fault
	for name, values := range query {
		switch {
		case !slices.Contains(known, name):
			faults = append(faults, Fault{Field: misfit.Clip(name), Message: "is not a known parameter; " + knownNames(known)})
		case len(values) > 1:
			faults = append(faults, Fault{Field: name, Message: "is given more than once"})
		}
	}
	slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Field, b.Field) })
	return faults
}

func (p parameter) find(input Input) (string, bool) {
	switch p.in {
	case "path":
		value, ok := input.Path[p.name]
		return value, ok
	case "query":
		return input.Query.Get(p.name), input.Query.Has(p.name)
	default:
		values := input.Header.Values(p.name)
		return strings.Join(values, ","), len(values) > 0
	}
}

// check reads the text as the type that is described, then as the schema says.
func (p parameter) check(raw string) []Fault {
	var value any = raw
	switch p.kind {
	case "integer", "number":
		value = json.Number(raw)
		if !json.Valid([]byte(raw)) || strings.TrimLeft(raw, "-0123456789.eE+") != "" {
			return []Fault{{Field: p.name, Message: "is not a number"}}
		}
	case "boolean":
		if raw != "true" && raw != "false" {
			return []Fault{{Field: p.name, Message: "is neither true nor false"}}
		}
		value = raw == "true"
	}
	if strings.ContainsRune(raw, 0) {
		return []Fault{{Field: p.name, Message: "contains a NUL character"}}
	}
	faults := misfit.Explain(p.schema.Validate(value))
	for i := range faults {
		faults[i].Field = p.name
	}
	return faults
}

// BodyRequired tells whether a request without a body is refused.
func (o *Operation) BodyRequired() bool { return o.body != nil && o.body.required }

// Takes tells whether the operation reads a parameter in path, query or header.
func (o *Operation) Takes(in, name string) bool {
	return slices.ContainsFunc(o.parameters, func(p parameter) bool { return p.in == in && p.name == name })
}

// TakesBody tells whether the operation reads a body at all.
func (o *Operation) TakesBody() bool { return o.body != nil }

// Accepts tells whether a body of this media type, without parameters and in
// lower case, is described.
func (o *Operation) Accepts(mediaType string) bool {
	return o.body != nil && (o.body.schemas[mediaType] != nil || o.body.schemas["*/*"] != nil)
}

// DecodeBody reads a JSON body once, strictly, and compares it with its schema.
// The value holds only nil, bool, json.Number, string, []any and map[string]any.
// Other media types are the handler's to read; their value is nil.
func (o *Operation) DecodeBody(mediaType string, raw []byte) (any, []Fault) {
	if mediaType != "application/json" || o.RawBody {
		return nil, nil
	}
	value, fault := decodeJSON(raw)
	if fault != nil {
		return nil, []Fault{*fault}
	}
	return value, misfit.Explain(o.body.schemas[mediaType].Validate(value))
}

func knownNames(names []string) string {
	if len(names) == 0 {
		return "this takes none"
	}
	slices.Sort(names)
	return "expected one of " + strings.Join(names, ", ")
}
