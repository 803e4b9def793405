package way

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/notify"
)

// webhook posts messages as JSON to a system of the site.
type webhook struct{ over }

// Shared tells that it reaches a system and not a person.
func (webhook) Shared() bool { return true }

// Send posts one event; its fields are described in internal/connectors/webhook.
func (w webhook) Send(ctx context.Context, d notify.Delivery) error {
	return w.do(ctx, "post", d.Key, d.Message.IncidentID, WebhookArgs(d))
}

// WebhookArgs are the arguments of the action.
func WebhookArgs(d notify.Delivery) map[string]any {
	event := map[string]any{
		"message_id": d.Message.ID, "kind": d.Message.Kind, "at": d.At.UTC().Format(time.RFC3339), "urgent": d.Urgent, "tlp": string(d.TLP),
		"reduced": d.Minimal, "subject": d.Subject, "text": d.Text, "incident_id": d.Message.IncidentID, "about": d.Message.About, "template": d.Template,
	}
	if d.Incident != nil {
		event["severity"] = string(d.Incident.Severity)
	}
	return map[string]any{"type": "notification", "data": event}
}
