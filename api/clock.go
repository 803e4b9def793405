package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type clockRoutes struct{ clocks clockReader }

// ListClocks gives one page of what runs out.
func (r clockRoutes) ListClocks(ctx context.Context, request gen.ListClocksRequestObject) (gen.ListClocksResponseObject, error) {
	params := request.Params
	filter := soar.ClockFilter{
		Kind: value(params.Kind), Severity: value(params.Severity), IncidentID: value(params.IncidentID), DueBefore: params.DueBefore,
		Page: soar.Page{Limit: value(params.Limit), After: value(params.After)},
	}
	if state := value(params.State); state == gen.ListClocksParamsStateAll {
		filter.All = true
	} else {
		filter.State = soar.ClockState(state)
	}
	page, err := r.clocks.Clocks(ctx, principal(ctx), filter)
	return gen.ListClocks200JSONResponse{Now: page.Now, Items: list(page.Items), Next: optional(page.Next)}, err
}
