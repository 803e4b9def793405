package notify

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/connector"
)

//go:embed manifest.yaml
var source []byte

// Message is what people are to be told. Subject and body are plain text.
type Message struct {
	ID         string // the same message has the same id however often it is handed over
	IncidentID string
	Audience   string // whom the policy's audiences name by this
	Template   string
	Subject    string
	Body       string
	Urgent     bool
}

// Queue takes a message so that it is not lost. Handed the same id again it keeps
// one.
type Queue interface {
	Notify(context.Context, Message) error
}

type kind struct {
	connector.Described
	queue Queue
}

// Kind gives the connector over a queue. Its error is a fault of this build.
func Kind(queue Queue) (connector.Connector, error) {
	described, err := connector.Describe("notify/manifest.yaml", source)
	if err != nil {
		return nil, err
	}
	return kind{described, queue}, nil
}

// Open makes an instance.
func (k kind) Open(connector.Config) (connector.Instance, error) {
	if k.queue == nil {
		return nil, fmt.Errorf("notify has no queue to hand messages to")
	}
	return instance{k.queue}, nil
}

type instance struct{ queue Queue }

// Do hands the message over.
func (i instance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	if call.Action != "send" {
		return connector.Result{}, &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("notify has no action %q", call.Action)}
	}
	message := Message{
		ID: call.Key, IncidentID: call.IncidentID, Audience: text(call, "audience"), Template: text(call, "template"),
		Subject: text(call, "subject"), Body: text(call, "body"), Urgent: call.Args["urgent"] == true,
	}
	if err := call.Permit(ctx); err != nil {
		return connector.Result{}, err
	}
	if err := i.queue.Notify(ctx, message); err != nil {
		// The queue is our own database and keeps one message of an id.
		return connector.Result{}, &connector.Error{Class: connector.Transient, Message: "the message could not be queued", Err: err}
	}
	return connector.Result{Output: map[string]any{"message_id": message.ID, "queued": true}}, nil
}

func text(call connector.Call, name string) string {
	value, _ := call.Args[name].(string)
	return value
}
