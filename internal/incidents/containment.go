package incidents

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Containments gives one page of the register of what is held back, newest first,
// without those of incidents that the caller does not need to know of.
func (s *Service) Containments(ctx context.Context, p soar.Principal, filter soar.ContainmentFilter) ([]soar.Containment, string, error) {
	if err := access.Require(p, access.IncidentRead, "incidents.Containments"); err != nil {
		return nil, "", err
	}
	filter.Viewer = access.ViewerOf(p)
	return s.store.ContainmentList(ctx, filter)
}
