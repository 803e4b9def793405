package mapping

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func guessed(t *testing.T, body string) soar.Alert {
	t.Helper()
	messages, err := generic(t).Read("", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return messages[0].Alert
}

func TestSegments(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"kibana.alert.severity": {"kibana", "alert", "severity"}, "event_type": {"eventtype"}, "EventType": {"eventtype"}, "@timestamp": {"timestamp"}, "": nil, "..": nil, "ü": nil,
	} {
		if diff := cmp.Diff(want, segments(name)); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, body string
		got        func(soar.Alert) string
		want       string
	}{
		{"the nearest title wins", `{"a":{"b":{"title":"deep"}},"message":"near","title":"top"}`, func(a soar.Alert) string { return a.Title }, "top"},
		{"a rule's name before a message", `{"message":"m","rule":{"name":"r"}}`, func(a soar.Alert) string { return a.Title }, "r"},
		{"flat dotted names", `{"kibana.alert.rule.name":"r","kibana.alert.severity":"high"}`, func(a soar.Alert) string { return a.Title + "/" + string(a.Severity) }, "r/high"},
		{"a host's name is no title", `{"host":{"name":"h"}}`, func(a soar.Alert) string { return a.Host.Name + "/" + a.Title }, "h/Alert from the generic door"},
		{"the user's host is no host", `{"user":{"host":"h"}}`, func(a soar.Alert) string { return a.Host.Name }, ""},
		{"names that differ in case only are not trusted", `{"title":"good","TITLE":"evil","message":"m"}`, func(a soar.Alert) string { return a.Title }, "good"},
		{"nor when nobody documented them", `{"alertName":"good","alertname":"evil","message":"m"}`, func(a soar.Alert) string { return a.Title }, "m"},
		{"a rating in words", `{"name":"n","priority":"P1"}`, func(a soar.Alert) string { return string(a.Severity) }, "critical"},
		{"a number nobody can read", `{"name":"n","severity":2}`, func(a soar.Alert) string { return string(a.Severity) }, ""},
		{"the middle of most scales", `{"name":"n","severity":3}`, func(a soar.Alert) string { return string(a.Severity) }, "medium"},
		{"a number that can only count up", `{"name":"n","severity":8}`, func(a soar.Alert) string { return string(a.Severity) }, "high"},
		{"a hundred", `{"name":"n","severity":95}`, func(a soar.Alert) string { return string(a.Severity) }, "critical"},
		{"beyond every scale", `{"name":"n","severity":5000}`, func(a soar.Alert) string { return string(a.Severity) }, ""},
		{"Suricata's 1 is the worst", `{"event_type":"alert","alert":{"signature_id":1,"signature":"s","severity":1}}`, func(a soar.Alert) string { return string(a.Severity) }, "high"},
		{"Suricata's 3", `{"event_type":"alert","alert":{"signature_id":1,"signature":"s","severity":3}}`, func(a soar.Alert) string { return string(a.Severity) }, "low"},
		{"OCSF 99 is other", `{"class_uid":1,"severity_id":99,"severity":"Other"}`, func(a soar.Alert) string { return string(a.Severity) }, ""},
		{"OCSF 5", `{"class_uid":1,"severity_id":5}`, func(a soar.Alert) string { return string(a.Severity) }, "critical"},
		{"MISP 4 is undefined", `{"Event":{"threat_level_id":"4","info":"i"}}`, func(a soar.Alert) string { return string(a.Severity) }, ""},
		{"Falco's emergency", `{"rule":"r","priority":"Emergency","output":"o"}`, func(a soar.Alert) string { return string(a.Severity) }, "critical"},
		{"the worst score counts", `{"subject":"s","spamScore":100,"phishScore":0,"malwareScore":75}`, func(a soar.Alert) string { return string(a.Severity) }, "high"},
		{"spam is no threat", `{"subject":"s","spamScore":100,"phishScore":0}`, func(a soar.Alert) string { return string(a.Severity) }, ""},
		{"a source with its port", `{"name":"n","src_ip":"192.0.2.1:443"}`, func(a soar.Alert) string { return a.SourceIP }, "192.0.2.1"},
		{"an e-mail as user name", `{"name":"n","userPrincipalName":"bo@lab.invalid"}`, func(a soar.Alert) string { return a.User.Email }, "bo@lab.invalid"},
		{"an id below a rule is the rule's", `{"name":"n","rule":{"id":"r1"}}`, func(a soar.Alert) string { return a.ExternalID + "/" + a.Rule.ID }, "/r1"},
	}
	for _, row := range rows {
		if got := row.got(guessed(t, row.body)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestGuessesAreListed(t *testing.T) {
	t.Parallel()
	a := guessed(t, `{"alertName":"n","severity":"high","deviceName":"d","timestamp":"2026-03-02 09:00:00"}`)
	want := []string{"title", "occurred_at.zone", "occurred_at", "host.name", "severity"}
	if diff := cmp.Diff(want, a.Guessed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a := guessed(t, `{"title":"t","severity":"high"}`); len(a.Guessed) != 0 {
		t.Errorf("what the tool said is listed as guessed: %v", a.Guessed)
	}
}

func TestLeavesAreInOrderAndBounded(t *testing.T) {
	t.Parallel()
	value, err := decode([]byte(`{"b":1,"a":{"y":2,"x":[{"z":3},{"z":4}]},"c":[5,6]}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range leaves(value.(object)).all {
		text, _ := json.Marshal(l.value)
		got = append(got, slices.Concat(l.path, []string{string(text)})[0]+"="+string(text))
	}
	if diff := cmp.Diff([]string{"b=1", "c=[5,6]", "a=2", "a=3", "a=4"}, got); diff != "" {
		t.Error(diff)
	}
	wide := object{}
	for i := range 2 * guessLeaves {
		wide[string(rune('a'+i%26))+json.Number(rune('0'+i%10)).String()+string(rune(i+1000))] = "x"
	}
	if n := len(leaves(object{"a": wide, "b": wide}).all); n > 4*guessLeaves {
		t.Errorf("%d leaves", n)
	}
}
