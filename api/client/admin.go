package client

import (
	"context"
	"net/http"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
)

// Tokens gives all tokens without their secrets.
func (c *Client) Tokens(ctx context.Context) (*gen.TokenList, error) {
	r, err := c.api.ListTokensWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// TokenCreate makes a token. Its secret is in the answer this once.
func (c *Client) TokenCreate(ctx context.Context, body gen.TokenInput) (*gen.TokenCreated, error) {
	r, err := c.api.CreateTokenWithResponse(ctx, &gen.CreateTokenParams{IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON201)
}

// TokenRevoke ends a token.
func (c *Client) TokenRevoke(ctx context.Context, id, reason string) error {
	_, err := c.api.RevokeTokenWithResponse(ctx, id, &gen.RevokeTokenParams{Reason: reason, IdempotencyKey: fresh()})
	return err
}

// Me tells who the token is and what it permits.
func (c *Client) Me(ctx context.Context) (*gen.Me, error) {
	r, err := c.api.ShowMeWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Freeze tells how the kill switch stands.
func (c *Client) Freeze(ctx context.Context) (*gen.Freeze, error) {
	r, err := c.api.ShowFreezeWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// FreezeSet sets the kill switch.
func (c *Client) FreezeSet(ctx context.Context, body gen.FreezeInput) (*gen.Freeze, error) {
	r, err := c.api.SetFreezeWithResponse(ctx, &gen.SetFreezeParams{IdempotencyKey: fresh()}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Ready asks whether the server can do its work. The answer is one also when it
// cannot; clock is the server's, zero when it does not say.
func (c *Client) Ready(ctx context.Context) (health *gen.Health, clock time.Time, err error) {
	r, err := c.api.CheckReadyWithResponse(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	health = r.JSON200
	if health == nil {
		health = r.JSON503
	}
	clock, _ = http.ParseTime(r.HTTPResponse.Header.Get("Date")) // zero when missing
	health, err = answer(health)
	return health, clock, err
}
