package mapping

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestMediaKind(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bodyKind{
		"": single, "application/json": single, "Application/JSON; charset=UTF-8": single, "text/json": single, "text/plain": single, "application/xml": single, "image/svg+xml": single, "application/cloudevents+json": single,
		"application/x-ndjson": lines, "application/ndjson; charset=utf-8": lines, "application/jsonl": lines,
	} {
		if got, err := mediaKind(kind); err != nil || got != want {
			t.Errorf("%q: %v %v", kind, got, err)
		}
	}
	for _, kind := range []string{"text/html", "multipart/form-data; boundary=x", "json", "application/json; =", "application/octet-stream", "\x00"} {
		if _, err := mediaKind(kind); soar.CodeOf(err) != soar.CodeInvalid {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	sns := func(message string) string {
		return fmt.Sprintf(`{"Type":"Notification","TopicArn":"arn","Message":%q}`, message)
	}
	const event = `{"detail-type":"Finding","source":"s","detail":{"title":"inner"}}`
	rows := []struct{ name, body, want, around string }{
		{"no envelope", `{"title":"t"}`, `{"title":"t"}`, ""},
		{"SNS", sns(`{"title":"inner"}`), `{"title":"inner"}`, ""},
		{"SNS with text", sns("hello"), sns("hello"), ""},
		{"SNS with a list", sns("[1]"), sns("[1]"), ""},
		{"a message that is no notification", `{"Message":"{\"title\":\"inner\"}"}`, `{"Message":"{\"title\":\"inner\"}"}`, ""},
		{"EventBridge", event, `{"title":"inner"}`, event},
		{"EventBridge in SNS", sns(event), `{"title":"inner"}`, event},
		{"detail without its type", `{"detail":{"a":1}}`, `{"detail":{"a":1}}`, ""},
		{"detail that is text", `{"detail-type":"x","detail":"y"}`, `{"detail-type":"x","detail":"y"}`, ""},
		{"detail that is empty", `{"detail-type":"x","detail":{}}`, `{"detail-type":"x","detail":{}}`, ""},
	}
	for _, row := range rows {
		value, err := decode([]byte(row.body))
		if err != nil {
			t.Fatal(row.name, err)
		}
		inner, raw, around := unwrap(value.(object), []byte(row.body))
		want, _ := decode([]byte(row.want))
		if diff := cmp.Diff(want, any(inner)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
		if again, err := decode(raw); err != nil || !cmp.Equal(again, any(inner)) {
			t.Errorf("%s: the bytes are %s", row.name, raw)
		}
		if (around == nil) != (row.around == "") {
			t.Errorf("%s: around it stands %v", row.name, around)
		}
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	body := []byte(`{"a":{"b":[{"x":1},2]},"c":7,"d":[],"e":null}`)
	value, err := decode(body)
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		path  []string
		items int
	}{
		{[]string{"a", "b"}, 2}, {[]string{"a"}, 0}, {[]string{"c"}, 0}, {[]string{"c", "d"}, 0}, {[]string{"d"}, 0}, {[]string{"e"}, 0}, {[]string{"nothing", "b"}, 0}, {nil, 0},
	}
	for _, row := range rows {
		list, raw := follow(value.(object), body, row.path)
		if len(list) != row.items {
			t.Errorf("%v: %d items", row.path, len(list))
		}
		var again []json.RawMessage
		if row.items > 0 && (json.Unmarshal(raw, &again) != nil || len(again) != row.items) {
			t.Errorf("%v: the bytes are %s", row.path, raw)
		}
	}
}

// What stands around an alert fills what the alert leaves open, and no more.
func TestEnvelopeFillsGaps(t *testing.T) {
	t.Parallel()
	messages, err := generic(t).Read("", []byte(`{"hostname":"outer","priority":"low","alerts":[{"alertName":"A","severity":"high"},{"alertName":"B","hostname":"inner"}]}`))
	if err != nil || len(messages) != 2 {
		t.Fatalf("%v, %d alerts", err, len(messages))
	}
	a, b := messages[0].Alert, messages[1].Alert
	if a.Host.Name != "outer" || a.Severity != soar.SeverityHigh || b.Host.Name != "inner" || b.Severity != soar.SeverityLow {
		t.Errorf("%+v\n%+v", a, b)
	}
}
