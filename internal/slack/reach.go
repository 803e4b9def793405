package slack

import (
	"context"
	"net"
	"net/url"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Channel is what Slack knows of a channel (conversations.info).
type Channel struct {
	ID       string
	Name     string
	Private  bool
	Archived bool
	Member   bool // the bot is in it
}

// Channel asks Slack about a channel. A private one that the bot is not in is not found.
func (c *Client) Channel(ctx context.Context, id string) (channel Channel, err error) {
	err = c.do(ctx, "conversations.info", func(ctx context.Context) error {
		found, err := c.api.GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: id})
		if err == nil {
			channel = Channel{ID: found.ID, Name: soar.Shorten(found.Name, 80), Private: found.IsPrivate, Archived: found.IsArchived, Member: found.IsMember}
		}
		return err
	})
	return channel, err
}

// SocketHost asks where Socket Mode would connect to (apps.connections.open), and
// gives its host and port. Nothing is connected.
func (c *Client) SocketHost(ctx context.Context) (address string, err error) {
	const method = "apps.connections.open"
	err = c.do(ctx, method, func(ctx context.Context) error {
		_, at, err := c.api.StartSocketModeContext(ctx)
		if err != nil {
			return err
		}
		where, err := url.Parse(at)
		if err != nil || where.Host == "" {
			return soar.Errorf(soar.CodeUnavailable, "slack."+method, "Slack gave no address to connect to")
		}
		port := where.Port()
		if port == "" {
			port = map[string]string{"wss": "443", "ws": "80"}[where.Scheme]
		}
		address = net.JoinHostPort(where.Hostname(), port)
		return nil
	})
	return address, err
}
