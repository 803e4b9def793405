package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type containmentRoutes struct{ containments containmentReader }

// ListContainments gives one page of the register.
func (r containmentRoutes) ListContainments(ctx context.Context, request gen.ListContainmentsRequestObject) (gen.ListContainmentsResponseObject, error) {
	params := request.Params
	filter := soar.ContainmentFilter{
		Held: params.State == nil, IncidentID: value(params.IncidentID), Target: value(params.Target),
		Page: soar.Page{Limit: value(params.Limit), After: value(params.After)},
	}
	if state := string(value(params.State)); state != "all" {
		filter.State = state
	}
	found, next, err := r.containments.Containments(ctx, principal(ctx), filter)
	return gen.ListContainments200JSONResponse{Items: list(found), Next: optional(next)}, err
}
