package main

import (
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/apifuzz"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// A trap is survived by an alert that holds what it hides, and by nothing less.
func TestTraps(t *testing.T) {
	t.Parallel()
	read := func(fields map[string]any) []soar.Alert { return []soar.Alert{{Parsed: true, Fields: fields}} }
	for name, row := range map[string]struct {
		kind, detail, body string
		payload            payload
		lost               string
	}{
		"digits kept":         {"int>2^53", ".id", `{"id":12345678901234567890}`, payload{alerts: read(map[string]any{"id": "12345678901234567890"})}, ""},
		"digits beside":       {"int>2^53", ".id", `{"id":9007199254740993}`, payload{alerts: read(nil), raw: []byte(`{"id":9007199254740993}`)}, ""},
		"digits changed":      {"int>2^53", ".id", `{"id":9007199254740993}`, payload{alerts: read(map[string]any{"id": 9007199254740992.0})}, "9007199254740993"},
		"JSON in text":        {"json-in-string", ".a.m", `{"a":{"m":"{\"user\":\"anna\"}"}}`, payload{alerts: read(map[string]any{"user": "anna"})}, ""},
		"JSON in text, lost":  {"json-in-string", ".a[].m", `{"a":[{"m":"{\"user\":\"anna\"}"}]}`, payload{alerts: read(map[string]any{"user": "bo"})}, "nothing of the JSON"},
		"a dotted name":       {"dotted-keys", "1", `{"a.b":1}`, payload{alerts: read(map[string]any{"a.b": 1})}, ""},
		"a dotted name, lost": {"dotted-keys", "1", `{"a.b":1}`, payload{alerts: read(map[string]any{"ab": 1})}, "no name with a dot"},
		"a list":              {"top-level-array", "2", `[{},{}]`, payload{ids: []string{"1", "2"}, alerts: read(nil)}, ""},
		"half a list":         {"top-level-array", "2", `[{},{}]`, payload{ids: []string{"1"}, alerts: read(nil)}, "1 alerts of 2"},
		"no JSON, kept":       {"invalid-json", "", `{`, payload{alerts: []soar.Alert{{ParseError: "x"}}, unparsed: 1}, ""},
		"no JSON, lost":       {"invalid-json", "", `{`, payload{}, "neither kept nor refused"},
		"large, refused":      {"large", "9", `{}`, payload{reason: "too large"}, "no alert: too large"},
		"large, read":         {"large", "9", `{}`, payload{alerts: read(nil)}, ""},
		"large, unread":       {"large", "9", `{}`, payload{alerts: []soar.Alert{{ParseError: "no"}}, unparsed: 1}, "could not be read"},
		"a bad answer":        {"large", "9", `{}`, payload{fault: "answered 500"}, "answered 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.payload.body = []byte(row.body)
			got := trap{kind: row.kind, detail: row.detail}.lost(&row.payload)
			if (got == "") != (row.lost == "") || !strings.Contains(got, row.lost) {
				t.Errorf("got %q, want %q", got, row.lost)
			}
		})
	}
}

// What breaks a promise is told, and only that.
func TestFaults(t *testing.T) {
	t.Parallel()
	sound := func() *report {
		return &report{right: map[string]int{"title": 9}, all: map[string]int{"title": 10}, floor: 90}
	}
	if faults := sound().faults(); len(faults) != 0 {
		t.Errorf("nothing is broken: %v", faults)
	}
	for name, spoil := range map[string]func(*report){
		"too few labels": func(r *report) { r.floor = 91 },
		"a file lost":    func(r *report) { r.lost = []string{"x"} },
		"a trap":         func(r *report) { r.trapFaults = []string{"x"} },
		"an incident":    func(r *report) { r.opened = []string{"x"} },
		"an answer": func(r *report) {
			r.generated = &generated{apifuzz.Report{Offenders: []apifuzz.Offender{{Operation: "x"}}}}
		},
	} {
		r := sound()
		if spoil(r); len(r.faults()) != 1 {
			t.Errorf("%s: %v", name, r.faults())
		}
	}
}

func TestWhatSaysThatItIsNoAlert(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"v/x__Resolved_Alert.json": true, "v/Normal_Login.json": true, "v/Non-Alert.json": true, "v/benign.json": true, "v/false_positive.json": true,
		"v/unresolved.json": false, "v/abnormal_alert.json": false, "v/alert.json": false,
	} {
		if got := (&payload{name: name}).saysNoAlert(); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !(&payload{name: "v/a.json", what: "a JSON Schema"}).saysNoAlert() || !(&payload{name: "v/a.json", class: "non-alert"}).saysNoAlert() {
		t.Error("the note and the class are not read")
	}
}
