package clock

import (
	"context"
	"strings"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/clockboard"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Board is the use case behind the operations.
type Board interface {
	Clocks(ctx context.Context, p soar.Principal, filter soar.ClockFilter) (clockboard.Page, error)
	Feed(ctx context.Context, p soar.Principal) (string, error)
	Programme(ctx context.Context, p soar.Principal, filter soar.ProgrammeFilter) (soar.Programme, error)
}

// Routes answers the operations.
type Routes struct {
	Board  Board
	Caller func(context.Context) soar.Principal
}

// ListClocks gives one page of what runs out.
func (r Routes) ListClocks(ctx context.Context, request gen.ListClocksRequestObject) (gen.ListClocksResponseObject, error) {
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
	page, err := r.Board.Clocks(ctx, r.Caller(ctx), filter)
	return gen.ListClocks200JSONResponse{Now: page.Now, Items: optional.List(page.Items), Next: optional.Of(page.Next)}, err
}

// ShowClockFeed gives them as a calendar.
func (r Routes) ShowClockFeed(ctx context.Context, _ gen.ShowClockFeedRequestObject) (gen.ShowClockFeedResponseObject, error) {
	calendar, err := r.Board.Feed(ctx, r.Caller(ctx))
	return gen.ShowClockFeed200TextCalendarResponse{Body: strings.NewReader(calendar), ContentLength: int64(len(calendar))}, err
}

// ShowProgramme gives the metrics of a span of time.
func (r Routes) ShowProgramme(ctx context.Context, request gen.ShowProgrammeRequestObject) (gen.ShowProgrammeResponseObject, error) {
	params := request.Params
	measured, err := r.Board.Programme(ctx, r.Caller(ctx), soar.ProgrammeFilter{From: optional.Value(params.From), Until: optional.Value(params.Until), By: soar.ProgrammeBy(optional.Value(params.By))})
	measured.Groups = optional.List(measured.Groups)
	return gen.ShowProgramme200JSONResponse(measured), err
}
