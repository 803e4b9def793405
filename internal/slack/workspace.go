package slack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// User is what Slack knows of a user (users.info).
type User struct {
	ID         string
	Team       string   // the user's own workspace
	Enterprise []string // all workspaces of the user in an Enterprise Grid
	Name       string   // to show; the user chose it, and it proves nothing
	Guest      bool     // single- or multi-channel guest
	Stranger   bool     // of another organisation, by Slack Connect
	Bot        bool     // bot, app or workflow
	Deleted    bool
}

// User asks Slack who a user is.
func (c *Client) User(ctx context.Context, id string) (user User, err error) {
	err = c.do(ctx, "users.info", func(ctx context.Context) error {
		found, err := c.api.GetUserInfoContext(ctx, id)
		if err != nil {
			return err
		}
		if found.ID != id {
			return soar.Errorf(soar.CodeUnavailable, "slack.users.info", "Slack tells about another user than it was asked for")
		}
		user = User{
			ID: found.ID, Team: found.TeamID, Enterprise: found.Enterprise.Teams, Name: soar.Shorten(found.RealName, 80),
			Guest: found.IsRestricted || found.IsUltraRestricted, Stranger: found.IsStranger, Deleted: found.Deleted,
			Bot: found.IsBot || found.IsAppUser || found.IsConnectorBot || found.IsWorkflowBot,
		}
		return nil
	})
	return user, err
}

// Self is whom the bot token belongs to (auth.test).
type Self struct {
	Team       string
	TeamName   string
	Enterprise string // id of the Enterprise Grid; empty: none
	User       string // the bot's user
	Scopes     []string
}

// Self asks Slack who we are and what we may do.
func (c *Client) Self(ctx context.Context) (self Self, err error) {
	err = c.do(ctx, "auth.test", func(ctx context.Context) error {
		answer, err := c.api.AuthTestContext(ctx)
		if err != nil {
			return err
		}
		self = Self{Team: answer.TeamID, TeamName: answer.Team, Enterprise: answer.EnterpriseID, User: answer.UserID}
		for scope := range strings.SplitSeq(answer.Header.Get("X-OAuth-Scopes"), ",") {
			if scope = strings.TrimSpace(scope); scope != "" {
				self.Scopes = append(self.Scopes, scope)
			}
		}
		slices.Sort(self.Scopes)
		return nil
	})
	return self, err
}

// CreateChannel makes a channel and gives its id (conversations.create). A name is
// at most 80 lower-case letters, digits, hyphens and underscores; one that is taken
// is a conflict with the Reason name_taken.
func (c *Client) CreateChannel(ctx context.Context, name string, private bool) (id string, err error) {
	err = c.do(ctx, "conversations.create", func(ctx context.Context) error {
		made, err := c.api.CreateConversationContext(ctx, slackgo.CreateConversationParams{ChannelName: name, IsPrivate: private})
		if err == nil {
			id = made.ID
		}
		return err
	})
	return id, err
}

// Archive archives a channel. One that is archived already is no error.
func (c *Client) Archive(ctx context.Context, channel string) error {
	err := c.do(ctx, "conversations.archive", func(ctx context.Context) error { return c.api.ArchiveConversationContext(ctx, channel) })
	if Reason(err) == "already_archived" {
		return nil
	}
	return err
}

// Invite brings users into a channel, all or none. One who is there already is no
// error; among several it is a conflict, and the others are still outside.
func (c *Client) Invite(ctx context.Context, channel string, users ...string) error {
	err := c.do(ctx, "conversations.invite", func(ctx context.Context) error {
		_, err := c.api.InviteUsersToConversationContext(ctx, channel, users...)
		return err
	})
	if len(users) == 1 && Reason(err) == "already_in_channel" {
		return nil
	}
	return err
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		return time.Second
	}
	return time.Duration(seconds) * time.Second
}

// withoutURL gives the cause of a failed request without its URL, which is a secret.
func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		if failed.Timeout() {
			return &net.OpError{Op: failed.Op, Net: "tcp", Err: context.DeadlineExceeded}
		}
		return failed.Err
	}
	return err
}
