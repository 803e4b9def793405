package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type containmentRoutes struct{ containments containmentReader }

// ListContainments gives one page of the register.
func (r containmentRoutes) ListContainments(ctx context.Context, request gen.ListContainmentsRequestObject) (gen.ListContainmentsResponseObject, error) {
	params := request.Params
	filter := soar.ContainmentFilter{
		Held: params.State == nil, IncidentID: optional.Value(params.IncidentID), Target: optional.Value(params.Target),
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	}
	if state := string(optional.Value(params.State)); state != "all" {
		filter.State = state
	}
	found, next, err := r.containments.Containments(ctx, principal(ctx), filter)
	return gen.ListContainments200JSONResponse{Items: optional.List(found), Next: optional.Of(next)}, err
}
