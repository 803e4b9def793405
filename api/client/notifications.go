package client

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// NotificationQuery narrows a list of what people were told.
type NotificationQuery struct {
	IncidentID, Person, Way, State, MessageID string
	Page
}

// Notifications gives one page, newest first.
func (c *Client) Notifications(ctx context.Context, q NotificationQuery) (*gen.NotificationPage, error) {
	r, err := c.api.ListNotificationsWithResponse(ctx, &gen.ListNotificationsParams{
		IncidentID: optional(q.IncidentID), Person: optional(q.Person), Way: optional(q.Way), State: optional(soar.NoticeState(q.State)), MessageID: optional(q.MessageID),
		Limit: q.limit(), After: q.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Notification gives one delivery.
func (c *Client) Notification(ctx context.Context, key string) (*soar.Notice, error) {
	r, err := c.api.GetNotificationWithResponse(ctx, key)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// NotificationTest sends one message by one way; no person means the caller.
func (c *Client) NotificationTest(ctx context.Context, way, person string) (*soar.Notice, error) {
	r, err := c.api.TestNotificationWithResponse(ctx, &gen.TestNotificationParams{IdempotencyKey: fresh()}, gen.NotificationTest{Way: way, Person: optional(person)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
