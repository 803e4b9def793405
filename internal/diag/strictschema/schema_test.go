package strictschema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

func read(t *testing.T, source string) (map[string]any, []string) {
	t.Helper()
	document, faults := strictyaml.Load("f", []byte(source), strictyaml.Limits{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	reader := &strictyaml.Reader{File: "f"}
	data := strictschema.Read(reader, document.Root, "input")
	var lines []string
	for _, d := range reader.List {
		lines = append(lines, fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Message))
	}
	return data, lines
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, source string
		want         []string
	}{
		{"no type", "properties: {}\n", []string{"1:1 input must describe an object"}},
		{"list", "type: array\n", []string{"1:7 input must describe an object"}},
		{"unknown keyword", "type: object\nproprties: {}\n", []string{`2:1 a schema has no keyword "proprties" here`}},
		{"reference", "type: object\nproperties:\n  a: {$ref: x}\n", []string{`3:7 a schema has no keyword "$ref" here`}},
		{"type word", "type: object\nproperties:\n  a: {type: int}\n", []string{`3:13 type must be string, integer, number, boolean, array, object or null, not "int"`}},
		{"required is true", "type: object\nproperties:\n  a: {type: string, required: true}\n", []string{"3:31 required is a list of names"}},
		{"required unknown", "type: object\nrequired: [hots]\nproperties:\n  host: {type: string}\n", []string{`2:12 "hots" is required but is no property`}},
		{"pattern", "type: object\nproperties:\n  a: {type: string, pattern: \"(\"}\n", []string{"3:30 the pattern is no regular expression: error parsing regexp: missing closing ): `(`"}},
		{"enum", "type: object\nproperties:\n  a: {enum: []}\n  b: {enum: [x, x]}\n", []string{"3:13 enum needs at least one value", `4:17 "x" stands in enum twice`}},
		{"bounds", "type: object\nproperties:\n  a: {type: integer, minimum: 5, maximum: 1}\n", []string{"3:31 minimum is greater than maximum"}},
		{"negative length", "type: object\nproperties:\n  a: {type: string, minLength: -1}\n", []string{"3:32 minLength must be from 0 to 1073741824"}},
		{"text is a list", "[a]\n", []string{"1:1 input must be a mapping, this is a list"}},
		{"several", "type: object\nfoo: 1\nbar: 2\n", []string{`2:1 a schema has no keyword "foo" here`, `3:1 a schema has no keyword "bar" here`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, got := read(t, row.source)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadGivesData(t *testing.T) {
	t.Parallel()
	data, faults := read(t, "type: object\nrequired: [a]\nproperties:\n  a: {type: [string, \"null\"], maxLength: 5}\n  b: {type: array, items: {type: integer}}\n")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := map[string]any{
		"type": "object", "required": []any{"a"},
		"properties": map[string]any{
			"a": map[string]any{"type": []any{"string", "null"}, "maxLength": 5},
			"b": map[string]any{"type": "array", "items": map[string]any{"type": "integer"}},
		},
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	if err := strictschema.Validate(data, map[string]any{"a": "ok", "b": []any{1, 2}}); err != nil {
		t.Errorf("Validate refuses a fitting value: %v", err)
	}
	err := strictschema.Validate(data, map[string]any{"a": "far too long"})
	if err == nil || !strings.Contains(err.Error(), "a: maxLength") {
		t.Errorf("Validate(too long) = %v, want a fault of a", err)
	}
	if err := strictschema.Validate(data, map[string]any{}); err == nil || !strings.Contains(err.Error(), "a") {
		t.Errorf("Validate(missing) = %v, want a fault", err)
	}
}
