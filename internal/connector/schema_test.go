package connector

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/manifest"
)

func described(input, output map[string]any) *manifest.Manifest {
	return &manifest.Manifest{Connector: "probe", Actions: []manifest.Action{{Name: "act", Input: input, Output: output}}}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	input := map[string]any{
		"type": "object", "required": []any{"host"}, "additionalProperties": false,
		"properties": map[string]any{
			"host":  map[string]any{"type": "string", "minLength": 1},
			"hours": map[string]any{"type": "integer", "maximum": 72},
			"kinds": map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": []any{"memory", "disk"}}},
		},
	}
	schemas, err := CompileSchemas(described(input, nil))
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name  string
		args  map[string]any
		fault []string
	}{
		{"good", map[string]any{"host": "ws-042", "hours": 3, "kinds": []any{"disk"}}, nil},
		{"an int as a float", map[string]any{"host": "ws-042", "hours": float64(3)}, nil},
		{"nothing", nil, []string{"host"}},
		{"empty", map[string]any{"host": ""}, []string{"host:", "minLength"}},
		{"wrong kind", map[string]any{"host": 3}, []string{"host:", "string"}},
		{"unknown", map[string]any{"host": "a", "hostt": "b"}, []string{"hostt"}},
		{"deep", map[string]any{"host": "a", "kinds": []any{"disk", "cpu"}}, []string{"kinds.1:"}},
		{"several", map[string]any{"host": 3, "hours": 100}, []string{"host:", "hours:"}},
		{"unwritable", map[string]any{"host": func() {}}, []string{"JSON"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := schemas.CheckInput("act", row.args)
			if (err == nil) != (row.fault == nil) {
				t.Fatalf("got %v", err)
			}
			for _, part := range row.fault {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q lacks %q", err, part)
				}
			}
		})
	}
	if err := schemas.CheckOutput("act", map[string]any{"anything": 1}); err != nil {
		t.Error(err)
	}
	if err := schemas.CheckInput("other", nil); err == nil {
		t.Error("an action that is not declared was accepted")
	}
}

func TestSchemaFaults(t *testing.T) {
	t.Parallel()
	many := map[string]any{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		many[name] = map[string]any{"type": "string"}
	}
	schemas, err := CompileSchemas(described(map[string]any{"type": "object", "properties": many}, nil))
	if err != nil {
		t.Fatal(err)
	}
	err = schemas.CheckInput("act", map[string]any{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1})
	if err == nil || !strings.HasSuffix(err.Error(), "and more") {
		t.Errorf("got %v", err)
	}
	none, err := CompileSchemas(described(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if none.CheckInput("act", nil) != nil || none.CheckInput("act", map[string]any{"a": 1}) == nil {
		t.Error("without an input schema there must be no arguments")
	}
	for name, broken := range map[string]map[string]any{
		"type":      {"type": "strin"},
		"pattern":   {"pattern": "("},
		"reference": {"$ref": "https://site.example/schema.json"},
		"file":      {"$ref": "file:///etc/passwd"},
		"unwritten": {"const": func() {}},
	} {
		if _, err := CompileSchemas(described(broken, nil)); err == nil {
			t.Errorf("%s: input accepted", name)
		}
		if _, err := CompileSchemas(described(nil, broken)); err == nil {
			t.Errorf("%s: output accepted", name)
		}
	}
}
