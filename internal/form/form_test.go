package form_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/form"
)

// object reads JSON and keeps the digits of numbers.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

// told gives what is wrong, "" for nothing.
func told(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	faults, ok := errors.AsType[form.Faults](err)
	if !ok {
		t.Fatalf("no faults: %v", err)
	}
	return faults.Error()
}

// TestEachKeyword has one answer that fits and one that does not, for the keyword
// alone; the sentence says place, what was there and what is expected.
func TestEachKeyword(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, property, fits, not, want string }{
		{"text", `{"type": "string"}`, `"a"`, `1`, `/x is of type number, expected string`},
		{"whole number", `{"type": "integer"}`, `3`, `3.5`, `/x is of type number, expected integer`},
		{"whole with a point", `{"type": "integer"}`, `3.0`, `"3"`, `/x is of type string, expected integer`},
		{"number", `{"type": "number"}`, `3.5`, `"3.5"`, `/x is of type string, expected number`},
		{"yes or no", `{"type": "boolean"}`, `false`, `"yes"`, `/x is of type string, expected boolean`},
		{"null", `{"type": "null"}`, `null`, `0`, `/x is of type number, expected null`},
		{"several types", `{"type": ["string", "null"]}`, `null`, `[]`, `/x is of type array, expected null or string`},
		{"choice", `{"enum": ["spam", "phishing"]}`, `"spam"`, `"ham"`, `/x is "ham", expected one of spam, phishing`},
		{"choice of numbers", `{"enum": [1, 2]}`, `2`, `"2"`, `/x is "2", expected one of 1, 2`},
		{"constant", `{"const": "yes"}`, `"yes"`, `"no"`, `/x is "no", expected "yes"`},
		{"least", `{"minimum": 0.5}`, `0.5`, `0.25`, `/x is 0.25, expected at least 0.5`},
		{"most", `{"maximum": 10}`, `10`, `11`, `/x is 11, expected at most 10`},
		{"more than", `{"exclusiveMinimum": 0}`, `1`, `0`, `/x is 0, expected more than 0`},
		{"less than", `{"exclusiveMaximum": 5}`, `4.9`, `5`, `/x is 5, expected less than 5`},
		{"multiple", `{"multipleOf": 5}`, `15`, `7`, `/x is 7, expected a multiple of 5`},
		{"short", `{"minLength": 2}`, `"ab"`, `"ä"`, `/x has 1 character, expected at least 2`},
		{"long", `{"maxLength": 3}`, `"äöü"`, `"abcd"`, `/x has 4 characters, expected at most 3`},
		{"pattern", `{"pattern": "^[A-Z]+-[0-9]+$"}`, `"INC-1"`, `"inc"`, `/x is "inc", expected the form ^[A-Z]+-[0-9]+$`},
		{"date", `{"format": "date"}`, `"2026-02-28"`, `"2026-02-30"`, `/x is "2026-02-30", expected a date`},
		{"date-time", `{"format": "date-time"}`, `"2026-02-28T10:00:00+01:00"`, `"2026-02-28 10:00"`, `/x is "2026-02-28 10:00", expected a date-time`},
		{"time", `{"format": "time"}`, `"10:00:00Z"`, `"25:00:00Z"`, `/x is "25:00:00Z", expected a time`},
		{"duration", `{"format": "duration"}`, `"PT4H"`, `"4h"`, `/x is "4h", expected a duration`},
		{"email", `{"format": "email"}`, `"a@lab.example"`, `"a at lab"`, `/x is "a at lab", expected an email address`},
		{"uri", `{"format": "uri"}`, `"https://lab.example/a?b"`, `"lab/a"`, `/x is "lab/a", expected a uri`},
		{"ipv4", `{"format": "ipv4"}`, `"192.0.2.1"`, `"192.0.2.256"`, `/x is "192.0.2.256", expected an ipv4 address`},
		{"ipv6", `{"format": "ipv6"}`, `"2001:db8::1"`, `"192.0.2.1"`, `/x is "192.0.2.1", expected an ipv6 address`},
		{"hostname", `{"format": "hostname"}`, `"web-1.lab.example"`, `"-web"`, `/x is "-web", expected a hostname`},
		{"uuid", `{"format": "uuid"}`, `"123e4567-e89b-12d3-a456-426614174000"`, `"123e4567"`, `/x is "123e4567", expected a uuid`},
		{"few items", `{"minItems": 1}`, `[1]`, `[]`, `/x has 0 items, expected at least 1`},
		{"many items", `{"maxItems": 1}`, `[1]`, `[1, 2]`, `/x has 2 items, expected at most 1`},
		{"the same twice", `{"uniqueItems": true}`, `[1, 2]`, `[1, 1.0]`, `/x has the same item twice, at 0 and 1`},
		{"items", `{"items": {"type": "string"}}`, `["a"]`, `["a", 7]`, `/x/1 is of type number, expected string`},
		{"nested", `{"properties": {"a": {"properties": {"b": {"type": "string"}}}}}`, `{"a": {"b": "c"}}`, `{"a": {"b": 1}}`, `/x/a/b is of type number, expected string`},
		{"nested and closed", `{"properties": {"a": {}}}`, `{"a": 1}`, `{"b": 1}`, `/x/b is not a known field`},
		{"said to be open", `{"properties": {"a": {}}, "additionalProperties": true}`, `{"b": 1}`, `[]`, ``},
		{"others of a type", `{"properties": {"a": {}}, "additionalProperties": {"type": "string"}}`, `{"b": "c"}`, `{"b": 1}`, `/x/b is of type number, expected string`},
		{"names nothing", `{"type": "object"}`, `{"anything": 1}`, `1`, `/x is of type number, expected object`},
		{"few fields", `{"minProperties": 1}`, `{"a": 1}`, `{}`, `/x has 0 fields, expected at least 1`},
		{"many fields", `{"maxProperties": 1}`, `{"a": 1}`, `{"a": 1, "b": 2}`, `/x has 2 fields, expected at most 1`},
		{"missing", `{"required": ["a"]}`, `{"a": 1}`, `{}`, `/x/a is missing`},
		{"one of", `{"oneOf": [{"type": "string"}, {"type": "integer"}]}`, `1`, `true`, `/x is of type boolean, expected integer; /x is of type boolean, expected string`},
		{"one of, twice", `{"oneOf": [{"type": "number"}, {"type": "integer"}]}`, `1.5`, `1`, `/x fits several of the forms that it may have, expected exactly one`},
		{"parts and closed", `{"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}`, `{"a": 1, "b": 2}`, `{"c": 1}`, `/x/c is not a known field`},
		{"a name with slashes", `{"properties": {"a/b~c": {"type": "string"}}}`, `{"a/b~c": ""}`, `{"a/b~c": 1}`, `/x/a~1b~0c is of type number, expected string`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			asked := object(t, `{"type": "object", "properties": {"x": `+row.property+`}}`)
			if got := told(t, form.Check(asked, object(t, `{"x": `+row.fits+`}`))); got != "" {
				t.Errorf("%s does not fit: %s", row.fits, got)
			}
			if got := told(t, form.Check(asked, object(t, `{"x": `+row.not+`}`))); got != row.want {
				t.Errorf("%s:\ngot  %s\nwant %s", row.not, got, row.want)
			}
		})
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	const asked = `{"type": "object", "required": ["seen"], "properties": {
		"seen": {"type": "boolean", "default": false},
		"host": {"type": "object", "properties": {"zone": {"type": "string", "default": "dmz"}, "name": {"type": "string"}}},
		"hosts": {"type": "array", "items": {"type": "object", "properties": {"zone": {"type": "string", "default": "lan"}}}},
		"note": {"type": "string"}}}`
	rows := []struct{ name, answer, want string }{
		{"nothing", `{}`, `{"seen": false}`},
		{"given stays", `{"seen": true}`, `{"seen": true}`},
		{"inside", `{"host": {"name": "a"}}`, `{"seen": false, "host": {"name": "a", "zone": "dmz"}}`},
		{"inside a list", `{"hosts": [{}, {"zone": "x"}]}`, `{"seen": false, "hosts": [{"zone": "lan"}, {"zone": "x"}]}`},
	}
	for _, row := range rows {
		given := object(t, row.answer)
		got, err := form.Fill(object(t, asked), given)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		if diff := cmp.Diff(object(t, row.want), got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.name, diff)
		}
		if diff := cmp.Diff(object(t, row.answer), given); diff != "" {
			t.Errorf("%s: what was given is changed\n%s", row.name, diff)
		}
	}
	if got, err := form.Fill(object(t, asked), nil); err != nil || got["seen"] != false {
		t.Errorf("nil: %v %v", got, err)
	}
	if _, err := form.Fill(object(t, `{"properties": {"n": {"type": "integer", "default": "x"}}}`), nil); err == nil {
		t.Error("a default that does not fit is filled in")
	}
}

// TestFormsReachNothing: a form comes from a published playbook, and still must not
// make the server read files or addresses.
func TestFormsReachNothing(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`{"$ref": "file:///etc/passwd"}`, `{"$ref": "http://127.0.0.1/x"}`, `{"type": "nonsense"}`, `{"pattern": "("}`} {
		err := form.Check(object(t, bad), map[string]any{})
		if _, faults := errors.AsType[form.Faults](err); err == nil || faults || strings.Contains(err.Error(), "root:") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestASentenceHasAnEnd(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	asked := object(t, `{"required": ["a", "b", "c", "d", "e", "f", "g"], "properties": {}}`)
	err := form.Check(asked, map[string]any{long: 1})
	got := told(t, err)
	if !strings.HasSuffix(got, "and 3 more") || len(got) > 500 {
		t.Errorf("got %d bytes: %s", len(got), got)
	}
	if faults, _ := errors.AsType[form.Faults](err); len(faults) != 8 || faults.Under("/answer")[0].Field != "/answer/a" {
		t.Errorf("got %v", faults)
	}
}
