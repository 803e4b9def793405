package strictyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

// found renders faults as "line:column rule" in their order.
func found(source string) []string {
	_, faults := strictyaml.Load("f.yaml", []byte(source), strictyaml.Limits{})
	var lines []string
	for _, d := range faults {
		lines = append(lines, fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Rule))
	}
	return lines
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, source string
		want         []string
	}{
		{"anchor and alias", "a: &x 1\nb: *x\n", []string{"1:4 no_anchor", "2:4 no_anchor"}},
		{"anchor around itself", "a: &x [*x]\n", []string{"1:4 no_anchor", "1:8 no_anchor"}},
		{"tag", "when: !closed\n", []string{"1:7 no_tag"}},
		{"core tag", "a: !!str 1\n", []string{"1:4 no_tag"}},
		{"binary tag", "a: !!binary aGk=\n", []string{"1:4 no_tag"}},
		{"merge key", "a:\n  <<: {b: 1}\n", []string{"2:3 no_merge_key"}},
		{"duplicate", "a: 1\nb: 2\na: 3\n", []string{"3:1 duplicate_key"}},
		{"duplicate in quotes", "a: 1\n\"a\": 3\n", []string{"2:1 duplicate_key"}},
		{"second document", "a: 1\n---\nb: 2\n", []string{"2:1 one_document"}},
		{"empty second document", "a: 1\n---\n", []string{"2:1 one_document"}},
		{"empty file", "", []string{"1:1 one_document"}},
		{"only a comment", "# x\n", []string{"1:1 one_document"}},
		{"directive", "%YAML 1.1\n---\na: 1\n", []string{"1:1 one_document"}},
		{"leading zero", "a: 012\n", []string{"1:4 ambiguous_number"}},
		{"underscore", "a: 1_000\n", []string{"1:4 ambiguous_number"}},
		{"hexadecimal", "a: 0x1f\n", []string{"1:4 ambiguous_number"}},
		{"infinity", "a: .inf\n", []string{"1:4 ambiguous_number"}},
		{"braces", "a: {{ b }}\n", []string{"1:4 bare_braces"}},
		{"key is a list", "? [a]\n: 1\n", []string{"1:3 wrong_type"}},
		{"key is nothing", "? \n: 1\n", []string{"1:2 wrong_type"}},
		{"tab", "a:\n\tb: 1\n", []string{"2:1 yaml_syntax"}},
		{"colon in text", "title: foo: bar\n", []string{"1:11 yaml_syntax"}},
		{"open quote", "b: 1\na: \"foo\n", []string{"2:4 yaml_syntax"}},
		{"open list", "a: [1, 2\nb: 3\n", []string{"1:4 yaml_syntax"}},
		{"nul", "a: \x00\n", []string{"1:4 encoding"}},
		{"latin 1", "b: 1\na: caf\xe9\n", []string{"2:7 encoding"}},
		{"utf-16", "\xff\xfea\x00", []string{"1:1 encoding"}},
		{"bidi override", "a: \"x\u202ey\"\n", []string{"1:6 encoding"}},
		{"line separator", "a: x\u2028y\n", []string{"1:5 encoding"}},
		{"several at once", "a: &x 1\na: !t 2\nb: 0b1\n", []string{"1:4 no_anchor", "2:1 duplicate_key", "2:4 no_tag", "3:4 ambiguous_number"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := found(row.source)
			if row.name == "several at once" {
				got = sorted(row.source)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("faults of %q (-want +got):\n%s", row.source, diff)
			}
		})
	}
}

func sorted(source string) []string {
	_, faults := strictyaml.Load("f.yaml", []byte(source), strictyaml.Limits{})
	faults.Sort()
	var lines []string
	for _, d := range faults {
		lines = append(lines, fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Rule))
	}
	return lines
}

