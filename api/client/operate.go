package client

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// ContainmentQuery narrows the register of containments. An empty State is what is
// held back now; "all" is everything.
type ContainmentQuery struct {
	State, IncidentID, Target string
	Page
}

// Containments gives one page of the register.
func (c *Client) Containments(ctx context.Context, q ContainmentQuery) (*gen.ContainmentPage, error) {
	r, err := c.api.ListContainmentsWithResponse(ctx, &gen.ListContainmentsParams{
		State: optional(gen.ListContainmentsParamsState(q.State)), IncidentID: optional(q.IncidentID), Target: optional(q.Target), Limit: q.limit(), After: q.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// EvidenceList gives one page of items; an empty incident is all.
func (c *Client) EvidenceList(ctx context.Context, incidentID string, page Page) (*gen.EvidencePage, error) {
	r, err := c.api.ListEvidenceWithResponse(ctx, &gen.ListEvidenceParams{IncidentID: optional(incidentID), Limit: page.limit(), After: page.after()})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Custody writes a step of custody. key makes it count once; see NewKey.
func (c *Client) Custody(ctx context.Context, id, key string, body gen.CustodyInput) (*gen.EvidenceDetail, error) {
	r, err := c.api.RecordCustodyWithResponse(ctx, id, &gen.RecordCustodyParams{IdempotencyKey: &key}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Outbox tells what work waits, with up to limit parked items.
func (c *Client) Outbox(ctx context.Context, limit int) (*gen.Outbox, error) {
	r, err := c.api.ShowOutboxWithResponse(ctx, &gen.ShowOutboxParams{Limit: Page{Limit: limit}.limit()})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// OutboxRetry puts a parked item back in line.
func (c *Client) OutboxRetry(ctx context.Context, id int64) error {
	_, err := c.api.RetryOutboxItemWithResponse(ctx, id, &gen.RetryOutboxItemParams{IdempotencyKey: fresh()})
	return err
}

// Protected gives the protected targets, and the tag to change them with.
func (c *Client) Protected(ctx context.Context) (list *gen.ProtectedList, tag string, err error) {
	r, err := c.api.ListProtectedWithResponse(ctx)
	if err != nil {
		return nil, "", err
	}
	list, err = answer(r.JSON200)
	return list, r.HTTPResponse.Header.Get("ETag"), err
}

// Protect puts another list in the place of the one with the tag.
func (c *Client) Protect(ctx context.Context, tag string, body gen.ProtectedInput) (*gen.ProtectedList, error) {
	r, err := c.api.ReplaceProtectedWithResponse(ctx, &gen.ReplaceProtectedParams{IfMatch: tag, IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// PlaybookActivate makes a published version the active one.
func (c *Client) PlaybookActivate(ctx context.Context, name, version string) (*gen.PlaybookSummary, error) {
	r, err := c.api.ActivatePlaybookWithResponse(ctx, name, &gen.ActivatePlaybookParams{IdempotencyKey: fresh()}, gen.ActivateInput{Version: version})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// PlaybookDisable leaves a playbook without an active version.
func (c *Client) PlaybookDisable(ctx context.Context, name string) error {
	_, err := c.api.DisablePlaybookWithResponse(ctx, name, &gen.DisablePlaybookParams{IdempotencyKey: fresh()})
	return err
}

// Connector gives one connector instance.
func (c *Client) Connector(ctx context.Context, instance string) (*gen.Connector, error) {
	r, err := c.api.ShowConnectorWithResponse(ctx, instance)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}
