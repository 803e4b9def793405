package form_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tocsin-soar/tocsin/internal/form"
)

// asked is a form with something of each kind.
const asked = `{"type": "object", "required": ["verdict"], "properties": {
	"verdict": {"type": "string", "enum": ["phishing", "spam"]},
	"note": {"type": "string", "maxLength": 200, "pattern": "^(a+)+$"},
	"count": {"type": "integer", "minimum": 0, "maximum": 100},
	"score": {"type": "number", "multipleOf": 0.01},
	"when": {"type": "string", "format": "date-time"},
	"mail": {"type": "string", "format": "email"},
	"link": {"type": "string", "format": "uri"},
	"seen": {"type": "boolean"},
	"hosts": {"type": "array", "maxItems": 5, "uniqueItems": true, "items": {"type": "string", "format": "hostname"}},
	"host": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 20}, "address": {"type": "string", "format": "ipv4"}}},
	"either": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}}`

// fields are the properties of asked but the verdict.
func fields() []string {
	return []string{"note", "count", "score", "when", "mail", "link", "seen", "hosts", "host", "either"}
}

// hostile are values that fit no field, as JSON.
func hostile() map[string]string {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	return map[string]string{
		"null": `null`, "nothing inside": `[[]]`, "deep list": deep, "deep object": strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200),
		"NUL": `"a\u0000b"`, "NUL in a name": `{"name": "a", "a\u0000": 1}`, "bidi": `{"\u202egnp.exe": "\u2066"}`, "many names": many(2000),
		"beyond 2^53": `9007199254740993`, "below -2^53": `-9007199254740993`, "huge": `1e308`, "more than a float": `1e309`, "vanishing": `1e-400`,
		"an exponent that eats memory": `1e-999999999`, "digits without end": strings.Repeat("9", 5000), "fraction without end": "0." + strings.Repeat("3", 5000),
		"not a number": `{"$numberDouble": "NaN"}`, "proto": `{"__proto__": {"name": "a"}}`, "reference": `{"$ref": "file:///etc/passwd"}`,
		"template": `{"name": "${{ secrets }}", "x": 1}`, "broken text": "{\"\xff\": 1}", "list of everything": `[1, "a", null, {}, [], true]`,
		"same twice": `["web", "web"]`, "empty name": `{"": {"": ""}}`, "true in a list": `[true]`, "long name": `{"` + strings.Repeat("n", 60_000) + `": 1}`,
		"pointer in a name": `{"~1/../~0": 1}`, "markup": `{"<!channel>": "<script>"}`, "format verbs": `{"%s%n%d": "%!d(MISSING)"}`, "escape sequences": `{"\u001b[2J": 1}`,
		"a longer list": `["a.example", "b.example", "c.example", "d.example", "e.example", "f.example"]`,
	}
}

func many(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `,"n%d": %d`, i, i)
	}
	return "{" + out.String()[1:] + "}"
}

// TestHostileAnswers puts each hostile value into each field: all are refused, none
// brings anything down, and what is said of it is short and prints.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	schema, cases := object(t, asked), 0
	for name, value := range hostile() {
		for _, field := range fields() {
			cases++
			answer := object(t, `{"verdict": "spam", "`+field+`": `+value+`}`)
			filled, err := form.Fill(schema, answer)
			got := told(t, err)
			if got == "" {
				t.Errorf("%s fits %s: %v", name, field, filled)
			}
			if !strings.HasPrefix(got, "/"+field) || len(got) > 2500 || !utf8.ValidString(got) {
				t.Errorf("%s in %s: %d bytes: %.300q", name, field, len(got), got)
			}
		}
	}
	if cases < 300 {
		t.Errorf("only %d cases", cases)
	}
}

// TestWithoutAForm only what cannot be carried is refused.
func TestWithoutAForm(t *testing.T) {
	t.Parallel()
	refused := map[string]bool{
		"deep list": true, "deep object": true, "NUL": true, "NUL in a name": true, "beyond 2^53": true, "below -2^53": true, "huge": true,
		"more than a float": true, "vanishing": true, "an exponent that eats memory": true, "digits without end": true, "fraction without end": true,
	}
	for name, value := range hostile() {
		if got := told(t, form.Check(nil, object(t, `{"x": `+value+`}`))); (got != "") != refused[name] {
			t.Errorf("%s: %.300s", name, got)
		}
	}
}

// FuzzCheck looks for answers that fit and do not stay the same through JSON, and for
// panics.
func FuzzCheck(f *testing.F) {
	for _, value := range hostile() {
		f.Add([]byte(`{"verdict": "spam", "note": ` + value + `}`))
	}
	f.Add([]byte(`{"verdict": "phishing", "count": 7, "score": 0.25, "hosts": ["web-1"], "host": {"name": "a"}}`))
	var schema map[string]any
	if err := json.Unmarshal([]byte(asked), &schema); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var answer map[string]any
		if json.Unmarshal(raw, &answer) != nil {
			t.Skip()
		}
		filled, err := form.Fill(schema, answer)
		if err != nil {
			if told(t, err) == "" {
				t.Error("refused without a word")
			}
			return
		}
		kept, err := json.Marshal(filled)
		if err != nil {
			t.Fatal(err)
		}
		if got := told(t, form.Check(schema, object(t, string(kept)))); got != "" {
			t.Errorf("%s fits, and does not after it was kept: %s", raw, got)
		}
	})
}
