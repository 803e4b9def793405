package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
)

type evidenceRoutes struct{ evidence evidenceReader }

// ShowEvidence gives what is known of an item.
func (r evidenceRoutes) ShowEvidence(ctx context.Context, request gen.ShowEvidenceRequestObject) (gen.ShowEvidenceResponseObject, error) {
	item, custody, err := r.evidence.Evidence(ctx, principal(ctx), request.EvidenceID)
	return gen.ShowEvidence200JSONResponse{Evidence: item, Custody: list(custody)}, err
}

// DownloadEvidence gives the bytes of an item.
func (r evidenceRoutes) DownloadEvidence(ctx context.Context, request gen.DownloadEvidenceRequestObject) (gen.DownloadEvidenceResponseObject, error) {
	item, body, err := r.evidence.EvidenceOpen(ctx, principal(ctx), request.EvidenceID)
	if err != nil {
		return nil, err
	}
	return attachment{name: item.ID + "-" + item.Name, size: item.Bytes, body: body}, nil
}
