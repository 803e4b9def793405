package api

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type clockRoutes struct{ clocks clockReader }

// ListClocks gives one page of what runs out.
func (r clockRoutes) ListClocks(ctx context.Context, request gen.ListClocksRequestObject) (gen.ListClocksResponseObject, error) {
	params := request.Params
	filter := soar.ClockFilter{
		Kind: optional.Value(params.Kind), Severity: optional.Value(params.Severity), IncidentID: optional.Value(params.IncidentID), DueBefore: params.DueBefore,
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	}
	if state := optional.Value(params.State); state == gen.ListClocksParamsStateAll {
		filter.All = true
	} else {
		filter.State = soar.ClockState(state)
	}
	page, err := r.clocks.Clocks(ctx, principal(ctx), filter)
	return gen.ListClocks200JSONResponse{Now: page.Now, Items: optional.List(page.Items), Next: optional.Of(page.Next)}, err
}

// ShowClockFeed gives them as a calendar.
func (r clockRoutes) ShowClockFeed(ctx context.Context, _ gen.ShowClockFeedRequestObject) (gen.ShowClockFeedResponseObject, error) {
	calendar, err := r.clocks.Feed(ctx, principal(ctx))
	return gen.ShowClockFeed200TextCalendarResponse{Body: strings.NewReader(calendar), ContentLength: int64(len(calendar))}, err
}

// ShowProgramme gives the metrics of a span of time.
func (r clockRoutes) ShowProgramme(ctx context.Context, request gen.ShowProgrammeRequestObject) (gen.ShowProgrammeResponseObject, error) {
	params := request.Params
	measured, err := r.clocks.Programme(ctx, principal(ctx), soar.ProgrammeFilter{From: optional.Value(params.From), Until: optional.Value(params.Until), By: soar.ProgrammeBy(optional.Value(params.By))})
	measured.Groups = optional.List(measured.Groups)
	return gen.ShowProgramme200JSONResponse(measured), err
}
