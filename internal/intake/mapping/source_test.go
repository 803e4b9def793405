package mapping

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestMappingFaultsAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	const head = "source: x\ntitle: X\nversion: \"1\"\ntested: here\n"
	rows := []struct {
		name, file string
		want       []string
	}{
		{"as it should be", head + "fields: {title: body.a, fields.extra: body.b}\n", nil},
		{"misspelt field", head + "fields: {titel: body.a}\n", []string{`x.yaml:5:10: error: alerts have no field "titel" [mapping_field]`}},
		{"severity has a place of its own", head + "fields: {severity: body.a}\n", []string{`x.yaml:5:10: error: alerts have no field "severity" [mapping_field]`}},
		{"unknown name", head + "fields: {title: alert.a}\n", []string{`x.yaml:5:17: error: there is no value called "alert" [mapping_expression]`}},
		{"unknown key", head + "fields: {}\nsplits: []\n", []string{`x.yaml:6:1: error: a mapping has no key "splits" [unknown_key]`}},
		{"no fields", head, []string{`x.yaml:1:1: error: a mapping needs the key "fields" [missing_key]`}},
		{"a name that is none", "source: My-Tool\ntitle: X\nversion: \"1\"\ntested: here\nfields: {}\n", []string{`x.yaml:1:9: error: a source's name must be in snake_case [mapping_form]`}},
		{"accept gives no truth", head + "accept: '\"x\"'\nfields: {}\n", []string{`x.yaml:5:10: error: this must be true or false, but it is the text "x" [mapping_expression]`}},
		{"steps upside down", head + "fields: {}\nseverity: {value: body.a, steps: [{from: 1, is: low}, {from: 5, is: high}]}\n", []string{`x.yaml:6:62: error: steps stand from the worst down [mapping_order]`}},
		{"a severity that is none", head + "fields: {}\nseverity: {value: body.a, words: {bad: terrible}}\n", []string{`x.yaml:6:40: error: a severity must be informational, low, medium, high or critical, not "terrible" [choice]`}},
		{"a step that is none", head + "fields: {}\nseverity: {value: body.a, steps: [{from: many, is: low}]}\n", []string{`x.yaml:6:42: error: from must be a number [wrong_type]`}},
		{"guess what", head + "fields: {}\nguess: always\n", []string{`x.yaml:6:8: error: guess must be never, unaccepted or gaps, not "always" [choice]`}},
		{"all at once", head + "fields: {titel: bdy.a}\naccept: 7\n", []string{`x.yaml:5:10: error: alerts have no field "titel" [mapping_field]`, `x.yaml:6:9: error: an expression must be text, this is a whole number [wrong_type]`}},
	}
	for _, row := range rows {
		source, faults := ParseSource("x.yaml", []byte(row.file))
		faults.Sort()
		var got []string
		for _, fault := range faults {
			got = append(got, fault.String())
		}
		if diff := cmp.Diff(row.want, got); diff != "" || (source == nil) != (len(row.want) > 0) {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestSourcesOfASite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.yaml", "source: mine\ntitle: Mine\nversion: \"1\"\ntested: here\nfields: {title: body.headline}\nseverity: {value: body.rank, words: {red: critical}}\n")
	write("wazuh.yaml", "source: wazuh\ntitle: Ours\nversion: \"9\"\ntested: here\nfields: {}\n")
	all, faults := LoadSources(dir)
	if faults != nil {
		t.Fatal(faults)
	}
	if names := all.Names(); !slices.Contains(names, "mine") || !slices.Contains(names, "generic") || all.Find("wazuh").Version != "9" || all.Find("nothing") != nil {
		t.Errorf("%v; wazuh %+v", names, all.Find("wazuh"))
	}
	messages, err := all.Find("mine").Read("", []byte(`{"headline":"H","rank":"RED"}`))
	if err != nil || messages[0].Alert.Title != "H" || messages[0].Alert.Severity != soar.SeverityCritical {
		t.Errorf("%v %+v", err, messages)
	}
	write("again.yaml", "source: mine\ntitle: Again\nversion: \"1\"\ntested: here\nfields: {}\n")
	if all, faults := LoadSources(dir); all != nil || len(faults) != 1 || faults[0].Rule != ruleFile {
		t.Errorf("a name twice: %v", faults)
	}
	if all, faults := LoadSources(filepath.Join(dir, "nowhere")); all != nil || !faults.HasErrors() {
		t.Error("a folder that does not exist passed")
	}
}

