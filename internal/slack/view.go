package slack

import (
	"context"
	"time"

	slackgo "github.com/slack-go/slack"
)

// triggerPause is the longest Retry-After that a call with a trigger waits for.
const triggerPause = time.Second

// Shown is a view that is open.
type Shown struct {
	ID   string
	Hash string
}

// OpenView opens a modal (views.open). The trigger is good for three seconds and
// for one call.
func (c *Client) OpenView(ctx context.Context, trigger string, view slackgo.ModalViewRequest) (Shown, error) {
	return c.show(ctx, triggerPause, "views.open", func(ctx context.Context) (*slackgo.ViewResponse, error) {
		return c.api.OpenViewContext(ctx, trigger, view)
	})
}

// PublishView shows a user his App Home (views.publish).
func (c *Client) PublishView(ctx context.Context, user string, view slackgo.HomeTabViewRequest) (Shown, error) {
	return c.show(ctx, maxPause, "views.publish", func(ctx context.Context) (*slackgo.ViewResponse, error) {
		return c.api.PublishViewContext(ctx, slackgo.PublishViewContextRequest{UserID: user, View: view})
	})
}

func (c *Client) show(ctx context.Context, most time.Duration, method string, call func(context.Context) (*slackgo.ViewResponse, error)) (shown Shown, err error) {
	err = c.within(ctx, most, method, func(ctx context.Context) error {
		response, err := call(ctx)
		if err == nil {
			shown = Shown{ID: response.View.ID, Hash: response.View.Hash}
		}
		return err
	})
	return shown, err
}
