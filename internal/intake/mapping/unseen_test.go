package mapping

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/show/labels"
)

// unseen is a body in the form that a tool documents, written by us, with what a
// reader finds in it.
type unseen struct {
	Tool   string            `json:"tool"`
	Kind   string            `json:"kind"`   // Content-Type
	Body   json.RawMessage   `json:"body"`   // a body that is JSON
	Text   string            `json:"text"`   // or any other
	Want   map[string]string `json:"want"`   // by the field of a label
	Alerts int               `json:"alerts"` // 0: one
}

// Tools without a mapping of their own: what the generic door makes of them, by
// the same comparison as make show-doors.
func TestToolsNobodyMapped(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/unseen.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []unseen
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	source := generic(t)
	for _, u := range all {
		t.Run(u.Tool, func(t *testing.T) {
			t.Parallel()
			sent := []byte(u.Text)
			if u.Text == "" {
				sent = u.Body
			}
			messages, err := source.Read(u.Kind, sent)
			if err != nil {
				t.Fatal(err)
			}
			if len(messages) != max(u.Alerts, 1) {
				t.Fatalf("%d alerts: %q", len(messages), messages[0].Alert.ParseError)
			}
			for _, message := range messages {
				checkAlert(t, u.Tool, message)
			}
			a := messages[0].Alert
			for field, value := range u.Want {
				if l := (labels.Label{Field: field, Value: value}); !slices.Contains(labels.Fields(), field) || !l.Right(a) {
					t.Errorf("%s is %q, got %q", field, value, l.Got(a))
				}
			}
		})
	}
}