func TestRating(t *testing.T) {
	t.Parallel()
	wazuh := source(t, "wazuh")
	for level, want := range map[string]soar.Severity{
		"0": "informational", "3": "informational", "4": "low", "7": "medium", "11": "medium", "12": "high", "14": "high", "15": "critical", "16": "critical", `"10"`: "medium", "-1": "", `"x"`: "",
	} {
		messages, err := wazuh.Read("", []byte(`{"rule":{"level":`+level+`,"description":"d"}}`))
		if err != nil || messages[0].Alert.Severity != want {
			t.Errorf("level %s: got %q, want %q (%v)", level, messages[0].Alert.Severity, want, err)
		}
	}
}

func FuzzParseSource(f *testing.F) {
	for _, name := range []string{"wazuh", "generic"} {
		body, err := os.ReadFile("../sources/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	f.Fuzz(func(t *testing.T, body string) {
		source, faults := ParseSource("f.yaml", []byte(body))
		if (source == nil) != faults.HasErrors() {
			t.Errorf("source %v, faults %v", source != nil, faults)
		}
		if source != nil {
			if _, err := source.Read("", []byte(`{"a":{"b":[1,"x"]},"title":"t"}`)); err != nil {
				t.Error(err)
			}
		}
	})
}

// A field may have several expressions: the first that gives a value of the field
// counts, and one that fails does not keep the next from being tried.
func TestChoicesAreTriedInTurn(t *testing.T) {
	t.Parallel()
	source, faults := ParseSource("t.yaml", []byte(`source: t
title: T
version: "1"
tested: here
split: [items]
fields:
  title: [body.a.b.c, body.name]
  source_ip: [body.src, body.src_ip]
  rule.id: around.group
  fields.kind: [body.kind, around.kind]
severity:
  value: [body.level, body.score]
  words: {bad: high}
  steps: [{from: 5, is: critical}, {from: 0, is: low}]
fingerprint: [body.id]
`))
	if faults != nil {
		t.Fatal(faults)
	}
	body := `{"group": 7, "kind": "outer", "items": [
		{"id": 1, "a": "text", "name": "first", "src": "a-host", "src_ip": "192.0.2.1", "level": "", "score": 6},
		{"id": 2, "a": {"b": {"c": "deep"}}, "src": "192.0.2.2", "kind": "own", "level": "bad", "score": 1}]}`
	messages, err := source.Read("application/json", []byte(body))
	if err != nil || len(messages) != 2 {
		t.Fatal(err, messages)
	}
	one, two := messages[0].Alert, messages[1].Alert
	got := []any{one.Title, one.SourceIP, one.Rule.ID, one.Fields["kind"], one.Severity, one.Reported, two.Title, two.SourceIP, two.Fields["kind"], two.Severity, two.Reported}
	want := []any{"first", "192.0.2.1", "7", "outer", soar.SeverityCritical, "6", "deep", "192.0.2.2", "own", soar.SeverityHigh, "bad"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a tool says of the standing of an alert makes it another event: that it is
// over must not be taken for a repetition.
func TestStateIsPartOfTheFingerprint(t *testing.T) {
	t.Parallel()
	source, faults := ParseSource("t.yaml", []byte("source: t\ntitle: T\nversion: \"1\"\ntested: here\nfields: {title: body.title, state: body.status}\nfingerprint: [body.id]\n"))
	if faults != nil {
		t.Fatal(faults)
	}
	of := func(body string) string {
		messages, err := source.Read("", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return messages[0].Alert.Fingerprint
	}
	firing, again, over := of(`{"id":1,"title":"x","status":"firing"}`), of(`{"id":1,"title":"x","status":"firing","n":2}`), of(`{"id":1,"title":"x","status":"resolved"}`)
	if firing != again || firing == over {
		t.Errorf("firing %s, again %s, over %s", firing, again, over)
	}
}
