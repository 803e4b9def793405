package playbook_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

// The manual's tables are written by this test (-update) from the tables that the
// parser reads by.
func TestManualTablesAreTrue(t *testing.T) {
	t.Parallel()
	page := string(playbooktest.Read(t, manualFile))
	tables, used := manualTables(), map[string]bool{}
	pattern := regexp.MustCompile(`(?s)<!-- table: (\w+) -->\n.*?<!-- end -->`)
	filled := pattern.ReplaceAllStringFunc(page, func(found string) string {
		name := pattern.FindStringSubmatch(found)[1]
		if tables[name] == "" {
			t.Errorf("the manual asks for the table %q, which does not exist", name)
		}
		used[name] = true
		return "<!-- table: " + name + " -->\n" + tables[name] + "<!-- end -->"
	})
	for name := range tables {
		if !used[name] {
			t.Errorf("the table %q stands nowhere in the manual", name)
		}
	}
	playbooktest.Golden(t, manualFile, []byte(filled))
}

func manualTables() map[string]string {
	tables := map[string]string{
		"playbook": keyTable(grammar.Playbook().Keys), "trigger": keyTable(grammar.Trigger().Keys),
		"common": keyTable(grammar.CommonKeys()), "kinds": kindTable(), "functions": functionTable(),
		"retry": keyTable(grammar.Retry().Keys), "timeout": keyTable(grammar.ActionTimeout().Keys), "undo": keyTable(grammar.Undo().Keys),
		"who": keyTable(grammar.Who().Keys), "escalation": keyTable(grammar.After().Keys),
	}
	for _, kind := range grammar.StepKinds() {
		switch {
		case kind.Kind == plan.KindSet || kind.Kind == plan.KindSteps:
		case kind.Key.Shape != nil:
			tables[string(kind.Kind)] = keyTable(kind.Key.Shape.Keys)
		default:
			tables[string(kind.Kind)] = keyTable(append([]grammar.Key{kind.Key}, kind.Beside...))
		}
	}
	return tables
}

func keyTable(keys []grammar.Key) string {
	var b strings.Builder
	b.WriteString("| key | takes | what it means |\n|---|---|---|\n")
	for _, key := range keys {
		doc := key.Doc
		if key.Required {
			doc = "**Required.** " + doc
		}
		if key.Default != "" {
			doc += " Default: " + key.Default + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", key.Name, cell(takes(key)), prose(doc))
	}
	return b.String()
}

// takes says in words what the value of a key is.
func takes(key grammar.Key) string {
	words := map[grammar.Form]string{
		grammar.Identifier: "an identifier", grammar.Text: "text", grammar.Template: "text, with `${{ }}`", grammar.Value: "text, with `${{ }}`",
		grammar.Values: "values by name", grammar.Expression: "an expression", grammar.Boolean: "`true` or `false`",
		grammar.Names: "a list of ids", grammar.Texts: "a list of texts", grammar.Action: "`instance.action`", grammar.Schema: "a JSON Schema",
		grammar.Steps: "steps", grammar.Branches: "a list of branches", grammar.Named: "steps by name", grammar.Mapping: "a mapping",
		grammar.List: "a list", grammar.Join: "`all`, `any` or a number", grammar.Timeout: "a time, or `{attempt, total}`",
	}
	switch key.Form {
	case grammar.Integer:
		return fmt.Sprintf("%d to %d", key.Least, key.Most)
	case grammar.Number:
		return fmt.Sprintf("a number, %d to %d", key.Least, key.Most)
	case grammar.Duration:
		return fmt.Sprintf("a time, %s to %s", strictyaml.FormatDuration(key.Shortest), strictyaml.FormatDuration(key.Longest))
	case grammar.Choices:
		return "a list of " + quoted(key.Words)
	}
	if len(key.Words) > 8 {
		return "one of " + fmt.Sprint(len(key.Words)) + " words, see the editor schema"
	}
	if len(key.Words) > 0 {
		return quoted(key.Words)
	}
	return words[key.Form]
}

func quoted(words []string) string { return "`" + strings.Join(words, "` `") + "`" }

func kindTable() string {
	var b strings.Builder
	b.WriteString("| kind | what it does | keys of its own on the step |\n|---|---|---|\n")
	for _, kind := range grammar.StepKinds() {
		var own []string
		for _, key := range kind.Beside {
			own = append(own, "`"+key.Name+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", kind.Key.Name, prose(kind.Doc), strings.Join(own, " "))
	}
	return b.String()
}

func functionTable() string {
	var b strings.Builder
	b.WriteString("| function | what it gives | example |\n|---|---|---|\n")
	for _, f := range expression.Functions() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` is `%s` |\n", cell(f.Signature), prose(f.Doc), cell(f.Example), cell(f.Result))
	}
	return b.String()
}

// cell keeps a text inside of its column.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// prose is a cell whose text stands outside of code, where < begins HTML and * a stress.
func prose(text string) string {
	return strings.NewReplacer("**", "**", "|", `\|`, "<", `\<`, "*", `\*`).Replace(text)
}

// Every example of the manual compiles without a word.
func TestManualExamples(t *testing.T) {
	t.Parallel()
	found := examples(string(playbooktest.Read(t, manualFile)))
	if len(found) < 15 {
		t.Fatalf("found %d examples: the page is not being read", len(found))
	}
	for _, one := range found {
		if one.info != "yaml" {
			t.Errorf("an example is marked %q, want yaml:\n%s", one.info, one.text)
		}
		if faults := faultsOf(t, one.text); len(faults) > 0 {
			t.Errorf("an example has faults: %v\n%s", faults, one.text)
		}
	}
}
