package playbook_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook/format"
	"github.com/tocsin-soar/tocsin/internal/playbook/playbooktest"
)

const (
	rulesFile  = "../../playbooks/RULES.md"
	manualFile = "../../playbooks/LANGUAGE.md"
)

// example is one block of code in a page.
type example struct {
	info string // what stands behind the fence: "yaml wrong"
	text string
}

func examples(page string) []example {
	var found []example
	for _, match := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		found = append(found, example{info: match[1], text: match[2]})
	}
	return found
}

// whole makes a playbook of an example: steps get the keys around them, and a part of
// a playbook the keys that it lacks.
func whole(text string) string {
	if strings.HasPrefix(strings.TrimLeft(text, " \n"), "- ") || strings.HasPrefix(text, "#") && strings.Contains(text, "\n- ") {
		text = "steps:\n" + text
	}
	if regexp.MustCompile(`(?m)^(tocsin|playbook):`).MatchString(strings.SplitAfter(text, "\n---\n")[0]) {
		return text
	}
	if !strings.Contains(text, "\ninput:") && !strings.HasPrefix(text, "input:") {
		text = "input:\n  type: object\n  required: [host]\n  properties:\n    host: {type: string, default: \"${{ alert.host.name }}\"}\n" + text
	}
	if !strings.Contains(text, "\nsteps:") {
		text += "steps: [{set: {x: 1}}]\n"
	}
	return "tocsin: v1\nplaybook: example\nversion: 1.0.0\ntitle: Example\n" + text
}

// faultsOf judges an example as a playbook, or as a part of a manifest.
func faultsOf(t *testing.T, text string) diag.List {
	t.Helper()
	if strings.HasPrefix(text, "actions:") {
		source := "connector: example\nversion: 1.0.0\ntitle: Example\ndescription: An example.\ntested: In tests.\n" + text
		_, faults := manifest.Parse("example.yaml", []byte(source))
		return faults
	}
	_, faults := compile(t, "example.yaml", []byte(whole(text)))
	return faults
}

// Every rule has a section, and its examples are what they say.
func TestRulesPage(t *testing.T) {
	t.Parallel()
	sections := map[string]string{}
	for _, section := range strings.Split(string(playbooktest.Read(t, rulesFile)), "\n## ")[1:] {
		name, body, _ := strings.Cut(section, "\n")
		body = regexp.MustCompile(`\n# [A-Z]`).Split(body, 2)[0]
		if _, twice := sections[name]; twice {
			t.Errorf("%s: the section %q stands twice", rulesFile, name)
		}
		sections[name] = body
	}
	known := append(append(playbookRules(t), manifestRules(t)...), format.RuleFormat)
	for _, rule := range known {
		if sections[rule] == "" {
			t.Errorf("%s has no section %q", rulesFile, rule)
		}
	}
	for rule, body := range sections {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			if !slices.Contains(known, rule) {
				t.Error("there is no such rule")
			}
			checkSection(t, rule, examples(body))
		})
	}
}

func checkSection(t *testing.T, rule string, found []example) {
	t.Helper()
	shown := map[string]bool{}
	for _, one := range found {
		form, verdict, _ := strings.Cut(one.info, " ")
		shown[verdict] = true
		if form != "yaml" {
			continue
		}
		faults := faultsOf(t, one.text)
		others := slices.ContainsFunc(faults, func(d diag.Diagnostic) bool { return d.Rule != rule && (verdict == "right" || d.Level == diag.Error) })
		told := slices.ContainsFunc(faults, func(d diag.Diagnostic) bool { return d.Rule == rule })
		if others || told != (verdict == "wrong") {
			t.Errorf("the example %q has these faults: %v\n%s", verdict, faults, one.text)
		}
	}
	if !shown["wrong"] || !shown["right"] || len(found) < 2 {
		t.Errorf("the section shows %v, want one wrong and one right example at least", shown)
	}
}
