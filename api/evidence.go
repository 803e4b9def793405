package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type evidenceRoutes struct {
	evidence evidenceKeeper
	keys     keys
}

// ListEvidence gives one page.
func (r evidenceRoutes) ListEvidence(ctx context.Context, request gen.ListEvidenceRequestObject) (gen.ListEvidenceResponseObject, error) {
	params := request.Params
	items, next, err := r.evidence.EvidenceList(ctx, principal(ctx), soar.EvidenceFilter{
		IncidentID: optional.Value(params.IncidentID), SHA256: optional.Value(params.Sha256),
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListEvidence200JSONResponse{Items: optional.List(items), Next: optional.Of(next)}, err
}

// RecordCustody writes a step of custody.
func (r evidenceRoutes) RecordCustody(ctx context.Context, request gen.RecordCustodyRequestObject) (gen.RecordCustodyResponseObject, error) {
	body := request.Body
	item, custody, err := r.evidence.Custody(ctx, principal(ctx), incidents.CustodyRequest{
		EvidenceID: request.EvidenceID, Action: string(body.Action), To: optional.Value(body.To), Reason: body.Reason,
		RequestID: r.keys.id(ctx, request.EvidenceID, request.Params.IdempotencyKey),
	})
	return gen.RecordCustody200JSONResponse{Evidence: item, Custody: optional.List(custody)}, err
}

// ShowEvidence gives what is known of an item.
func (r evidenceRoutes) ShowEvidence(ctx context.Context, request gen.ShowEvidenceRequestObject) (gen.ShowEvidenceResponseObject, error) {
	item, custody, err := r.evidence.Evidence(ctx, principal(ctx), request.EvidenceID)
	return gen.ShowEvidence200JSONResponse{Evidence: item, Custody: optional.List(custody)}, err
}

// DownloadEvidence gives the bytes of an item.
func (r evidenceRoutes) DownloadEvidence(ctx context.Context, request gen.DownloadEvidenceRequestObject) (gen.DownloadEvidenceResponseObject, error) {
	item, body, err := r.evidence.EvidenceOpen(ctx, principal(ctx), request.EvidenceID)
	if err != nil {
		return nil, err
	}
	return attachment{name: item.ID + "-" + item.Name, size: item.Bytes, body: body}, nil
}
