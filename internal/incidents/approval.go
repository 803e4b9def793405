package incidents

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Approvals gives one page of approvals, newest first, without those of incidents
// that the caller does not need to know of.
func (s *Service) Approvals(ctx context.Context, p soar.Principal, filter soar.ApprovalFilter) ([]soar.Approval, string, error) {
	if err := access.Require(p, access.ApprovalRead, "incidents.Approvals"); err != nil {
		return nil, "", err
	}
	if filter.Mine != nil {
		var err error
		if filter.Away, err = s.represented(ctx, *filter.Mine); err != nil {
			return nil, "", err
		}
	}
	filter.Viewer = access.ViewerOf(p)
	return s.store.ApprovalList(ctx, filter)
}

// Approval gives one approval with what it binds and all decisions that were
// committed.
func (s *Service) Approval(ctx context.Context, p soar.Principal, id string) (soar.Approval, error) {
	const op = "incidents.Approval"
	if err := access.Require(p, access.ApprovalRead, op); err != nil {
		return soar.Approval{}, err
	}
	return s.seeApproval(ctx, p, thing{op, "approval", id})
}

// seeApproval gives an approval of an incident that the caller needs to know of. With
// one that is not asked yet comes not_found, and the incident that will ask it.
func (s *Service) seeApproval(ctx context.Context, p soar.Principal, asked thing) (soar.Approval, error) {
	approval, err := s.store.ApprovalGet(ctx, asked.id)
	if soar.CodeOf(err) == soar.CodeNotFound {
		incidentID, why := s.unasked(ctx, p, asked)
		return soar.Approval{IncidentID: incidentID}, why
	}
	if err != nil {
		return soar.Approval{}, err
	}
	if _, err := s.see(ctx, p, approval.IncidentID, asked); err != nil {
		return soar.Approval{}, err
	}
	return approval, nil
}
