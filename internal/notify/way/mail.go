package way

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the mail connectors in bytes.
const (
	subjectMost = 200
	textMost    = 16 << 10
	htmlMost    = 128 << 10
)

func label(d notify.Delivery) string { return letter.Label(d.TLP) }

// mail sends one mail to one person.
type mail struct {
	over
	rich bool // takes HTML and a thread
}

// Send hands the mail to the server.
func (m mail) Send(ctx context.Context, d notify.Delivery) error {
	to := d.Address
	if to == "" {
		to = d.Person.Email
	}
	if to == "" && strings.Contains(d.Person.ID, "@") {
		to = d.Person.ID
	}
	if to == "" {
		return &connector.Error{Class: connector.Permanent, Message: "no mail address is known for " + soar.Shorten(d.Person.ID, 80)}
	}
	args := MailArgs(d)
	args["to"] = []any{to}
	if m.rich {
		if d.HTML != "" && len(d.HTML) <= htmlMost {
			args["html"] = d.HTML
		}
		if d.Message.IncidentID != "" {
			args["thread"] = d.Message.IncidentID
		}
	}
	return m.do(ctx, "send", d.Key, d.Message.IncidentID, args)
}

// MailArgs are the arguments of the action that are the same for all recipients.
func MailArgs(d notify.Delivery) map[string]any {
	return map[string]any{"subject": soar.Shorten(labelled(d), subjectMost), "body": cut(d.Text, textMost)}
}

// cut shortens text at the end of a line and says so.
func cut(text string, most int) string {
	const rest = "\n[cut: too long for this way]\n"
	if len(text) <= most {
		return text
	}
	text = strings.ToValidUTF8(text[:most-len(rest)], "")
	if at := strings.LastIndexByte(text, '\n'); at > 0 {
		text = text[:at]
	}
	return text + rest
}
