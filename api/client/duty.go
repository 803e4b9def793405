package client

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// Duties tells which duties to notify an incident has, may have and has not.
func (c *Client) Duties(ctx context.Context, incidentID string) (*gen.DutyList, error) {
	r, err := c.api.ListDutiesWithResponse(ctx, incidentID)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// DutyDraft gives the draft of one notice.
func (c *Client) DutyDraft(ctx context.Context, incidentID, regime, stage string) (*gen.DutyDraft, error) {
	r, err := c.api.DraftDutyWithResponse(ctx, incidentID, regime, stage)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
