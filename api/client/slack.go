package client

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// SlackIdentities gives which Slack users are which people.
func (c *Client) SlackIdentities(ctx context.Context) (*gen.SlackIdentityList, error) {
	r, err := c.api.ListSlackIdentitiesWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// SlackClaim links the Slack user who was shown the code with the token's person.
func (c *Client) SlackClaim(ctx context.Context, code string) (*gen.SlackIdentity, error) {
	r, err := c.api.ClaimSlackCodeWithResponse(ctx, &gen.ClaimSlackCodeParams{IdempotencyKey: fresh()}, gen.SlackCodeInput{Code: code})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON201)
}

// SlackUnlink ends the link of a Slack user.
func (c *Client) SlackUnlink(ctx context.Context, team, user string) error {
	_, err := c.api.UnlinkSlackUserWithResponse(ctx, team, user, &gen.UnlinkSlackUserParams{IdempotencyKey: fresh()})
	return err
}
