package playbook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

// ruleNames collects the rules that a playbook can break from the constants of the
// packages that report them.
func ruleNames(t testing.TB, folders ...string) []string {
	t.Helper()
	names := map[string]bool{}
	for _, folder := range folders {
		for _, file := range playbooktest.Files(t, folder+"/*.go") {
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(node ast.Node) bool {
				if spec, ok := node.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Rule") && len(spec.Values) == 1 {
					names[constant(t, spec.Values[0])] = true
				}
				return true
			})
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func constant(t testing.TB, node ast.Expr) string {
	t.Helper()
	literal, ok := node.(*ast.BasicLit)
	if !ok {
		t.Fatal("the name of a rule is written out as a text")
	}
	name, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// playbookRules are the rules that a playbook can break, manifestRules those that
// only a connector's manifest can.
func playbookRules(t testing.TB) []string {
	return ruleNames(t, "parser", "checker", "../diag/strictyaml", "../diag/strictschema")
}

func manifestRules(t testing.TB) []string { return ruleNames(t, "../manifest") }

func TestEveryRuleHasFixtures(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, file := range playbooktest.Files(t, "testdata/err/*.diag") {
		for _, found := range regexp.MustCompile(`(?m)^\S.* \[([a-z_]+)\]$`).FindAllStringSubmatch(string(playbooktest.Read(t, file)), -1) {
			told[found[1]] = true
		}
	}
	rules := playbookRules(t)
	if len(rules) < 40 {
		t.Fatalf("found %d rules: the constants are not being read", len(rules))
	}
	for _, rule := range rules {
		if !told[rule] {
			t.Errorf("no fixture in testdata/err breaks the rule %q", rule)
		}
		if _, err := os.Stat(filepath.Join("testdata/ok", rule+".yaml")); err != nil {
			t.Errorf("no fixture testdata/ok/%s.yaml shows the rule kept", rule)
		}
	}
	for rule := range told {
		if !slices.Contains(rules, rule) {
			t.Errorf("faults are reported under %q, which no constant names", rule)
		}
	}
	if errs := playbooktest.Files(t, "testdata/err/*.yaml"); len(errs) < 80 {
		t.Errorf("there are %d err fixtures, want 80 at least", len(errs))
	}
}
