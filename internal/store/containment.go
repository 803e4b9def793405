package store

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// ContainmentList gives one page of the register of containments, newest first,
// and the next page's cursor.
func (s *Store) ContainmentList(ctx context.Context, f soar.ContainmentFilter) ([]soar.Containment, string, error) {
	l := postgres.List{Name: "containments", Table: "containments", At: "since", Columns: "doc"}
	if f.Held {
		l.And("state <> $", "released")
	}
	l.AndText("state", f.State)
	l.AndText("incident_id", f.IncidentID)
	andPart(&l, f.Target, "doc->>'target'")
	l.Narrow(f.Viewer, "containments.incident_id")
	return listed[soar.Containment](ctx, s, "store.ContainmentList", l, f.Page)
}
