package notifications

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Desk is the use case behind the operations.
type Desk interface {
	Notices(ctx context.Context, p soar.Principal, f soar.NoticeFilter) ([]soar.Notice, string, error)
	Notice(ctx context.Context, p soar.Principal, key string) (soar.Notice, error)
	// Test sends one message now; no person means the caller.
	Test(ctx context.Context, p soar.Principal, way, personID string) (soar.Notice, error)
}

// Routes answers the operations.
type Routes struct {
	Desk   Desk
	Caller func(context.Context) soar.Principal
}

// ListNotifications gives one page.
func (r Routes) ListNotifications(ctx context.Context, request gen.ListNotificationsRequestObject) (gen.ListNotificationsResponseObject, error) {
	params := request.Params
	found, next, err := r.Desk.Notices(ctx, r.Caller(ctx), soar.NoticeFilter{
		IncidentID: optional.Value(params.IncidentID), Person: optional.Value(params.Person), MessageID: optional.Value(params.MessageID),
		State: optional.Value(params.State), Way: optional.Value(params.Way), Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListNotifications200JSONResponse{Items: optional.List(found), Next: optional.Of(next)}, err
}

// GetNotification gives one delivery.
func (r Routes) GetNotification(ctx context.Context, request gen.GetNotificationRequestObject) (gen.GetNotificationResponseObject, error) {
	found, err := r.Desk.Notice(ctx, r.Caller(ctx), request.NotificationID)
	return gen.GetNotification200JSONResponse(found), err
}

// TestNotification sends a test message.
func (r Routes) TestNotification(ctx context.Context, request gen.TestNotificationRequestObject) (gen.TestNotificationResponseObject, error) {
	sent, err := r.Desk.Test(ctx, r.Caller(ctx), request.Body.Way, optional.Value(request.Body.Person))
	return gen.TestNotification200JSONResponse(sent), err
}
