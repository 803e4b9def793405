package policy

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Each shipped file without one of its keys, and with one that has no meaning, is
// refused with one fault that names it.
func TestKeysOfEveryFile(t *testing.T) {
	t.Parallel()
	for _, name := range Files() {
		source, err := defaults.ReadFile("defaults/" + name)
		if err != nil {
			t.Fatal(err)
		}
		document, _ := strictyaml.Load(name, source, strictyaml.Limits{Nodes: fileNodes})
		for _, entry := range document.Root.Entries {
			key := entry.Key.Text
			optional := name == fileAssessment && key == "categories"
			_, faults := site(name, without(string(source), key))
			if optional && faults != nil {
				t.Errorf("%s without %s: %v", name, key, faults)
			}
			if !optional && (len(faults) != 1 || !strings.Contains(faults[0], fmt.Sprintf("needs the key %q", key))) {
				t.Errorf("%s without %s: %v", name, key, faults)
			}
		}
		_, faults := site(name, string(source)+"\ncolour: blue\n")
		if len(faults) != 1 || !strings.Contains(faults[0], `has no key "colour"`) {
			t.Errorf("%s with colour: %v", name, faults)
		}
		if _, faults := site(name, "just text\n"); len(faults) != 1 || !strings.Contains(faults[0], "must be a mapping") {
			t.Errorf("%s of text: %v", name, faults)
		}
	}
}

// without takes a key with all that belongs to it out of a file.
func without(source, key string) string {
	var kept []string
	skip := false
	for _, line := range strings.Split(source, "\n") {
		if line != "" && line[0] != ' ' && line[0] != '#' {
			skip = strings.HasPrefix(line, key+":")
		}
		if !skip {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestHostileFilesEndSoon(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"too long":        "version: \"" + strings.Repeat("x", fileBytes) + "\"\n",
		"deep":            strings.Repeat("- ", 50_000) + "x\n",
		"deep, in flow":   strings.Repeat("[", 100_000),
		"aliases":         "a: &a [x]\nb: [*a, *a]\n",
		"two documents":   "version: \"1\"\n---\nversion: \"2\"\n",
		"very many items": "version: \"1\"\nrules:\n" + strings.Repeat("  - {}\n", 15_000),
		"a wild pattern":  "version: \"1\"\nrules:\n  - {id: a, within: 1h, key: ['alert.title matches \"" + strings.Repeat("(a*)*", 40) + "\"']}\n",
		"bad bytes":       "version: \"\xff\"\n",
		"NUL":             "version: \"\x00\"\n",
	} {
		policy, faults := load(fstest.MapFS{fileCorrelation: {Data: []byte(source)}}, "site")
		if (policy == nil) != faults.HasErrors() {
			t.Errorf("%s: policy %v, %d faults", name, policy != nil, len(faults))
		}
		if policy != nil && name != "a wild pattern" {
			t.Errorf("%s passed", name)
		}
	}
}

func anyAlert() *rapid.Generator[soar.Alert] {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "root", "Phishing", "brute force", "T1110", "198.51.100.1", "web-1"}))
	return rapid.Custom(func(t *rapid.T) soar.Alert {
		return soar.Alert{
			Parsed: rapid.Bool().Draw(t, "parsed"), Source: text.Draw(t, "source"), Title: text.Draw(t, "title"), Description: text.Draw(t, "description"),
			Severity: rapid.SampledFrom(append(soar.Severities(), "")).Draw(t, "severity"),
			Category: rapid.SampledFrom(append(soar.Categories(), "")).Draw(t, "category"),
			Rule:     soar.Rule{ID: text.Draw(t, "rule")}, Host: soar.Host{Name: text.Draw(t, "host")}, User: soar.User{Name: text.Draw(t, "user")},
			SourceIP: text.Draw(t, "ip"), Techniques: rapid.SliceOfN(text, 0, 5).Draw(t, "techniques"), Tags: rapid.SliceOfN(text, 0, 300).Draw(t, "tags"),
			Fields: map[string]any{text.Draw(t, "name"): text.Draw(t, "value")},
		}
	})
}

// Every alert is judged, and an incident has all that it needs.
func TestEveryAlertIsJudged(t *testing.T) {
	t.Parallel()
	policy := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		alert := anyAlert().Draw(t, "alert")
		got := policy.Assess(alert, policy.noon())
		switch {
		case got.Criterion == "" || got.Criterion == criterionFailed || got.Reason == "" || !got.Category.Valid():
			t.Fatalf("judged as %+v", got)
		case got.Incident && (!got.Severity.Valid() || !got.Impact.Valid() || !got.Urgency.Valid()):
			t.Fatalf("an incident lacks its levels: %+v", got)
		case !got.Incident && (got.Severity != "" || got.Impact != ""):
			t.Fatalf("an event has levels: %+v", got)
		case !got.Incident && alert.Parsed && alert.Severity.Rank() >= soar.SeverityMedium.Rank() && got.Category != "test":
			t.Fatalf("rated %s and yet no incident: %+v", alert.Severity, got)
		}
	})
}

// The same alert gives the same group, another source never does.
func TestGroupsAreStable(t *testing.T) {
	t.Parallel()
	policy := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		alert := anyAlert().Draw(t, "alert")
		first, ok := policy.Correlate(alert)
		again, okAgain := policy.Correlate(alert)
		if first != again || ok != okAgain {
			t.Fatalf("%+v and then %+v", first, again)
		}
		other := alert
		other.Source += "x"
		if group, _ := policy.Correlate(other); ok && group.Key == first.Key && first.Rule != "guessing_from_one_address" {
			t.Fatalf("another source joins by rule %s", first.Rule)
		}
	})
}

func TestLongTextsStayText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 20_000)
	values, err := AlertValues(soar.Alert{Title: long, URLs: []string{long}, Tags: strings.Split(strings.Repeat("t,", 999), ",")})
	if err != nil {
		t.Fatal(err)
	}
	alert := values.(map[string]any)
	if title, ok := alert["title"].(string); !ok || len(title) == 0 || len(title) > 8<<10 {
		t.Errorf("title %T", alert["title"])
	}
	if urls, ok := alert["urls"].([]any); !ok || len(urls) != 1 {
		t.Errorf("urls %T", alert["urls"])
	}
	if tags, ok := alert["tags"].([]any); !ok || len(tags) != 256 {
		t.Errorf("tags %T", alert["tags"])
	}
}
