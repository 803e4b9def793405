package strictschema

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/form"
)

// Rule is the name that faults are reported under.
const Rule = "json_schema"

// Read checks the schema of an object and gives it as plain data, nil after a fault
// that leaves nothing to work with. what names it in messages: "input".
func Read(r *strictyaml.Reader, n *strictyaml.Node, what string) map[string]any {
	if !r.Is(n, strictyaml.Map, what) {
		return nil
	}
	s := reader{Reader: r, what: what}
	before := len(r.List)
	s.schema(n)
	if kind := n.Get("type"); kind == nil {
		s.fault(n, fmt.Sprintf("%s must describe an object", what), "add type: object")
	} else if !kind.Bad && kind.Text != "object" {
		s.fault(kind, fmt.Sprintf("%s must describe an object", what), "write type: object and put each value under properties")
	}
	data, _ := n.Data().(map[string]any)
	if len(r.List) == before {
		if err := Compile(data); err != nil {
			s.fault(n, fmt.Sprintf("%s is no valid JSON Schema", what), err.Error())
		}
	}
	return data
}

type reader struct {
	*strictyaml.Reader
	what string
}

func (s *reader) fault(n *strictyaml.Node, message, hint string) { s.Fault(n, Rule, message, hint) }

// check reads the value of one keyword.
type check func(s *reader, n *strictyaml.Node, key string)

// keywords are what a schema may hold.
func keywords() map[string]check {
	count := func(s *reader, n *strictyaml.Node, key string) { s.Int(n, key, 0, 1<<30) }
	return map[string]check{
		"title": text, "description": text, "format": format,
		"type": types, "enum": enum, "const": anything, "default": anything, "examples": list,
		"properties": properties, "required": required, "additionalProperties": subschemaOrBool,
		"items": subschema, "uniqueItems": func(s *reader, n *strictyaml.Node, key string) { s.Bool(n, key) },
		"minItems": count, "maxItems": count, "minLength": count, "maxLength": count, "minProperties": count, "maxProperties": count,
		"minimum": number, "maximum": number, "exclusiveMinimum": number, "exclusiveMaximum": number, "multipleOf": number,
		"pattern": pattern, "anyOf": subschemas, "oneOf": subschemas, "allOf": subschemas,
	}
}

// Keywords lists the keywords that a schema may hold, sorted.
func Keywords() []string { return slices.Sorted(maps.Keys(keywords())) }

func (s *reader) schema(n *strictyaml.Node) {
	if !s.Is(n, strictyaml.Map, "a schema") {
		return
	}
	known := keywords()
	for _, entry := range n.Entries {
		key := entry.Key.Text
		read, ok := known[key]
		if !ok {
			s.fault(entry.Key, fmt.Sprintf("a schema has no keyword %q here", key), keywordHint(key))
			continue
		}
		if !entry.Value.Bad {
			read(s, entry.Value, key)
		}
	}
	s.bounds(n)
}

func keywordHint(key string) string {
	switch key {
	case "$ref", "$defs", "definitions":
		return "references are not used; write the schema out"
	case "optional", "mandatory":
		return "list the names of required properties under required:"
	case "values", "options", "choices":
		return "write enum: [...]"
	}
	if hint := diag.DidYouMean(key, Keywords()); hint != "" {
		return hint
	}
	return "a property of this name stands under properties:"
}

// format refuses what no validator would look at.
func format(s *reader, n *strictyaml.Node, key string) {
	word := s.Text(n, key)
	if !n.Bad && !slices.Contains(form.Formats(), word) {
		s.fault(n, fmt.Sprintf("format must be %s, not %q", diag.OneOf(form.Formats()), word), diag.DidYouMean(word, form.Formats()))
	}
}

func text(s *reader, n *strictyaml.Node, key string)    { s.Text(n, key) }
func anything(*reader, *strictyaml.Node, string)        {}
func list(s *reader, n *strictyaml.Node, key string)    { s.Is(n, strictyaml.List, key) }
func subschema(s *reader, n *strictyaml.Node, _ string) { s.schema(n) }

func subschemaOrBool(s *reader, n *strictyaml.Node, _ string) {
	if n.Kind != strictyaml.Bool {
		s.schema(n)
	}
}

func subschemas(s *reader, n *strictyaml.Node, key string) {
	if !s.Is(n, strictyaml.List, key) {
		return
	}
	if len(n.Items) == 0 {
		s.fault(n, key+" needs at least one schema", "")
	}
	for _, item := range n.Items {
		s.schema(item)
	}
}

