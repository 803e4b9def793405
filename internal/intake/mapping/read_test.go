package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func source(t testing.TB, name string) *Source {
	t.Helper()
	all, faults := LoadSources("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	return all.Find(name)
}

// told sums up what a body gave: per alert its title, or why it could not be read.
func told(messages []Message) []string {
	var all []string
	for _, message := range messages {
		if message.Alert.Parsed {
			all = append(all, message.Alert.Title)
		} else {
			all = append(all, "! "+message.Alert.ParseError)
		}
	}
	return all
}

func TestSeveralAlertsInOneBody(t *testing.T) {
	t.Parallel()
	const a, b = `{"title":"A"}`, `{"title":"B"}`
	rows := []struct {
		name, kind, body string
		want             []string
	}{
		{"one", "application/json", a, []string{"A"}},
		{"a list", "application/json; charset=utf-8", "[" + a + "," + b + "]", []string{"A", "B"}},
		{"lines", "application/x-ndjson", a + "\n\n" + b + "\r\n", []string{"A", "B"}},
		{"lines, one of them broken", "application/x-ndjson", a + "\n{\n" + b, []string{"A", "! the body is not JSON: it ends too early", "B"}},
		{"lines, without saying so", "application/json", a + "\n" + b, []string{"A", "B"}},
		{"two values", "", a + b, []string{"A", "B"}},
		{"two values with text between", "", a + "x" + b, []string{"! something that is not JSON follows the first value, at byte 13"}},
		{"two values, one with a name twice", "", a + `{"x":1,"x":2}`, []string{"A", `! the name "x" stands twice in one object, and readers do not agree on which counts`}},
		{"a value cut off behind another", "", a + `{"title":`, []string{"! the body holds more than one JSON value"}},
		{"lines of CEF", "text/plain", "CEF:0|a|b|c|d|A|5|\nCEF:0|a|b|c|d|B|5|\n", []string{"A", "B"}},
		{"prose", "text/plain", "something happened", []string{"! the body is not JSON: it cannot be read from byte 0 on"}},
		{"a list with something else in it", "", "[" + a + ",7]", []string{"A", "! an item of the list is not an object"}},
		{"a list of numbers", "", "[1,2]", []string{"! the body is a list, but not of objects"}},
		{"text", "", `"hello"`, []string{"! the body is JSON, but not an object or a list of objects"}},
		{"null", "", `null`, []string{"! the body is JSON, but not an object or a list of objects"}},
		{"an envelope", "", `{"status":"x","alerts":[{"title":"A"},{"title":"B"}]}`, []string{"A", "B"}},
		{"an incident with its alerts", "", `{"title":"I","alerts":[{"title":"A"},{"title":"B"}]}`, []string{"I"}},
		{"an empty envelope", "", `{"alerts":[],"message":"nothing"}`, []string{"nothing"}},
		{"byte order mark", "", "\xef\xbb\xbf" + a, []string{"A"}},
		{"plain text as SNS sends it", "text/plain; charset=UTF-8", a, []string{"A"}},
		{"a JSON dialect", "application/cloudevents+json", a, []string{"A"}},
		{"XML in spite of its name", "application/json", "<alert><title>A</title></alert>", []string{"A"}},
		{"names twice", "", `{"title":"A","title":"B"}`, []string{`! the name "title" stands twice in one object, and readers do not agree on which counts`}},
	}
	for _, row := range rows {
		messages, err := generic(t).Read(row.kind, []byte(row.body))
		if diff := cmp.Diff(row.want, told(messages)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, err, diff)
		}
		for _, message := range messages {
			checkAlert(t, row.name, message)
		}
	}
}

func TestBodiesThatHoldNothing(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, kind, body, field string
	}{
		{"empty", "application/json", "", ""},
		{"white space", "application/json", " \r\n", ""},
		{"a byte order mark alone", "application/json", "\xef\xbb\xbf", ""},
		{"an empty list", "application/json", "[]", ""},
		{"too many in a list", "application/json", "[" + strings.Repeat("{},", AlertsMost) + "{}]", ""},
		{"too many lines", "application/x-ndjson", strings.Repeat("{}\n", AlertsMost+1), ""},
		{"too long", "application/json", `{"title":"` + strings.Repeat("x", BodyMost) + `"}`, ""},
		{"a form", "application/x-www-form-urlencoded", "title=x", "Content-Type"},
		{"no media type", "json", "{}", "Content-Type"},
		{"a file", "multipart/form-data; boundary=x", "{}", "Content-Type"},
	}
	for _, row := range rows {
		messages, err := generic(t).Read(row.kind, []byte(row.body))
		if soar.CodeOf(err) != soar.CodeInvalid || messages != nil {
			t.Errorf("%s: %v, %d alerts", row.name, err, len(messages))
			continue
		}
		if fault, ok := errors.AsType[*soar.Error](err); !ok || fault.Field != row.field || fault.Message == "" {
			t.Errorf("%s: field %q, message %q", row.name, fault.Field, fault.Message)
		}
	}
}

func TestRawBytesAreThoseOfTheAlert(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`[ {"title": "A" }, {"title":"B"}]`:                       {`{"title": "A" }`, `{"title":"B"}`},
		`{"alerts":[{"title":"A"}, {"title": "B"}],"x":1}`:        {`{"title":"A"}`, `{"title": "B"}`},
		"{\"title\":\"A\", \"n\": 12345678901234567890}":          {"{\"title\":\"A\", \"n\": 12345678901234567890}"},
		`{"detail-type":"x","source":"s","detail":{"title":"A"}}`: {`{"detail-type":"x","source":"s","detail":{"title":"A"}}`},
	} {
		messages, err := generic(t).Read("", []byte(body))
		var got []string
		for _, message := range messages {
			got = append(got, string(message.Raw))
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", body, err, diff)
		}
	}
}

