package client

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// OnCall tells who is on call by a roster, by all when it is empty; nil means now.
func (c *Client) OnCall(ctx context.Context, roster string, at *time.Time) (*gen.RosterShiftList, error) {
	r, err := c.api.ShowOnCallWithResponse(ctx, &gen.ShowOnCallParams{Roster: optional(roster), At: at})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Shifts gives those of a roster; nil means from now on, and two weeks.
func (c *Client) Shifts(ctx context.Context, roster string, from, until *time.Time) (*gen.RosterShiftList, error) {
	r, err := c.api.ListShiftsWithResponse(ctx, &gen.ListShiftsParams{Roster: optional(roster), From: from, Until: until})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Overrides gives those of a roster, of all when it is empty.
func (c *Client) Overrides(ctx context.Context, roster string) (*gen.RosterOverrideList, error) {
	r, err := c.api.ListOverridesWithResponse(ctx, &gen.ListOverridesParams{Roster: optional(roster)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// OverrideSet puts a person on call.
func (c *Client) OverrideSet(ctx context.Context, body gen.RosterOverrideInput) (*gen.RosterOverride, error) {
	r, err := c.api.SetOverrideWithResponse(ctx, &gen.SetOverrideParams{IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON201)
}

// OverrideEnd takes an override back.
func (c *Client) OverrideEnd(ctx context.Context, id, reason string) error {
	_, err := c.api.EndOverrideWithResponse(ctx, id, &gen.EndOverrideParams{Reason: reason, IdempotencyKey: fresh()})
	return err
}
