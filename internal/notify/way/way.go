package way

import (
	"context"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/notify"
)

// Over makes a way of a connector instance. Which it is follows from the kind of
// the connector; its error names what the connector lacks.
func Over(name string, instance connector.Instance, described *manifest.Manifest) (notify.Way, error) {
	over := over{name: name, instance: instance}
	switch described.Connector {
	case "pagerduty":
		return pager{over}, nil
	case "teams":
		return teams{over}, nil
	case "webhook":
		return webhook{over}, nil
	}
	for _, action := range described.Actions {
		inputs, _ := action.Input["properties"].(map[string]any)
		if action.Name != "send" || inputs["to"] == nil || inputs["subject"] == nil || inputs["body"] == nil {
			continue
		}
		return mail{over, inputs["html"] != nil}, nil
	}
	return nil, fmt.Errorf("way %q: connector kind %q carries no messages to people; want smtp, pagerduty, teams, webhook, or one with an action send of to, subject and body", name, described.Connector)
}

// over is a way over one instance.
type over struct {
	name     string
	instance connector.Instance
}

// Name is what notifications.yaml calls it.
func (o over) Name() string { return o.name }

// do calls one action. The outbox item is the intent: there is nothing to note
// before the first byte.
func (o over) do(ctx context.Context, action, key, incidentID string, args map[string]any) error {
	_, err := o.instance.Do(ctx, connector.Call{
		Action: action, Key: key, IncidentID: incidentID, Args: args, Sent: func(context.Context) error { return nil },
	})
	return err
}

// labelled puts the label before a line, as the Traffic Light Protocol asks for.
func labelled(d notify.Delivery) string {
	if d.TLP == "" {
		return d.Subject
	}
	return "[" + label(d) + "] " + d.Subject
}
