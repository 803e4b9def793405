package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/notify"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// mailInstance is the connector instance that carries messages to people.
const mailInstance = "mail"

// journalWriter is how a message gets into the outbox, in one transaction and
// once under its id.
type journalWriter interface {
	JournalWrite(ctx context.Context, batch protocol.JournalBatch) (protocol.JournalReceipt, error)
}

// queue is behind notify.send.
type queue struct{ journal journalWriter }

// Notify puts the message into the outbox.
func (q queue) Notify(ctx context.Context, m notify.Message) error {
	message := protocol.Message{ID: m.ID, Audience: m.Audience, Kind: "note", Subject: m.Subject, Body: m.Body, Urgent: m.Urgent}
	_, err := q.journal.JournalWrite(ctx, protocol.JournalBatch{IncidentID: m.IncidentID, Messages: []protocol.Message{message}})
	return err
}

// roleHolders knows who holds a role: those with a token in force.
type roleHolders interface {
	TokenList(ctx context.Context) ([]soar.Token, error)
}

// instances finds connectors.
type instances interface {
	Find(name string) (connector.Instance, *manifest.Manifest, bool)
}

// postman carries messages from the outbox to people by mail. It delivers at
// least once: a crash between sending and noting it sends again.
type postman struct {
	people   roleHolders
	registry instances
	policy   *policy.Policy
	recorder recorder
	clock    clock
	log      *slog.Logger
}

func (p postman) deliver(ctx context.Context, item soar.OutboxItem) error {
	const op = "app.deliver"
	message, err := decode[protocol.Message](item)
	if err != nil {
		return err
	}
	to, err := p.recipients(ctx, message)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		return soar.Errorf(soar.CodeInvalid, op, "message %s reaches nobody: no address is known for it", message.ID)
	}
	instance, _, found := p.registry.Find(mailInstance)
	if !found {
		return soar.Errorf(soar.CodeInvalid, op, "message %s cannot be sent: no connector %q is configured", message.ID, mailInstance)
	}
	_, err = instance.Do(ctx, connector.Call{
		Action: "send", Key: message.ID,
		Args: map[string]any{"to": asList(to), "subject": soar.Shorten(message.Subject, 200), "body": message.Body},
		Sent: func(context.Context) error { return nil }, // the outbox item is the intent
	})
	if err != nil {
		return soar.Wrap(soar.CodeUnavailable, op, err, "message %s could not be sent", message.ID)
	}
	p.log.InfoContext(ctx, "people were told", "message", message.ID, "kind", message.Kind, "recipients", len(to))
	return p.note(ctx, message, to)
}

func (p postman) note(ctx context.Context, message protocol.Message, to []string) error {
	if message.IncidentID == "" {
		return nil
	}
	return p.recorder.RecordAppend(ctx, message.IncidentID, record.Payload{
		At: p.clock().UTC(), Kind: protocol.EventNotified, By: soar.System("outbox"),
		Text: "Told " + strings.Join(to, ", ") + ": " + soar.Shorten(message.Subject, 200),
	})
}

// recipients gives the mail addresses of a message, each once, sorted.
func (p postman) recipients(ctx context.Context, message protocol.Message) ([]string, error) {
	var addresses []string
	var roles []soar.Role
	for _, who := range message.To {
		if who.Person != "" {
			addresses = append(addresses, who.Person)
		}
		if who.Role != "" {
			roles = append(roles, who.Role)
		}
	}
	if message.Audience != "" {
		audience := p.policy.Audience(message.Audience)
		if audience == nil {
			return nil, soar.Errorf(soar.CodeInvalid, "app.deliver", "message %s is for the audience %q, which audiences.yaml does not know", message.ID, message.Audience)
		}
		addresses = append(addresses, audience.Emails...)
		roles = append(roles, audience.Roles...)
	}
	holders, err := p.holders(ctx, roles)
	if err != nil {
		return nil, err
	}
	addresses = slices.DeleteFunc(append(addresses, holders...), func(a string) bool { return !strings.Contains(a, "@") })
	slices.Sort(addresses)
	return slices.Compact(addresses), nil
}

func (p postman) holders(ctx context.Context, roles []soar.Role) ([]string, error) {
	if len(roles) == 0 {
		return nil, nil
	}
	tokens, err := p.people.TokenList(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, token := range tokens {
		inForce := token.RevokedAt == nil && (token.ExpiresAt == nil || p.clock().Before(*token.ExpiresAt))
		holds := slices.ContainsFunc(token.Roles, func(role soar.Role) bool { return slices.Contains(roles, role) })
		if inForce && holds && token.Actor.Kind == soar.ActorPerson {
			ids = append(ids, token.Actor.ID)
		}
	}
	return ids, nil
}

func asList(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// clock tells the time; tests bring their own.
type clock func() time.Time
