package client

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// ClockQuery narrows the list of clocks. An empty State is what is still open;
// "all" is everything.
type ClockQuery struct {
	Kind, State, Severity, IncidentID string
	DueBefore                         *time.Time
	Page
}

// Clocks gives one page of what runs out, next due first.
func (c *Client) Clocks(ctx context.Context, q ClockQuery) (*gen.ClockPage, error) {
	r, err := c.api.ListClocksWithResponse(ctx, &gen.ListClocksParams{
		Kind: optional(gen.ClockKind(q.Kind)), State: optional(gen.ListClocksParamsState(q.State)), Severity: optional(gen.Severity(q.Severity)),
		IncidentID: optional(q.IncidentID), DueBefore: q.DueBefore, Limit: q.limit(), After: q.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
