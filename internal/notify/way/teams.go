package way

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// teams posts into a channel of Microsoft Teams.
type teams struct{ over }

// Shared tells that it reaches a channel and not a person.
func (teams) Shared() bool { return true }

// Send posts one card. It has no button to decide with: the channel is not a person.
func (t teams) Send(ctx context.Context, d notify.Delivery) error {
	args := map[string]any{
		"title": soar.Shorten(plain(d.Subject), 300), "text": cut(plain(d.Text), 12<<10), "urgent": d.Urgent,
	}
	if d.TLP != "" {
		args["label"] = label(d)
	}
	return t.do(ctx, "post", d.Key, d.Message.IncidentID, args)
}

// plain takes the meaning from what a card's text would read as Markdown.
func plain(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`, "`", "\\`", "#", `\#`, "<", "‹", ">", "›", "{{", "{ {").Replace(text)
}
