package syntax

import (
	"strings"
	"testing"

	"github.com/expr-lang/expr/ast"
)

func text(problems []Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	nested := func(open, shut string, n int) string { return strings.Repeat(open, n) + "1" + strings.Repeat(shut, n) }
	for _, row := range []struct{ name, src, want string }{
		{"bytes just allowed", "1" + strings.Repeat(" ", 4095), ""},
		{"bytes", "1" + strings.Repeat(" ", 4096), "column 1: the expression is 4097 bytes long; the limit is 4096 (" + HintSplit + ")"},
		{"brackets just allowed", nested("(", ")", 32), ""},
		{"brackets", nested("(", ")", 33), "column 33: brackets are nested deeper than 32 (" + HintSplit + ")"},
		{"square brackets", nested("[", "]", 33), "column 33: brackets are nested deeper than 32 (" + HintSplit + ")"},
		{"brackets in text", `"` + strings.Repeat("(", 100) + `"`, ""},
		{"signs just allowed", strings.Repeat("- ", 16) + "1", ""},
		{"signs", strings.Repeat("-", 17) + "1", "column 17: more than 16 signs follow each other"},
		{"words", strings.Repeat("not ", 17) + "true", "column 65: more than 16 signs follow each other"},
		{"signs with an operand between", strings.Repeat("1 - ", 20) + "1", ""},
		{"tokens", strings.Repeat("1 ", 1536), "column 1: the expression has 1537 words and signs; the limit is 1536 (" + HintSplit + ")"},
		{"parts just allowed", "1" + strings.Repeat("+1", 127), ""},
		{"parts", "1" + strings.Repeat("+1", 128), "column 257: the expression has more than 256 parts (" + HintSplit + ")"},
		{"declarations just allowed", declarations(16) + "1", ""},
		{"declarations", declarations(17) + "1", "column 177: more than 16 names are declared with let (" + HintSplit + ")"},
		{"all problems at once", strings.Repeat("(", 33) + "b'' ? : ::" + strings.Repeat(")", 33),
			"column 33: brackets are nested deeper than 32 (" + HintSplit + ")\ncolumn 34: bytes are not a type of the language (write text without the b)\n" +
				"column 38: ?: is not part of the language (write a ?? b for a default, or condition ? a : b)\ncolumn 42: :: is not part of the language (write the function's name alone)"},
	} {
		tree, problems := Parse(row.src)
		if got := text(problems); got != row.want {
			t.Errorf("%s\n got %s\nwant %s", row.name, got, row.want)
		}
		if (tree == nil) != (len(problems) > 0) {
			t.Errorf("%s: tree %v with %v", row.name, tree, problems)
		}
	}
}

func declarations(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString("let " + string(rune('a'+i)) + " = 1; ")
	}
	return out.String()
}

// TestSharedNodesAreRefused: expr's parser puts the middle of a chain into the tree twice.
func TestSharedNodesAreRefused(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"1 < 2 < 3", "1 < (2 <= 3) <= 4", "a > b >= c"} {
		if _, problems := Parse(src); len(problems) != 1 || problems[0].Message != "comparisons cannot be chained here" {
			t.Errorf("%s: %v", src, problems)
		}
	}
	if _, problems := Parse("1 < 2 and 2 < 3 and a == b == c"); len(problems) > 0 {
		t.Errorf("got %v", problems)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		src   string
		count int
	}{
		{`"// ${{ {{ /*"`, 0}, {`'//'`, 0}, {"`//`", 0}, {`"\"//"`, 0}, {`"a" // b`, 1}, {`a /* b */`, 1}, {`"a\\" // b`, 1}, {`"//`, 0},
		{`{a: {b: 1}}`, 0}, {`{{a: 1}: 2}`, 1}, {`${{ a }} + ${{ b }}`, 2}, {`a / b`, 0},
	} {
		if got := guardMarks(row.src); len(got) != row.count {
			t.Errorf("%s: got %v", row.src, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	names := []string{"description", "score", "severity", "url", "urls"}
	for _, row := range []struct{ wrong, want string }{
		{"scoer", `did you mean "score"?`}, {"Severity", `did you mean "severity"?`}, {"descripton", `did you mean "description"?`}, {"urs", `did you mean "url"?`},
		{"completely", ""}, {"x", ""}, {"", ""}, {strings.Repeat("score", 50), ""},
	} {
		if got := Suggest(row.wrong, names); got != row.want {
			t.Errorf("%.20s: got %s", row.wrong, got)
		}
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"score", "scoer", 1}, {"kitten", "sitting", 3}, {"abc", "abc", 0}} {
		if got := editDistance(row.a, row.b); got != row.want {
			t.Errorf("%s and %s: got %d", row.a, row.b, got)
		}
	}
}

func TestChildrenAreComplete(t *testing.T) {
	t.Parallel()
	tree, problems := Parse(`let a = {k: [1, -2]}; a?.k[0:1] | map(# + len("x")) | sum() > 0 ? policy.f(1) : nil`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	seen := map[string]int{}
	var walk func(node ast.Node)
	walk = func(node ast.Node) {
		switch node.(type) {
		case *ast.IntegerNode:
			seen["integer"]++
		case *ast.StringNode:
			seen["string"]++
		case *ast.NilNode:
			seen["nil"]++
		case *ast.PointerNode:
			seen["pointer"]++
		}
		for _, child := range Children(node) {
			walk(child)
		}
	}
	walk(tree.Node)
	if seen["integer"] != 6 || seen["nil"] != 1 || seen["pointer"] != 1 || seen["string"] != 4 {
		t.Errorf("got %v", seen)
	}
}

func TestSkipQuoted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		src  string
		want int
	}{{`"a"b`, 3}, {`"a\""b`, 5}, {`'\\'b`, 4}, {"`a\\`b", 4}, {`"a`, 2}, {`"\`, 2}} {
		if got := skipQuoted(row.src, 0); got != row.want {
			t.Errorf("%s: got %d, want %d", row.src, got, row.want)
		}
	}
}

func TestParseTemplateKeepsEverything(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"", "a", "a$", "${", "$ {{", "}}", "{ {", "a } b"} {
		parts, problems := ParseTemplate(src)
		if src == "$ {{" {
			if len(problems) != 1 {
				t.Errorf("%q: got %v", src, problems)
			}
			continue
		}
		var all strings.Builder
		for _, part := range parts {
			all.WriteString(part.Text)
		}
		if len(problems) > 0 || all.String() != src {
			t.Errorf("%q: got %+v, %v", src, parts, problems)
		}
	}
	if _, problems := ParseTemplate("a\xff"); len(problems) != 1 {
		t.Errorf("broken UTF-8: got %v", problems)
	}
}
