package notify_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/connectors/notify"
)

// outbox keeps one message of an id, as the product's does.
type outbox struct {
	mu       sync.Mutex
	fault    error
	messages map[string]notify.Message
}

func (o *outbox) Notify(_ context.Context, message notify.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fault != nil {
		return o.fault
	}
	if o.messages == nil {
		o.messages = map[string]notify.Message{}
	}
	o.messages[message.ID] = message
	return nil
}

func (o *outbox) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.messages)
}

func args() map[string]any {
	return map[string]any{"audience": "stakeholders", "subject": "Contained", "body": "ws-042 is isolated", "urgent": true, "template": "containment"}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	queue := &outbox{}
	kind, err := notify.Kind(queue)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Suite{
		Kind: kind, Offline: true, Effects: queue.count,
		Cases: map[string]connectortest.Case{"send": {Args: func(string) map[string]any { return args() }}},
	})
}

func TestMessage(t *testing.T) {
	t.Parallel()
	queue := &outbox{}
	kind, err := notify.Kind(queue)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := kind.Open(connector.Config{})
	if err != nil {
		t.Fatal(err)
	}
	call := connector.Call{Action: "send", Args: args(), Key: "key-1", IncidentID: "INC-2026-000001"}
	for range 2 { // the second is a repeat
		result, err := instance.Do(t.Context(), call)
		if err != nil || result.Output["message_id"] != "key-1" {
			t.Fatalf("%v, %v", result.Output, err)
		}
	}
	want := map[string]notify.Message{"key-1": {ID: "key-1", IncidentID: "INC-2026-000001", Audience: "stakeholders", Template: "containment", Subject: "Contained", Body: "ws-042 is isolated", Urgent: true}}
	if diff := cmp.Diff(want, queue.messages); diff != "" {
		t.Error(diff)
	}
	queue.fault = errors.New("down")
	_, err = instance.Do(t.Context(), call)
	if got := connector.Classify(err, true); got.Class != connector.Transient || !errors.Is(err, queue.fault) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := instance.Do(ctx, call); err == nil {
		t.Error("queued after its time was over")
	}
}

func TestQueueIsNeeded(t *testing.T) {
	t.Parallel()
	kind, err := notify.Kind(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kind.Open(connector.Config{}); err == nil {
		t.Error("opened without a queue")
	}
}
