package strictyaml_test

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// Each source holds the value of the key v; @ is the rune whose place is asked for. It
// must be found where it stands in the source.
func TestAt(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"plain":               "v: abc@def\n",
		"plain with words":    "v: one two @ four\n",
		"plain over lines":    "v: one\n  two\n  three @ four\n",
		"after wide text":     "v: 日本@\n",
		"single quotes":       "v: 'it''s ''quoted'' @ x'\n",
		"double quotes":       `v: "a\tb\n\u00e9\x41 @ c"` + "\n",
		"double quotes, long": `v: "\U0001F600 \\ \" @"` + "\n",
		"quotes over lines":   "v: \"one\n   two \\\n   three@\"\n",
		"literal":             "v: |\n  one\n  two @\n",
		"literal, indented":   "v: |\n  one\n      two @\n",
		"literal, blank":      "v: |-\n\n\n  one\n\n  two@\n",
		"literal, number":     "v: |2\n    one @\n",
		"folded":              "v: >-\n  one\n  two\n\n  three @ four\n",
		"folded, comment":     "v: > # why\n  one @\n",
		"folded, more":        "v: >\n  one\n    two\n  three @\n",
		"in a flow":           "v: abc @ d\nw: {a: 1}\n",
	}
	for name, source := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, faults := strictyaml.Load("f", []byte(source), strictyaml.Limits{})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			value := document.Root.Get("v")
			index := len([]rune(value.Text[:strings.Index(value.Text, "@")]))
			want := placeOf(source, '@')
			if got := value.At(index); got != want {
				t.Errorf("rune %d of %q stands at %v, want %v", index, value.Text, got, want)
			}
		})
	}
}

func placeOf(source string, wanted rune) diag.Position {
	line, column := 1, 0
	for _, r := range source {
		column++
		if r == wanted {
			break
		}
		if r == '\n' {
			line, column = line+1, 0
		}
	}
	return diag.Position{File: "f", Line: line, Column: column}
}

func TestTrailingAndLength(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, source, trailing string
		length                 int
	}{
		{"comment", "v: abc # why\n", "# why", 3},
		{"nothing", "v: abc\n", "", 3},
		{"quoted", "v: 'a''b' # c\n", "# c", 6},
		{"swallowed", "v: any(alerts, # > 80)\n", "# > 80)", 11},
		{"double", "v: \"a\\nb\"\n", "", 6},
		{"empty", "v: ''\n", "", 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			document, _ := strictyaml.Load("f", []byte(row.source), strictyaml.Limits{})
			value := document.Root.Get("v")
			if got := value.Trailing(); got != row.trailing {
				t.Errorf("Trailing() = %q, want %q", got, row.trailing)
			}
			if got := value.Length(); got != row.length {
				t.Errorf("Length() = %d, want %d", got, row.length)
			}
		})
	}
}
