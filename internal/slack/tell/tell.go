package tell

import (
	"context"
	"errors"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Name is what notifications.yaml calls the way.
const Name = "slack"

// chat is workspace.Workspace.
type chat interface {
	Post(ctx context.Context, channel, thread string, m card.Message) (slack.Posted, error)
}

// identities is the store of who is who in Slack.
type identities interface {
	Identities(ctx context.Context, person string) ([]soar.SlackIdentity, error)
}

// Way writes direct messages. It is safe for concurrent use.
type Way struct {
	chat       chat
	identities identities
	team       string
}

var _ notify.Way = (*Way)(nil)

// New makes the way into one workspace.
func New(c chat, who identities, team string) *Way { return &Way{c, who, team} }

// Name gives Name.
func (*Way) Name() string { return Name }

// Send writes to the accounts that the person has linked. An address of
// notifications.yaml counts only when it is one of them: who else has it was never
// shown to be the person. Without an account the way ends, and the next one is taken.
func (w *Way) Send(ctx context.Context, d notify.Delivery) error {
	linked, err := w.identities.Identities(ctx, d.Person.ID)
	if err != nil {
		return &connector.Error{Class: connector.Transient, Message: "who is who in Slack could not be read", Err: err}
	}
	m := card.Look{Now: d.At}.Letter(d.Subject, d.Text, about(d))
	if err := card.Validate(m); err != nil {
		return &connector.Error{Class: connector.Permanent, Message: "the message is not what Slack takes", Err: err}
	}
	sent := false
	for _, account := range linked {
		if account.Team != w.team || d.Person.ID == "" || d.Address != "" && d.Address != account.User {
			continue
		}
		if _, err := w.chat.Post(ctx, account.User, "", m); err != nil {
			return classed(err)
		}
		sent = true
	}
	if !sent {
		return &connector.Error{Class: connector.Permanent, Message: "this person has linked no Slack account"}
	}
	return nil
}

// about is what a button opens: ids only, whatever the label lets out.
func about(d notify.Delivery) card.Ref {
	switch {
	case d.Approval != nil && d.Approval.Status == soar.ApprovalPending:
		return card.Ref{Approval: d.Approval.ID, Incident: d.Approval.IncidentID}
	case d.Task != nil && d.Task.Status == soar.TaskOpen:
		return card.Ref{Task: d.Task.ID, Incident: d.Task.IncidentID}
	default:
		return card.Ref{}
	}
}

// classed gives an error of Slack's in the words of the outbox.
func classed(err error) error {
	out := &connector.Error{Class: connector.Unknown, Message: soar.MessageOf(err), Err: err}
	switch soar.CodeOf(err) {
	case soar.CodeLimited:
		out.Class = connector.Limited
		if coded, ok := errors.AsType[*soar.Error](err); ok {
			out.RetryAfter = coded.RetryAfter
		}
	case soar.CodeUnavailable:
		out.Class = connector.Unknown // it may have been written
	case soar.CodeUnauthenticated, soar.CodeDenied:
		out.Class = connector.Auth
	case soar.CodeInvalid, soar.CodeNotFound, soar.CodeConflict:
		out.Class = connector.Permanent
	}
	return out
}