func number(s *reader, n *strictyaml.Node, key string) {
	if n.Kind != strictyaml.Int && n.Kind != strictyaml.Float {
		s.fault(n, fmt.Sprintf("%s must be a number, this is %s", key, n.Kind), "")
	}
}

// TypeNames are the words that "type" may hold.
func TypeNames() []string {
	return []string{"string", "integer", "number", "boolean", "array", "object", "null"}
}

func types(s *reader, n *strictyaml.Node, _ string) {
	if n.Kind != strictyaml.List {
		typeName(s, n)
		return
	}
	if len(n.Items) == 0 {
		s.fault(n, "type needs at least one word", "")
	}
	for _, item := range n.Items {
		typeName(s, item)
	}
}

func typeName(s *reader, n *strictyaml.Node) {
	if n.Bad {
		return
	}
	if n.Kind == strictyaml.Null {
		s.fault(n, `type must be a word`, `write "null" in quotes for nothing`)
		return
	}
	if !n.IsScalar() || !slices.Contains(TypeNames(), n.Text) {
		s.fault(n, fmt.Sprintf("type must be %s, not %q", diag.OneOf(TypeNames()), n.Text), typeHint(n.Text))
	}
}

func typeHint(word string) string {
	others := map[string]string{"str": "string", "text": "string", "int": "integer", "float": "number", "double": "number", "bool": "boolean", "list": "array", "map": "object", "dict": "object", "enum": "string"}
	if other, ok := others[word]; ok {
		return `did you mean "` + other + `"?`
	}
	return diag.DidYouMean(word, TypeNames())
}

func enum(s *reader, n *strictyaml.Node, key string) {
	if !s.Is(n, strictyaml.List, key) {
		return
	}
	if len(n.Items) == 0 {
		s.fault(n, "enum needs at least one value", "")
	}
	seen := map[string]bool{}
	for _, item := range n.Items {
		if !item.IsScalar() {
			s.fault(item, "a value of enum must be text, a number, true or false", "")
			continue
		}
		form := fmt.Sprintf("%T %v", item.Data(), item.Data())
		if seen[form] {
			s.fault(item, fmt.Sprintf("%q stands in enum twice", item.Text), "")
		}
		seen[form] = true
	}
}

func properties(s *reader, n *strictyaml.Node, key string) {
	if !s.Is(n, strictyaml.Map, key) {
		return
	}
	for _, entry := range n.Entries {
		s.schema(entry.Value)
	}
}

func required(s *reader, n *strictyaml.Node, key string) {
	if n.Kind == strictyaml.Bool {
		s.fault(n, "required is a list of names", "put it beside properties: required: [name]")
		return
	}
	s.Strings(n, key)
}

func pattern(s *reader, n *strictyaml.Node, key string) {
	source := s.Text(n, key)
	if len(source) > 256 {
		s.fault(n, "the pattern is longer than 256 bytes", "")
		return
	}
	if _, err := regexp.Compile(source); err != nil {
		s.fault(n, "the pattern is no regular expression: "+err.Error(), "patterns use RE2 syntax, as Go does")
	}
}

// bounds checks what keywords say about each other.
func (s *reader) bounds(n *strictyaml.Node) {
	for _, pair := range [][2]string{{"minimum", "maximum"}, {"minLength", "maxLength"}, {"minItems", "maxItems"}, {"minProperties", "maxProperties"}} {
		least, most := n.Get(pair[0]), n.Get(pair[1])
		if least != nil && most != nil && !least.Bad && !most.Bad && toFloat(least.Data()) > toFloat(most.Data()) {
			s.fault(least, pair[0]+" is greater than "+pair[1], "")
		}
	}
	names := n.Get("required")
	known := n.Get("properties")
	if names == nil || names.Bad || names.Kind != strictyaml.List {
		return
	}
	var there []string
	if known != nil {
		for _, entry := range known.Entries {
			there = append(there, entry.Key.Text)
		}
	}
	for _, name := range names.Items {
		if !name.Bad && !slices.Contains(there, name.Text) {
			s.fault(name, fmt.Sprintf("%q is required but is no property", name.Text), diag.DidYouMean(name.Text, there))
		}
	}
}

func toFloat(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	default:
		return 0
	}
}
