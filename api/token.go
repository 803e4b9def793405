package api

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/access"
)

type tokenRoutes struct{ tokens tokenKeeper }

// ListTokens gives all tokens without their secrets.
func (r tokenRoutes) ListTokens(ctx context.Context, _ gen.ListTokensRequestObject) (gen.ListTokensResponseObject, error) {
	tokens, err := r.tokens.List(ctx, principal(ctx))
	return gen.ListTokens200JSONResponse{Items: optional.List(tokens)}, err
}

// CreateToken makes a token and shows its text this once.
func (r tokenRoutes) CreateToken(ctx context.Context, request gen.CreateTokenRequestObject) (gen.CreateTokenResponseObject, error) {
	body := request.Body
	issued, err := r.tokens.Create(ctx, principal(ctx), access.TokenRequest{
		Name: body.Name, Person: optional.Value(body.Person), Source: optional.Value(body.Source), Roles: body.Roles,
		Scopes: body.Scopes, CIDRs: body.Cidrs, Life: time.Duration(optional.Value(body.ExpiresInDays)) * 24 * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	return gen.CreateToken201JSONResponse{Token: issued.Token, Secret: issued.Text.Reveal()}, nil
}

// RevokeToken ends a token at once.
func (r tokenRoutes) RevokeToken(ctx context.Context, request gen.RevokeTokenRequestObject) (gen.RevokeTokenResponseObject, error) {
	err := r.tokens.Revoke(ctx, principal(ctx), request.TokenID, request.Params.Reason)
	return gen.RevokeToken204Response{}, err
}
