package oncall

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
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
	found, err := r.Desk.At(ctx, r.Caller(ctx), optional.Value(request.Params.Roster), optional.Or(request.Params.At, r.Clock))
	return gen.ShowOnCall200JSONResponse{Items: optional.List(found)}, err
}

// ListShifts gives the shifts of a roster.
func (r Routes) ListShifts(ctx context.Context, request gen.ListShiftsRequestObject) (gen.ListShiftsResponseObject, error) {
	from := optional.Or(request.Params.From, r.Clock)
	until := from.Add(span)
	if request.Params.Until != nil {
		until = *request.Params.Until
	}
	found, err := r.Desk.Shifts(ctx, r.Caller(ctx), optional.Value(request.Params.Roster), from, until)
	return gen.ListShifts200JSONResponse{Items: optional.List(found)}, err
}

// ListOverrides gives who is on call instead.
func (r Routes) ListOverrides(ctx context.Context, request gen.ListOverridesRequestObject) (gen.ListOverridesResponseObject, error) {
	found, err := r.Desk.Overrides(ctx, r.Caller(ctx), optional.Value(request.Params.Roster))
	return gen.ListOverrides200JSONResponse{Items: optional.List(found)}, err
}

// SetOverride keeps one.
func (r Routes) SetOverride(ctx context.Context, request gen.SetOverrideRequestObject) (gen.SetOverrideResponseObject, error) {
	body := request.Body
	kept, err := r.Desk.Override(ctx, r.Caller(ctx), soar.RosterOverride{
		Roster: body.Roster, Person: body.Person, From: optional.Or(body.From, r.Clock), Until: body.Until, Reason: body.Reason,
	})
	return gen.SetOverride201JSONResponse(kept), err
}

// EndOverride takes one back.
func (r Routes) EndOverride(ctx context.Context, request gen.EndOverrideRequestObject) (gen.EndOverrideResponseObject, error) {
	_, err := r.Desk.EndOverride(ctx, r.Caller(ctx), request.OverrideID, request.Params.Reason)
	return gen.EndOverride204Response{}, err
}
