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

// Programme gives the metrics of incidents opened in a span of time; nil ends are the
// server's, an empty by gives the total alone.
func (c *Client) Programme(ctx context.Context, from, until *time.Time, by string) (*gen.Programme, error) {
	r, err := c.api.ShowProgrammeWithResponse(ctx, &gen.ShowProgrammeParams{From: from, Until: until, By: optional(gen.ShowProgrammeParamsBy(by))})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
