package duty

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/dutydesk"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Desk is the use case behind the operations.
type Desk interface {
	List(ctx context.Context, p soar.Principal, incidentID string) (dutydesk.Survey, error)
	Draft(ctx context.Context, p soar.Principal, incidentID, regime, stage string) (string, error)
	// Prove refuses a proof that names an evidence which the incident does not have.
	Prove(ctx context.Context, p soar.Principal, incidentID, proof string) error
}

// Routes answers the operations.
type Routes struct {
	Desk   Desk
	Caller func(context.Context) soar.Principal
}

// ListDuties says how every regime stands towards an incident.
func (r Routes) ListDuties(ctx context.Context, request gen.ListDutiesRequestObject) (gen.ListDutiesResponseObject, error) {
	survey, err := r.Desk.List(ctx, r.Caller(ctx), request.IncidentID)
	return gen.ListDuties200JSONResponse{NotAdvice: survey.NotAdvice, Packs: survey.Packs, Items: optional.List(survey.Items)}, err
}

// DraftDuty gives the draft of one notice.
func (r Routes) DraftDuty(ctx context.Context, request gen.DraftDutyRequestObject) (gen.DraftDutyResponseObject, error) {
	text, err := r.Desk.Draft(ctx, r.Caller(ctx), request.IncidentID, request.Regime, request.Stage)
	return gen.DraftDuty200JSONResponse{Duty: request.Regime + "/" + request.Stage, Draft: text}, err
}
