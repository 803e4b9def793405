package spec_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api/spec"
)

const head = `openapi: 3.1.0
info: {title: t, version: "1"}
components:
  schemas:
    Colour: {type: string, enum: [red, green]}
    Name: {type: string, maxLength: 3}
  parameters:
    colour: {name: colour, in: query, schema: {$ref: '#/components/schemas/Colour'}}
paths:
`

const things = head + `
  /things/{id}/a~b:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, pattern: '^[a-z]+$'}}
    post:
      operationId: makeThing
      x-permission: [a, b]
      parameters:
        - $ref: '#/components/parameters/colour'
        - {name: size, in: query, schema: {type: integer, minimum: 2}}
        - {name: share, in: query, schema: {type: number}}
        - {name: Key, in: header, schema: {type: string, minLength: 2}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [name]
              properties:
                name: {$ref: '#/components/schemas/Name'}
                colours: {type: array, items: {$ref: '#/components/schemas/Colour'}, uniqueItems: true}
                at: {type: [string, 'null'], format: date-time}
    get: {operationId: showThing, x-public: true}
`

func parse(t *testing.T, source string) *spec.Spec {
	t.Helper()
	parsed, err := spec.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestOperations(t *testing.T) {
	t.Parallel()
	parsed := parse(t, things)
	got, ok := parsed.Find("POST", "/things/{id}/a~b")
	if !ok || got.ID != "makeThing" || got.Public || !got.BodyRequired() || !got.TakesBody() || !got.Accepts("application/json") || got.Accepts("text/plain") {
		t.Errorf("got %+v, %t", got, ok)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got.Permissions); diff != "" {
		t.Error(diff)
	}
	all := parsed.Operations()
	if len(all) != 2 || all[0].ID != "showThing" || !all[0].Public || all[0].TakesBody() || all[0].MediaTypes() != nil {
		t.Errorf("got %+v", all)
	}
	if _, ok := parsed.Find("DELETE", "/things/{id}/a~b"); ok {
		t.Error("an operation that is not described is found")
	}
}

// TestFaultyDescriptions: whatever leaves open who may call an operation stops
// the start.
func TestFaultyDescriptions(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ source, want string }{
		"nobody said who may":     {head + "  /a: {get: {operationId: a}}", "exactly one of x-permission and x-public"},
		"both were said":          {head + "  /a: {get: {operationId: a, x-public: true, x-permission: b}}", "exactly one of"},
		"public is said as text":  {head + "  /a: {get: {operationId: a, x-public: 'yes'}}", "exactly one of"},
		"an empty list":           {head + "  /a: {get: {operationId: a, x-permission: []}}", "exactly one of"},
		"no id":                   {head + "  /a: {get: {x-public: true}}", "no operationId"},
		"a schema with a fault":   {head + "  /a: {get: {operationId: a, x-public: true, parameters: [{name: b, in: query, schema: {type: nothing}}]}}", "parameter b"},
		"a body that is nowhere":  {head + "  /a: {put: {operationId: a, x-public: true, requestBody: {content: {application/json: {schema: {$ref: '#/nowhere'}}}}}}", "body application/json"},
		"another YAML":            {"- a", "not an object"},
		"something that is none":  {"{", "read the API description"},
		"a pattern with a fault":  {head + "  /a: {get: {operationId: a, x-public: true, parameters: [{name: b, in: query, schema: {type: string, pattern: '('}}]}}", "parameter b"},
		"a parameter of a circle": {strings.Replace(head, "colour: {name: colour,", "round: {$ref: '#/components/parameters/round'}\n    colour: {name: colour,", 1) + "  /a: {get: {operationId: a, x-public: true, parameters: [{$ref: '#/components/parameters/round'}]}}", "parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := spec.Parse([]byte(row.source)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q in it", err, row.want)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	operation, _ := parse(t, things).Find("POST", "/things/{id}/a~b")
	for _, row := range []struct {
		name  string
		id    string
		query string
		key   string
		want  []spec.Fault
	}{
		{"all well", "x", "colour=red&size=2&share=0.5", "abc", nil},
		{"none given", "x", "", "", nil},
		{"a path of another form", "X", "", "", []spec.Fault{{Field: "id", Message: `is "X", expected the form ^[a-z]+$`}}},
		{"an unknown one", "x", "color=red", "", []spec.Fault{{Field: "color", Message: "is not a known parameter; expected one of colour, share, size"}}},
		{"twice", "x", "size=2&size=3", "", []spec.Fault{{Field: "size", Message: "is given more than once"}}},
		{"too small", "x", "size=1", "", []spec.Fault{{Field: "size", Message: "is 1, expected at least 2"}}},
		{"no number", "x", "size=two", "", []spec.Fault{{Field: "size", Message: "is not a number"}}},
		{"no whole number", "x", "size=2.5", "", []spec.Fault{{Field: "size", Message: "is of type number, expected integer"}}},
		{"JSON for a number", "x", "size=%5B2%5D", "", []spec.Fault{{Field: "size", Message: "is not a number"}}},
		{"a literal for a number", "x", "share=true", "", []spec.Fault{{Field: "share", Message: "is not a number"}}},
		{"a header too short", "x", "", "k", []spec.Fault{{Field: "Key", Message: "has 1 character, expected at least 2"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(row.query)
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{}
			if row.key != "" {
				header.Set("Key", row.key)
			}
			got := operation.CheckParameters(spec.Input{Path: map[string]string{"id": row.id}, Query: query, Header: header})
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
		})
	}
	if got := operation.CheckParameters(spec.Input{}); len(got) != 1 || got[0].Message != "is missing" {
		t.Errorf("without the path: %+v", got)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	operation, _ := parse(t, things).Find("POST", "/things/{id}/a~b")
	for body, want := range map[string][]spec.Fault{
		`{"name":"abc","colours":["red"],"at":null}`: nil,
		`{"name":"abcd"}`:                        {{Field: "/name", Message: "has 4 characters, expected at most 3"}},
		`{}`:                                     {{Field: "/name", Message: "is missing"}},
		`{"name":"a","Name":"b"}`:                {{Field: "/Name", Message: "is not a known field"}},
		`{"name":"a","name":"b"}`:                {{Field: "/name", Message: "is given more than once"}},
		`{"name":"a","na\u006de":"b"}`:           {{Field: "/name", Message: "is given more than once"}},
		`{"name":"a","colours":["red","red"]}`:   {{Field: "/colours", Message: "has the same item twice, at 0 and 1"}},
		`{"name":"a","colours":["blue","pink"]}`: {{Field: "/colours/0", Message: `is "blue", expected one of red, green`}, {Field: "/colours/1", Message: `is "pink", expected one of red, green`}},
		`{"name":"a","at":"yesterday"}`:          {{Field: "/at", Message: `is "yesterday", expected a date-time`}},
		`{"name":"a","at":7}`:                    {{Field: "/at", Message: "is of type number, expected null or string"}},
		`{"name":"a","` + "\u202e" + `x":1}`:     {{Field: "/ x", Message: "is not a known field"}},
		`"name"`:                                 {{Field: "", Message: "is of type string, expected object"}},
		`{"name":"a"}x`:                          {{Field: "", Message: "has something after the JSON value"}},
		`{"name":"a"`:                            {{Field: "", Message: "ends too early to be JSON"}},
		`{"name":"a",}`:                          {{Field: "", Message: "is not JSON: wrong at byte 13"}},
		`{'name':'a'}`:                           {{Field: "", Message: "is not JSON: wrong at byte 2"}},
		`{"name":"a\u0000"}`:                     {{Field: "/name", Message: "contains a NUL character"}},
		`{"name":1e400}`:                         {{Field: "/name", Message: "is a number out of range, expected at most 1.8e308"}},
		"":                                       {{Field: "", Message: "ends too early to be JSON"}},
	} {
		_, got := operation.DecodeBody("application/json", []byte(body))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got): %s", body, diff)
		}
	}
}

// TestManyFaultsAreBounded: a hostile body must not make a great answer.
func TestManyFaultsAreBounded(t *testing.T) {
	t.Parallel()
	operation, _ := parse(t, things).Find("POST", "/things/{id}/a~b")
	var body strings.Builder
	body.WriteString(`{"name":"a"`)
	for i := range 10000 {
		body.WriteString(`,"` + strings.Repeat("x", 50) + strings.Repeat("y", i%50) + string(rune('a'+i%26)) + strings.Repeat("z", i/26) + `":1`)
	}
	body.WriteString("}")
	_, got := operation.DecodeBody("application/json", []byte(body.String()[:1<<20/2]+`":1}`))
	size := 0
	for _, fault := range got {
		size += len(fault.Field) + len(fault.Message)
	}
	if len(got) > 20 || size > 8<<10 {
		t.Errorf("%d faults with %d bytes", len(got), size)
	}
}

func FuzzDecodeBody(f *testing.F) {
	parsed, err := spec.Parse([]byte(things))
	if err != nil {
		f.Fatal(err)
	}
	operation, _ := parsed.Find("POST", "/things/{id}/a~b")
	for _, seed := range []string{`{"name":"a"}`, `{"name":"a","name":1}`, strings.Repeat("[", 100), `{"name":"\ud800"}`, `{"colours":[null,1e999]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, faults := operation.DecodeBody("application/json", body)
		if len(faults) == 0 && value == nil {
			t.Errorf("%q is taken and gives nothing", body)
		}
	})
}
