package card

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func schemaOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

const everyKind = `{"type":"object","required":["who","sure"],"properties":{
	"who":{"type":"string","title":"Who was it","minLength":2},
	"sure":{"type":"boolean"},
	"hosts":{"type":"integer","minimum":0,"maximum":100},
	"loss":{"type":"number"},
	"when":{"type":"string","format":"date"},
	"entry":{"enum":["mail","web",3,null]},
	"seen":{"type":"array","items":{"enum":["a","b"]}},
	"names":{"type":"array","items":{"type":"string"}}}}`

// in builds what Slack sends of a submitted form, by the name of the property.
func in(f Form, given map[string]Given) Values {
	values := Values{}
	for _, asked := range f.fields {
		values[asked.id] = given[asked.name]
	}
	return values
}

func picked(at ...int) Given {
	var g Given
	for _, one := range at {
		g.Options = append(g.Options, strconv.Itoa(one))
	}
	return g
}

func TestFormIsAskedAndReadByKind(t *testing.T) {
	t.Parallel()
	form, err := ReadForm(schemaOf(t, everyKind))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i, block := range form.blocks() {
		asked := block.(*slack.InputBlock)
		kinds = append(kinds, form.fields[i].name+" "+string(asked.Element.ElementType())+" "+strconv.FormatBool(asked.Optional))
	}
	want := []string{
		"who plain_text_input false", "sure static_select false", "entry static_select true", "hosts number_input true", "loss number_input true",
		"names plain_text_input true", "seen multi_static_select true", "when datepicker true",
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	answer, faults := form.Read(in(form, map[string]Given{
		"who": {Text: "the owner"}, "sure": picked(1), "hosts": {Text: "3"}, "loss": {Text: "1.50"}, "when": {Text: "2026-11-28"}, "entry": picked(2),
		"seen": picked(0, 1), "names": {Text: "one\n\n two \n"},
	}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if got := `{"entry":3,"hosts":3,"loss":1.50,"names":["one","two"],"seen":["a","b"],"sure":false,"when":"2026-11-28","who":"the owner"}`; string(raw) != got {
		t.Errorf("got %s", raw)
	}
}

func TestFormFaultsStandAtTheirField(t *testing.T) {
	t.Parallel()
	form, err := ReadForm(schemaOf(t, everyKind))
	if err != nil {
		t.Fatal(err)
	}
	id := func(name string) string {
		for _, asked := range form.fields {
			if asked.name == name {
				return asked.id
			}
		}
		return "none"
	}
	good := map[string]Given{"who": {Text: "me"}, "sure": picked(0)}
	rows := []struct {
		field string
		given Given
	}{
		{"who", Given{Text: "  "}}, {"hosts", Given{Text: "1.5"}}, {"hosts", Given{Text: "x"}},
		{"loss", Given{Text: `"1"`}}, {"loss", Given{Text: "NaN"}}, {"loss", Given{Text: "null"}},
		{"when", Given{Text: "2026-02-30"}}, {"entry", picked(4)}, {"entry", picked(-1)}, {"sure", Given{Options: []string{"yes"}}},
		{"seen", picked(7)},
	}
	for _, row := range rows {
		given := map[string]Given{row.field: row.given}
		for name, value := range good {
			if name != row.field {
				given[name] = value
			}
		}
		answer, faults := form.Read(in(form, given))
		if answer != nil || len(faults) != 1 || faults[id(row.field)] == "" {
			t.Errorf("%s %+v: %v, %v", row.field, row.given, answer, faults)
		}
	}
	faults, ok := form.Fault(&soar.Error{Field: "/answer/hosts", Message: "/answer/hosts: too many <!channel>"})
	if !ok || faults[id("hosts")] == "" || strings.Contains(faults[id("hosts")], "<") {
		t.Errorf("got %v", faults)
	}
}

func TestFormsThatSlackCannotShowAreNamed(t *testing.T) {
	t.Parallel()
	many := map[string]any{}
	for n := range 91 {
		many["p"+strconv.Itoa(n)] = map[string]any{"type": "string"}
	}
	raw, err := json.Marshal(map[string]any{"properties": many})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{
		"nested":        `{"properties":{"where":{"type":"object"}}}`,
		"no kind":       `{"properties":{"where":{}}}`,
		"two kinds":     `{"properties":{"where":{"type":["string","null"]}}}`,
		"odd list":      `{"properties":{"where":{"type":"array","items":{"type":"object"}}}}`,
		"no choice":     `{"properties":{"where":{"enum":[]}}}`,
		"long choice":   `{"properties":{"where":{"enum":["` + strings.Repeat("x", 76) + `"]}}}`,
		"alternatives":  `{"oneOf":[{}],"properties":{}}`,
		"not an object": `{"type":"array"}`,
		"not said":      `{"required":["where"],"properties":{}}`,
		"odd":           `{"properties":[]}`,
		"many":          string(raw),
	}
	for name, text := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := soar.Task{ID: "TSK-0123456789", Title: "x", Status: soar.TaskOpen, Form: schemaOf(t, text)}
			if _, err := ReadForm(task.Form); soar.CodeOf(err) != soar.CodeInvalid {
				t.Fatalf("got %v", err)
			}
			modal := look().Complete(TaskCard{Task: task}, Ref{})
			holds(t, modal, []string{"Slack", "tocsin task done TSK-0123456789"}, []string{`"type":"input"`})
			if err := ValidateModal(modal); err != nil {
				t.Error(err)
			}
		})
	}
	if form, err := ReadForm(nil); err != nil || len(form.fields) != 0 {
		t.Errorf("no form: %v, %v", form, err)
	}
}
