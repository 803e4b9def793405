package waytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"unicode/utf8"
)

// RoutingKey is the integration key that the fake knows.
const RoutingKey = "0123456789abcdef0123456789abcdef"

// PagerDuty is the Events API v2 of one service.
type PagerDuty struct {
	door
	alerts map[string]string
}

// Event is what is sent to /v2/enqueue.
type Event struct {
	RoutingKey string        `json:"routing_key"`
	Action     string        `json:"event_action"`
	DedupKey   string        `json:"dedup_key"`
	Payload    *EventPayload `json:"payload"`
	Links      []struct {
		Href string `json:"href"`
		Text string `json:"text"`
	} `json:"links"`
}

// EventPayload is what a trigger says.
type EventPayload struct {
	Summary  string          `json:"summary"`
	Source   string          `json:"source"`
	Severity string          `json:"severity"`
	Details  json.RawMessage `json:"custom_details"`
}

// Bounds of the Events API v2.
const (
	eventMost   = 512 << 10 // bytes
	summaryMost = 1024      // characters
	dedupMost   = 255       // characters
)

// NewPagerDuty starts one.
func NewPagerDuty(t testing.TB) *PagerDuty {
	t.Helper()
	f := &PagerDuty{alerts: map[string]string{}}
	f.open(t, func(r *http.Request, body []byte) (int, any, error) {
		event, err := f.read(r, body)
		if err != nil {
			return http.StatusBadRequest, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": []string{err.Error()}}, err
		}
		f.alerts[event.DedupKey] = map[string]string{"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}[event.Action]
		return http.StatusAccepted, map[string]any{"status": "success", "message": "Event processed", "dedup_key": event.DedupKey}, nil
	})
	return f
}

func (f *PagerDuty) read(r *http.Request, body []byte) (e Event, err error) {
	if r.Method != http.MethodPost || r.URL.RequestURI() != "/v2/enqueue" || r.Header.Get("Content-Type") != "application/json" {
		return e, fmt.Errorf("%s %s as %s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"))
	}
	if err := strict(body, &e); err != nil {
		return e, err
	}
	switch {
	case len(body) > eventMost:
		return e, fmt.Errorf("%d bytes", len(body))
	case e.RoutingKey != RoutingKey:
		return e, fmt.Errorf("routing_key is invalid")
	case e.DedupKey == "" || utf8.RuneCountInString(e.DedupKey) > dedupMost:
		return e, fmt.Errorf("dedup_key %q", e.DedupKey)
	case e.Action == "acknowledge" || e.Action == "resolve":
		return e, nil
	case e.Action != "trigger" || e.Payload == nil:
		return e, fmt.Errorf("event_action %q", e.Action)
	case e.Payload.Summary == "" || utf8.RuneCountInString(e.Payload.Summary) > summaryMost || e.Payload.Source == "":
		return e, fmt.Errorf("summary of %d bytes, source %q", len(e.Payload.Summary), e.Payload.Source)
	case !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		return e, fmt.Errorf("severity %q", e.Payload.Severity)
	}
	return e, nil
}

// Alerts gives the alerts by their dedup_key: triggered, acknowledged or resolved.
func (f *PagerDuty) Alerts() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	copied := map[string]string{}
	for key, state := range f.alerts {
		copied[key] = state
	}
	return copied
}

// Events gives the events that were taken, oldest first.
func (f *PagerDuty) Events(t testing.TB) (list []Event) {
	t.Helper()
	for _, body := range f.Bodies() {
		var e Event
		if err := strict(body, &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}
