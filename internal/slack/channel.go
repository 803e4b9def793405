package slack

import (
	"context"

	slackgo "github.com/slack-go/slack"
)

// Topic sets what stands above a channel (conversations.setTopic): at most 250 characters.
func (c *Client) Topic(ctx context.Context, channel, topic string) error {
	return c.do(ctx, "conversations.setTopic", func(ctx context.Context) error {
		_, err := c.api.SetTopicOfConversationContext(ctx, channel, escape(topic))
		return err
	})
}

// Pin keeps a message in view (pins.add). One that is pinned already is no error.
func (c *Client) Pin(ctx context.Context, at Posted) error {
	err := c.do(ctx, "pins.add", func(ctx context.Context) error {
		return c.api.AddPinContext(ctx, at.Channel, slackgo.NewRefToMessage(at.Channel, at.TS))
	})
	if Reason(err) == "already_pinned" {
		return nil
	}
	return err
}
