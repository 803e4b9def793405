package expression

import (
	"strings"
	"testing"
)

func TestTemplateEval(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		{`plain text`, `"plain text"`},
		{``, `""`},
		{`${{ alert.score }}`, `7`},
		{`  ${{ alert.score }}`, `"  7"`},
		{`${{ alert.urls }}`, `["http://a.example","http://b.example"]`},
		{`${{steps.ask?.status}}`, `null`},
		{`Isolate ${{ input.host }} now?`, `"Isolate srv-01 now?"`},
		{`${{ input.host }}${{ alert.score }}`, `"srv-017"`},
		{`[${{ steps.ask?.status }}]`, `"[]"`},
		{`${{ alert.ratio }}, ${{ alert.closed }}, ${{ alert.urls }}, ${{ {b: 1, a: 1e3} }}`, `"0.25, false, [\"http://a.example\",\"http://b.example\"], {\"a\":1000,\"b\":1}"`},
		{`${{ "}}" }} and ${{ '{{' }}`, `"}} and {{"`},
		{`${{ {a: {b: {c: 1}}}.a.b }}`, `{"c":1}`},
		{`${{ any([1], {# == 1}) }}`, `true`},
		{`costs $5 {a} }} $ {`, `"costs $5 {a} }} $ {"`},
		{`größe ${{ len("größe") }}`, `"größe 5"`},
	} {
		template, problems := CompileTemplate(row.src, incidentTypes(), nil)
		if len(problems) > 0 {
			t.Errorf("%s: %s", row.src, problemText(problems))
			continue
		}
		got, err := template.Eval(incidentVars())
		if err != nil || asJSON(t, got) != row.want {
			t.Errorf("%s: got %v, %v, want %s", row.src, got, err, row.want)
		}
	}
}

func TestTemplateProblems(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		src  string
		want *Type
		says string
	}{
		{`a ${{ alert.score`, nil, `column 3: ${{ is not closed (add }} after the expression)`},
		{`a ${{ "}}" `, nil, `column 3: ${{ is not closed (add }} after the expression)`},
		{`a ${{ "}} `, nil, `column 3: ${{ is not closed (add }} after the expression)`},
		{`é ${{ }}`, nil, `column 3: ${{ }} is empty (write an expression between the braces)`},
		{`{{ alert.score }}`, nil, `column 1: {{ stands without a $ (write ${{ alert.score }}, or ${{ "{{" }} for the two braces themselves)`},
		{`a {{ b`, nil, `column 3: {{ stands without a $ (write ${{ b }}, or ${{ "{{" }} for the two braces themselves)`},
		{`${{ a ${{ b }} }}`, nil, `column 1: ${{ }} stands inside another ${{ }} (inside, write the expression bare)`},
		{`é ${{  alert.scor }} ${{ alert.descripton }}`, nil, "column 14: alert has no member \"scor\" (did you mean \"score\"?)\ncolumn 32: alert has no member \"descripton\" (did you mean \"description\"?)"},
		{`x ${{ 1 + }}`, nil, `column 10: the expression ends too early (something is missing at the end, such as a closing bracket or a value)`},
		{`${{ alert.score }}`, Text(), `column 5: this must be text, but it is a whole number (use string())`},
		{`no ${{ alert.score }}`, Int(), `column 1: this must be a whole number, but it is text (a value that is one whole ${{ }} keeps its type)`},
		{`yes ${{ alert.score }}`, Text(), ``},
		{`high`, EnumOf("low", "high"), ``},
		{strings.Repeat("x", 65<<10), nil, `column 1: the text is 66560 bytes long; the limit is 65536`},
	} {
		_, problems := CompileTemplate(row.src, incidentTypes(), row.want)
		if got := problemText(problems); got != row.says {
			t.Errorf("%.60s\n got %s\nwant %s", row.src, got, row.says)
		}
	}
}

func TestTemplateErrorsHaveColumns(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ src, want string }{
		{`é ${{ 1 / (alert.score - 7) }}`, `column 9: a number is divided by zero`},
		{`${{ 1 / (alert.score - 7) }}`, `column 7: a number is divided by zero`},
		{`${{ repeat("x", 60000) }} ${{ repeat("x", 60000) }}`, `column 31: the text would be longer than 65536 bytes`},
	} {
		template, problems := CompileTemplate(row.src, incidentTypes(), nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if _, err := template.Eval(incidentVars()); errorText(err) != row.want {
			t.Errorf("%s: got %v", row.src, err)
		}
	}
}

func TestTemplateReferences(t *testing.T) {
	t.Parallel()
	template, problems := CompileTemplate(`${{ alert.score }} ${{ input.host }} ${{ alert.score }}`, incidentTypes(), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := pathsText(template.References()); got != "alert.score input.host" {
		t.Errorf("got %s", got)
	}
}

// TestTemplateLiteralEnum: literal text is checked against a wanted enumeration as an expression is.
func TestTemplateLiteralEnum(t *testing.T) {
	t.Parallel()
	_, problems := CompileTemplate(`hgih`, incidentTypes(), EnumOf("low", "high"))
	if got := problemText(problems); got != `column 1: "hgih" is not one of low, high (did you mean "high"?)` {
		t.Errorf("got %s", got)
	}
}

func TestParseTemplateColumns(t *testing.T) {
	t.Parallel()
	parts, problems := ParseTemplate(`é ${{  a }}é${{b}}`)
	if len(problems) > 0 || len(parts) != 4 {
		t.Fatalf("got %+v, %v", parts, problems)
	}
	want := []Part{{Text: "é ", Column: 1}, {Text: "a", Expression: true, Column: 8}, {Text: "é", Column: 12}, {Text: "b", Expression: true, Column: 16}}
	for i := range want {
		if parts[i] != want[i] {
			t.Errorf("part %d: got %+v, want %+v", i, parts[i], want[i])
		}
	}
}
