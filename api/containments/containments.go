package containments

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Register is the use case behind the operation.
type Register interface {
	Containments(ctx context.Context, p soar.Principal, filter soar.ContainmentFilter) ([]soar.Containment, string, error)
}

// Routes answers the operation.
type Routes struct {
	Register Register
	Caller   func(context.Context) soar.Principal
}

// ListContainments gives one page of the register.
func (r Routes) ListContainments(ctx context.Context, request gen.ListContainmentsRequestObject) (gen.ListContainmentsResponseObject, error) {
	params := request.Params
	filter := soar.ContainmentFilter{
		Held: params.State == nil, IncidentID: optional.Value(params.IncidentID), Target: optional.Value(params.Target),
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	}
	if state := string(optional.Value(params.State)); state != "all" {
		filter.State = state
	}
	found, next, err := r.Register.Containments(ctx, r.Caller(ctx), filter)
	return gen.ListContainments200JSONResponse{Items: optional.List(found), Next: optional.Of(next)}, err
}
