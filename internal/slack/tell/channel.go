package tell

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
)

// ChannelName is what notifications.yaml calls the way into the channel.
const ChannelName = "slack_channel"

// Channel writes into the channel of who is on duty. It is safe for concurrent use.
type Channel struct {
	chat    chat
	channel string
}

var _ notify.Way = (*Channel)(nil)

// NewChannel makes the way into one channel, by its id.
func NewChannel(c chat, channel string) *Channel { return &Channel{c, channel} }

// Name gives ChannelName.
func (*Channel) Name() string { return ChannelName }

// Shared tells that it reaches a channel and not a person.
func (*Channel) Shared() bool { return true }

// Send writes one message. Its button opens what the message is about; who may decide
// is asked when he clicks.
func (w *Channel) Send(ctx context.Context, d notify.Delivery) error {
	m := card.Look{Now: d.At}.Letter(d.Subject, d.Text, about(d))
	if err := card.Validate(m); err != nil {
		return &connector.Error{Class: connector.Permanent, Message: "the message is not what Slack takes", Err: err}
	}
	if _, err := w.chat.Post(ctx, w.channel, "", m); err != nil {
		return classed(err)
	}
	return nil
}
