package way

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// teams posts into a channel of Microsoft Teams.
type teams struct{ over }

// Shared tells that it reaches a channel and not a person.
func (teams) Shared() bool { return true }

// Send posts one card. It has no button to decide with: the channel is not a person.
// The connector shows all of it as plain text.
func (t teams) Send(ctx context.Context, d notify.Delivery) error {
	return t.do(ctx, "post", d.Key, d.Message.IncidentID, TeamsArgs(d))
}

// TeamsArgs are the arguments of the action.
func TeamsArgs(d notify.Delivery) map[string]any {
	args := map[string]any{"title": soar.Shorten(d.Subject, 300), "text": cut(d.Text, textMost), "urgent": d.Urgent}
	if d.TLP != "" {
		args["label"] = label(d)
	}
	return args
}
