package expression

import (
	"encoding/json"
	"testing"
)

func TestTypeString(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		t    *Type
		want string
	}{
		{nil, "any value"}, {Any(), "any value"}, {Null(), "null"}, {Bool(), "true or false"}, {Int(), "a whole number"}, {Number(), "a number"},
		{Text(), "text"}, {EnumOf("a"), `the text "a"`}, {EnumOf("a", "b"), "text"}, {ListOf(nil), "a list"}, {ListOf(Text()), "a list of text"},
		{ListOf(Int()), "a list of whole numbers"}, {ListOf(ObjectOf(nil)), "a list of objects"}, {ListOf(ListOf(Bool())), "a list of lists"}, {OpenObject(Text()), "an object"},
	} {
		if got := row.t.String(); got != row.want {
			t.Errorf("got %q, want %q", got, row.want)
		}
	}
}

func TestUnify(t *testing.T) {
	t.Parallel()
	object := ObjectOf(map[string]*Type{"a": Text(), "b": Int()})
	for _, row := range []struct {
		a, b, want *Type
	}{
		{Int(), Number(), Number()},
		{Int(), Int(), Int()},
		{Int(), Text(), Any()},
		{Null(), Text(), Optional(Text())},
		{Text(), Null(), Optional(Text())},
		{Null(), Null(), Null()},
		{Optional(Int()), Number(), Optional(Number())},
		{EnumOf("a"), EnumOf("b", "a"), EnumOf("a", "b")},
		{EnumOf("a"), Text(), Text()},
		{ListOf(Int()), ListOf(Number()), ListOf(Number())},
		{ListOf(nil), ListOf(Int()), ListOf(Any())},
		{object, ObjectOf(map[string]*Type{"a": Text()}), &Type{Kind: KindObject, Open: true, Fields: map[string]*Type{"a": Text()}}},
		{object, object, object},
	} {
		if got := unify(row.a, row.b); shape(got) != shape(row.want) {
			t.Errorf("%s and %s: got %s, want %s", shape(row.a), shape(row.b), shape(got), shape(row.want))
		}
	}
}

// shape writes all of a type, for comparing.
func shape(t *Type) string {
	form, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return string(form)
}

func TestFromJSONSchema(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		schema string
		want   *Type
	}{
		{`{"type": "string"}`, Text()},
		{`{"type": "string", "description": "a host", "enum": ["a", "b"]}`, &Type{Kind: KindText, Doc: "a host", Enum: []string{"a", "b"}}},
		{`{"const": "x"}`, EnumOf("x")},
		{`{"enum": ["x", null]}`, EnumOf("x")},
		{`{"enum": [1, "x"]}`, Any()},
		{`{"type": "integer"}`, Int()},
		{`{"type": "number"}`, Number()},
		{`{"type": "boolean"}`, Bool()},
		{`{"type": "null"}`, Null()},
		{`{"type": ["string", "null"]}`, Text()},
		{`{"type": ["string", "integer"]}`, Any()},
		{`{}`, Any()},
		{`{"oneOf": [{"type": "string"}]}`, Any()},
		{`{"type": "array"}`, ListOf(Any())},
		{`{"type": "array", "items": {"type": "integer"}}`, ListOf(Int())},
		{`{"items": true}`, ListOf(Any())},
		{`{"type": "object"}`, &Type{Kind: KindObject, Fields: map[string]*Type{}, Open: true}},
		{`{"type": "object", "properties": {"a": {"type": "string"}}, "required": []}`, ObjectOf(map[string]*Type{"a": Text()})},
		{`{"properties": {"a": true}, "additionalProperties": true}`, &Type{Kind: KindObject, Fields: map[string]*Type{"a": Any()}, Open: true}},
		{`{"type": "object", "additionalProperties": {"type": "integer"}}`, &Type{Kind: KindObject, Fields: map[string]*Type{}, Open: true, Elem: Int()}},
		{`{"type": "object", "additionalProperties": false}`, ObjectOf(map[string]*Type{})},
	} {
		got, err := FromJSONSchema(decoded(t, row.schema))
		if err != nil || shape(got) != shape(row.want) {
			t.Errorf("%s: got %s, %v, want %s", row.schema, shape(got), err, shape(row.want))
		}
	}
}

func TestFromJSONSchemaErrors(t *testing.T) {
	t.Parallel()
	deep := map[string]any{}
	for range 40 {
		deep = map[string]any{"type": "array", "items": deep}
	}
	for want, schema := range map[string]map[string]any{
		`schema: "strin" is not a type of JSON Schema`:                                decoded(t, `{"type": "strin"}`),
		`schema: type must be a word or a list of words`:                              decoded(t, `{"type": 5}`),
		`schema: properties must be an object`:                                        decoded(t, `{"type": "object", "properties": []}`),
		`schema.a: must be a schema`:                                                  decoded(t, `{"properties": {"b": 6, "a": 5}}`),
		`schema.a: $ref is not supported; write the schema out`:                       decoded(t, `{"properties": {"a": {"$ref": "#/x"}}}`),
		`schema.items: must be a schema`:                                              decoded(t, `{"type": "array", "items": "text"}`),
		`schema.additionalProperties: must be a schema`:                               decoded(t, `{"type": "object", "additionalProperties": 1}`),
		"schema" + repeatText(".items", 33) + ": the schema is nested deeper than 32": deep,
	} {
		if _, err := FromJSONSchema(schema); errorText(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func repeatText(s string, n int) string {
	out := ""
	for range n {
		out += s
	}
	return out
}

func decoded(t *testing.T, schema string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(schema), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
