package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
)

type freezeRoutes struct{ freeze freezer }

// ShowFreeze tells whether the kill switch is on.
func (r freezeRoutes) ShowFreeze(ctx context.Context, _ gen.ShowFreezeRequestObject) (gen.ShowFreezeResponseObject, error) {
	freeze, err := r.freeze.Freeze(ctx, principal(ctx))
	return gen.ShowFreeze200JSONResponse{Body: freeze, Headers: gen.ShowFreeze200ResponseHeaders{ETag: tagOf(freeze)}}, err
}

// SetFreeze turns the kill switch on or off.
func (r freezeRoutes) SetFreeze(ctx context.Context, request gen.SetFreezeRequestObject) (gen.SetFreezeResponseObject, error) {
	body := request.Body
	if request.Params.IfMatch != nil {
		before, err := r.freeze.Freeze(ctx, principal(ctx))
		if err != nil {
			return nil, err
		}
		if !holds(request.Params.IfMatch, tagOf(before)) {
			return nil, changedMeanwhile("the kill switch")
		}
	}
	freeze, err := r.freeze.SetFreeze(ctx, principal(ctx), body.On, optional.Value(body.Scope), body.Reason)
	return gen.SetFreeze200JSONResponse{Body: freeze, Headers: gen.SetFreeze200ResponseHeaders{ETag: tagOf(freeze)}}, err
}
