package expression

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression/data"
)

const maxSchemaDepth = 32

// FromJSONSchema turns a JSON Schema into a type. It understands type, properties, items, enum,
// const, additionalProperties and description. A member that the schema does not require is not
// Maybe: absent members read as null, and only what the checker marks needs ?. or ??.
// An object with properties is closed unless additionalProperties is true or a schema; an object
// without properties is open. Combinations (oneOf, anyOf, allOf) and lists of types give Any.
// A $ref, a member of the wrong form and nesting beyond 32 are errors.
func FromJSONSchema(schema map[string]any) (*Type, error) { return fromSchema(schema, "schema", 0) }

func fromSchema(schema map[string]any, place string, depth int) (*Type, error) {
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("%s: the schema is nested deeper than %d", data.Clip(place), maxSchemaDepth)
	}
	if _, reference := schema["$ref"]; reference {
		return nil, fmt.Errorf("%s: $ref is not supported; write the schema out", data.Clip(place))
	}
	kind, err := schemaKind(schema, place)
	if err != nil {
		return nil, err
	}
	t := &Type{Kind: kind}
	t.Doc, _ = schema["description"].(string)
	switch kind {
	case KindText:
		t.Enum = schemaEnum(schema)
	case KindList:
		t.Elem, err = childSchema(schema["items"], place+".items", depth)
	case KindObject:
		err = schemaObject(t, schema, place, depth)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// schemaKind reads "type". A list of one type and null is that type: a null is met when it runs.
func schemaKind(schema map[string]any, place string) (Kind, error) {
	names := textItems(schema["type"])
	if one, ok := schema["type"].(string); ok {
		names = []string{one}
	}
	if len(names) > 1 {
		names = slices.DeleteFunc(names, func(n string) bool { return n == "null" })
	}
	switch {
	case len(names) > 1:
		return KindAny, nil
	case len(names) == 0 && schema["type"] != nil:
		return KindAny, fmt.Errorf("%s: type must be a word or a list of words", data.Clip(place))
	case len(names) == 0:
		return impliedKind(schema), nil
	}
	kinds := map[string]Kind{"null": KindNull, "boolean": KindBool, "integer": KindInt, "number": KindNumber,
		"string": KindText, "array": KindList, "object": KindObject}
	kind, ok := kinds[names[0]]
	if !ok {
		return KindAny, fmt.Errorf("%s: %s is not a type of JSON Schema", data.Clip(place), data.Quote(names[0]))
	}
	return kind, nil
}

// impliedKind reads the kind of a schema without "type" from its other words.
func impliedKind(schema map[string]any) Kind {
	switch {
	case schema["properties"] != nil:
		return KindObject
	case schema["items"] != nil:
		return KindList
	case schemaEnum(schema) != nil:
		return KindText
	default:
		return KindAny
	}
}

// schemaEnum gives the allowed texts, or nil when any value of enum or const is not text.
func schemaEnum(schema map[string]any) []string {
	if one, ok := schema["const"].(string); ok {
		return []string{one}
	}
	return textItems(schema["enum"])
}

func schemaObject(t *Type, schema map[string]any, place string, depth int) error {
	properties, given := schema["properties"].(map[string]any)
	if schema["properties"] != nil && !given {
		return fmt.Errorf("%s: properties must be an object", data.Clip(place))
	}
	t.Fields = make(map[string]*Type, len(properties))
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		field, err := childSchema(properties[name], place+"."+name, depth)
		if err != nil {
			return err
		}
		t.Fields[name] = field
	}
	switch extra := schema["additionalProperties"].(type) {
	case nil:
		t.Open = len(properties) == 0
	case bool:
		t.Open = extra
	default:
		elem, err := childSchema(extra, place+".additionalProperties", depth)
		if err != nil {
			return err
		}
		t.Open, t.Elem = true, elem
	}
	return nil
}

// childSchema reads a schema inside another; an absent one and the schema "true" mean any value.
func childSchema(child any, place string, depth int) (*Type, error) {
	switch child := child.(type) {
	case nil, bool:
		return Any(), nil
	case map[string]any:
		return fromSchema(child, place, depth+1)
	default:
		return nil, fmt.Errorf("%s: must be a schema", data.Clip(place))
	}
}

// textItems gives the items of a list when every one is text or null, without the nulls; else nil.
func textItems(list any) []string {
	if texts, ok := list.([]string); ok {
		return slices.Clone(texts)
	}
	items, _ := list.([]any)
	var texts []string
	for _, item := range items {
		text, ok := item.(string)
		if !ok && item != nil {
			return nil
		}
		if ok {
			texts = append(texts, text)
		}
	}
	return texts
}
