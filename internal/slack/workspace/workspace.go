package workspace

import (
	"context"
	"slices"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Workspace shows cards by a client. It is safe for concurrent use.
type Workspace struct{ client *slack.Client }

// New speaks through a client.
func New(client *slack.Client) *Workspace { return &Workspace{client} }

// Post writes a message, below another one when thread is its ts. A user's id as
// channel writes to that user; the channel of the direct messages is given.
func (w *Workspace) Post(ctx context.Context, channel, thread string, m card.Message) (posted slack.Posted, err error) {
	posted, err = w.client.Post(ctx, channel, slack.Message{Text: m.Text, Blocks: m.Blocks, Thread: thread})
	return posted, told(err)
}

// Update changes a message.
func (w *Workspace) Update(ctx context.Context, at slack.Posted, m card.Message) error {
	return told(w.client.Update(ctx, at, slack.Message{Text: m.Text, Blocks: m.Blocks}))
}

// CreateChannel makes a private channel.
func (w *Workspace) CreateChannel(ctx context.Context, name string) (channel string, err error) {
	channel, err = w.client.CreateChannel(ctx, name, true)
	return channel, told(err)
}

// Invite calls users into a channel. Who cannot be invited keeps nobody else out, and
// is no error.
func (w *Workspace) Invite(ctx context.Context, channel string, users []string) error {
	err := w.client.Invite(ctx, channel, users...)
	nobody := slices.Contains([]string{"already_in_channel", "cant_invite", "cant_invite_self", "user_not_found", "users_not_found", "user_disabled", "ura_max_channels",
		"user_is_restricted", "user_is_ultra_restricted", "no_user"}, slack.Reason(err))
	switch {
	case !nobody:
		return told(err)
	case len(users) == 1:
		return nil
	}
	for _, user := range users {
		if err := w.Invite(ctx, channel, []string{user}); err != nil {
			return err
		}
	}
	return nil
}

// Topic sets what stands above a channel.
func (w *Workspace) Topic(ctx context.Context, channel, topic string) error {
	return told(w.client.Topic(ctx, channel, topic))
}

// Pin keeps a message in view.
func (w *Workspace) Pin(ctx context.Context, at slack.Posted) error {
	return told(w.client.Pin(ctx, at))
}

// Archive closes a channel.
func (w *Workspace) Archive(ctx context.Context, channel string) error {
	return told(w.client.Archive(ctx, channel))
}

// OpenView opens a modal.
func (w *Workspace) OpenView(ctx context.Context, trigger string, view slackgo.ModalViewRequest) error {
	_, err := w.client.OpenView(ctx, trigger, view)
	if err != nil && soar.CodeOf(err) == soar.CodeConflict {
		return soar.Wrap(soar.CodeConflict, "workspace.OpenView", err, "that took too long for Slack: click again")
	}
	return err
}

// PublishHome sets the App Home of a user.
func (w *Workspace) PublishHome(ctx context.Context, user string, view slackgo.HomeTabViewRequest) error {
	_, err := w.client.PublishView(ctx, user, view)
	return err
}

// told puts a Problem into errors about what is no longer as it was.
func told(err error) error {
	var problem follow.Problem
	switch slack.Reason(err) {
	case "message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed":
		problem = follow.MessageGone
	case "is_archived", "channel_not_found", "not_in_channel":
		problem = follow.ChannelGone
	case "name_taken":
		problem = follow.NameTaken
	default:
		return err
	}
	return soar.Wrap(soar.CodeOf(err), "workspace", problem, "%s", soar.MessageOf(err))
}