func TestLoadAccepts(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"byte order mark":     "\ufeffa: 1\n",
		"windows line ends":   "a: 1\r\nb: 2\r\n",
		"old line ends":       "a: 1\rb: 2\r",
		"start marker":        "---\na: 1\n",
		"end marker":          "a: 1\n...\n",
		"emoji with a joiner": "a: \U0001F469\u200D\U0001F4BB\n",
		"date is text":        "a: 2024-01-01\n",
		"escaped bidi":        "a: \"\\u202e\"\n",
	}
	for name, source := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := found(source); len(got) != 0 {
				t.Errorf("Load(%q) finds %v, want nothing", source, got)
			}
		})
	}
}

func TestLoadLimits(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"bytes":         strings.Repeat("# comment\n", 30000),
		"nodes":         strings.Repeat("- 1\n", 2001),
		"flow depth":    strings.Repeat("[", 40) + strings.Repeat("]", 40),
		"block depth":   strings.Repeat("- ", 40) + "x",
		"hostile depth": strings.Repeat("[", 200000),
		"hostile block": strings.Repeat("- ", 100000),
		"hostile map":   strings.Repeat("{a: ", 60000),
		"complex keys":  strings.Repeat("? ", 100000),
	}
	for name, source := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := found(source)
			if len(got) != 1 || !strings.HasSuffix(got[0], " limit") {
				t.Errorf("Load finds %v, want one fault of the rule limit", got)
			}
		})
	}
}

func TestNodeLimitIsExact(t *testing.T) {
	t.Parallel()
	limits := strictyaml.Limits{Nodes: 4}
	if _, faults := strictyaml.Load("f", []byte("a: 1\nb: 2\nc: 3\n"), limits); len(faults) != 0 {
		t.Errorf("a mapping and three values are four, got %v", faults)
	}
	if _, faults := strictyaml.Load("f", []byte("a: 1\nb: 2\nc: 3\nd: 4\n"), limits); len(faults) != 1 {
		t.Errorf("a mapping and four values are five, got %v", faults)
	}
}

func TestData(t *testing.T) {
	t.Parallel()
	source := "n: null\nb: true\ni: 42\nf: 1.5\ns: yes\nq: \"7\"\nd: 2024-01-01\nl: [a, 2]\nm: {x: -3}\nbig: 99999999999999999999\n"
	document, faults := strictyaml.Load("f", []byte(source), strictyaml.Limits{})
	if len(faults) != 0 {
		t.Fatal(faults)
	}
	want := map[string]any{
		"n": nil, "b": true, "i": 42, "f": 1.5, "s": "yes", "q": "7", "d": "2024-01-01",
		"l": []any{"a", 2}, "m": map[string]any{"x": -3}, "big": 1e20,
	}
	if diff := cmp.Diff(want, document.Root.Data()); diff != "" {
		t.Errorf("Data (-want +got):\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "a: &x [*x]\n", "a: |2-\n    b\n", "a: \"\\u202e\\\n  x\"\n", "{{ a }}", "%YAML", "a: 'b\n  c''d'\n", "? [\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		document, faults := strictyaml.Load("f", source, strictyaml.Limits{Bytes: 1 << 16})
		if document == nil {
			if !faults.HasErrors() {
				t.Fatal("no document and no fault")
			}
			return
		}
		visit(t, document.Root)
	})
}

// visit asks every node for its places, which must lie in the file.
func visit(t *testing.T, n *strictyaml.Node) {
	t.Helper()
	if n.Length() < 1 {
		t.Fatalf("node at %v has length %d", n.Pos, n.Length())
	}
	for i := range min(len([]rune(n.Text)), 50) {
		if at := n.At(i); at.Line < n.Pos.Line || at.Column < 1 {
			t.Fatalf("rune %d of the node at %v is said to stand at %v", i, n.Pos, at)
		}
	}
	for _, entry := range n.Entries {
		visit(t, entry.Key)
		visit(t, entry.Value)
	}
	for _, item := range n.Items {
		visit(t, item)
	}
}