// Bodies that are meant to break their reader give an alert, soon.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	wide := make([]string, 10_000)
	for i := range wide {
		wide[i] = fmt.Sprintf(`"severity%d":"x"`, i)
	}
	bodies := map[string]string{
		"deep":                      strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"deep, allowed":             strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60),
		"wide":                      "{" + strings.Join(wide, ",") + "}",
		"one long text":             `{"title":"` + strings.Repeat("ü", 500_000) + `"}`,
		"one long name":             `{"` + strings.Repeat("a.", 400_000) + `":1,"title":"t"}`,
		"NUL":                       `{"title":"a\u0000b","host":{"name":"\u0000"},"k\u0000":["\u0000"]}`,
		"bad UTF-8":                 "{\"title\":\"\xff\xfe\",\"\xff\":1}",
		"lone surrogates":           `{"title":"\ud800\udc00\ud800","user":{"name":"\udfff"}}`,
		"big numbers":               `{"title":"t","severity":1e999,"timestamp":99999999999999999999999999,"n":-1e-999}`,
		"templates":                 `{"title":"${{ 1 + 1 }} {{ 2 }} #{3} <script>alert(1)</script>","severity":"high"}`,
		"JSON in JSON":              `{"Type":"Notification","TopicArn":"x","Message":` + fmt.Sprintf("%q", strings.Repeat(`{"a":`, 100)) + `}`,
		"many names that end alike": `{"title":"t","x":{` + strings.Join(wide, ",") + `},"y":[{` + strings.Join(wide[:100], ",") + `}]}`,
		"nested text that is JSON":  `{"message":"{\"message\":\"{\\\"title\\\":\\\"deep\\\"}\"}"}`,
	}
	for name, body := range bodies {
		for _, source := range []*Source{generic(t), source(t, "wazuh")} {
			began := time.Now()
			messages, err := source.Read("application/json", []byte(body))
			if err != nil || len(messages) != 1 {
				t.Errorf("%s: %v, %d alerts", name, err, len(messages))
				continue
			}
			checkAlert(t, name, messages[0])
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("%s took %s", name, took)
			}
		}
	}
}

func TestAlertTextStaysText(t *testing.T) {
	t.Parallel()
	const title = `${{ 1 + 1 }} {{ 2 }} <script>alert(1)</script> " or 1=1`
	messages, err := generic(t).Read("", []byte(`{"title":`+fmt.Sprintf("%q", title)+`}`))
	if err != nil || messages[0].Alert.Title != title {
		t.Errorf("%v: %q", err, messages[0].Alert.Title)
	}
}

func TestLongTextIsCutAndSaid(t *testing.T) {
	t.Parallel()
	body := `{"title":"` + strings.Repeat("t", 5_000) + `","description":"` + strings.Repeat("d", 20_000) + `"}`
	messages, err := generic(t).Read("", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	a := messages[0].Alert
	if len(a.Title) != lineMost || len(a.Description) != textMost {
		t.Errorf("%d bytes of title, %d of description", len(a.Title), len(a.Description))
	}
	if diff := cmp.Diff([]string{"description", "title"}, a.Truncated); diff != "" {
		t.Error(diff)
	}
}

func TestMappingThatDoesNotGuess(t *testing.T) {
	t.Parallel()
	strict, faults := ParseSource("x.yaml", []byte(`source: strict
title: a strict tool
version: "1"
tested: here
accept: body.kind == "alert"
fields: {title: body.name}
`))
	if faults != nil {
		t.Fatal(faults)
	}
	messages, _ := strict.Read("", []byte(`[{"kind":"alert","name":"A","severity":"high"},{"kind":"log","name":"B"},{"kind":"alert"}]`))
	want := []string{"A", "! the body is JSON, but not of the shape that a strict tool sends", "Alert from a strict tool"}
	if diff := cmp.Diff(want, told(messages)); diff != "" {
		t.Error(diff)
	}
	if got := messages[0].Alert; got.Severity != "" || got.Guessed != nil {
		t.Errorf("something was guessed: %+v", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("generic", "application/json", []byte(`{"title":"t","severity":"high","host":{"name":"h"},"urls":["http://x"]}`))
	f.Add("wazuh", "application/json", []byte(`{"rule":{"level":10,"description":"d","mitre":{"id":["T1110"]},"groups":[]},"agent":{},"id":"1"}`))
	f.Add("generic", "application/x-ndjson", []byte("{}\n[]\n{"))
	f.Add("generic", "", []byte(`{"alerts":[{"startsAt":"x"}],"title":1}`))
	f.Add("generic", "", []byte(`{"Type":"Notification","TopicArn":"x","Message":"{\"detail-type\":1,\"detail\":{\"a\":{}}}"}`))
	all, faults := LoadSources("")
	if faults.HasErrors() {
		f.Fatal(faults)
	}
	f.Fuzz(func(t *testing.T, name, kind string, body []byte) {
		source := all.Find(name)
		if source == nil {
			return
		}
		messages, err := source.Read(kind, body)
		if err != nil {
			if soar.CodeOf(err) != soar.CodeInvalid {
				t.Errorf("not the sender's fault: %v", err)
			}
			return
		}
		if len(messages) == 0 || len(messages) > AlertsMost {
			t.Errorf("%d alerts", len(messages))
		}
		for _, message := range messages {
			checkAlert(t, "fuzz", message)
		}
	})
}
