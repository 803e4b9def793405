package oncall

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Desk is the use case behind the operations.
type Desk interface {
	// At gives one shift for each roster, or the one of the roster that is named.
	At(ctx context.Context, p soar.Principal, roster string, at time.Time) ([]soar.RosterShift, error)
	Shifts(ctx context.Context, p soar.Principal, roster string, from, until time.Time) ([]soar.RosterShift, error)
	Overrides(ctx context.Context, p soar.Principal, roster string) ([]soar.RosterOverride, error)
	Override(ctx context.Context, p soar.Principal, o soar.RosterOverride) (soar.RosterOverride, error)
	EndOverride(ctx context.Context, p soar.Principal, id, reason string) (soar.RosterOverride, error)
}

// Routes answers the operations. What all of the API's operations share is given.
type Routes struct {
	Desk   Desk
	Clock  func() time.Time
	Caller func(context.Context) soar.Principal
}

// span is how far shifts are listed when the caller does not say.
const span = 14 * 24 * time.Hour

// ShowOnCall tells who is on call.
func (r Routes) ShowOnCall(ctx context.Context, request gen.ShowOnCallRequestObject) (gen.ShowOnCallResponseObject, error) {
	found, err := r.Desk.At(ctx, r.Caller(ctx), text(request.Params.Roster), r.orNow(request.Params.At))
	return gen.ShowOnCall200JSONResponse{Items: list(found)}, err
}

// ListShifts gives the shifts of a roster.
func (r Routes) ListShifts(ctx context.Context, request gen.ListShiftsRequestObject) (gen.ListShiftsResponseObject, error) {
	from := r.orNow(request.Params.From)
	until := from.Add(span)
	if request.Params.Until != nil {
		until = *request.Params.Until
	}
	found, err := r.Desk.Shifts(ctx, r.Caller(ctx), text(request.Params.Roster), from, until)
	return gen.ListShifts200JSONResponse{Items: list(found)}, err
}

// ListOverrides gives who is on call instead.
func (r Routes) ListOverrides(ctx context.Context, request gen.ListOverridesRequestObject) (gen.ListOverridesResponseObject, error) {
	found, err := r.Desk.Overrides(ctx, r.Caller(ctx), text(request.Params.Roster))
	return gen.ListOverrides200JSONResponse{Items: list(found)}, err
}

// SetOverride keeps one.
func (r Routes) SetOverride(ctx context.Context, request gen.SetOverrideRequestObject) (gen.SetOverrideResponseObject, error) {
	body := request.Body
	kept, err := r.Desk.Override(ctx, r.Caller(ctx), soar.RosterOverride{
		Roster: body.Roster, Person: body.Person, From: r.orNow(body.From), Until: body.Until, Reason: body.Reason,
	})
	return gen.SetOverride201JSONResponse(kept), err
}

// EndOverride takes one back.
func (r Routes) EndOverride(ctx context.Context, request gen.EndOverrideRequestObject) (gen.EndOverrideResponseObject, error) {
	_, err := r.Desk.EndOverride(ctx, r.Caller(ctx), request.OverrideID, request.Params.Reason)
	return gen.EndOverride204Response{}, err
}

func (r Routes) orNow(at *time.Time) time.Time {
	if at == nil {
		return r.Clock()
	}
	return *at
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// list gives an empty list for nil, because null is not a list to a caller.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
