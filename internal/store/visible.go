package store

import (
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// narrow leaves out of a list what its viewer does not need to know of, in the
// query itself: pages stay full, and no cursor names a row that was left out.
// belongs is the column with the incident's id; empty for the list of incidents.
// What belongs to no incident stays.
func narrow(l *postgres.List, v *soar.Viewer, belongs string) {
	if v == nil {
		return
	}
	if !v.Red {
		andIncident(l, belongs, "(incidents.doc->>'tlp' IS DISTINCT FROM 'red' OR (incidents.owner <> '' AND incidents.owner = $))", v.Person)
	}
	if v.OpenedBy != nil {
		andIncident(l, belongs, "concat(incidents.doc->'opened_by'->>'kind', ':', incidents.doc->'opened_by'->>'id') = $", v.OpenedBy.String())
	}
}

// andIncident adds a condition on the incident that a row is, or belongs to.
func andIncident(l *postgres.List, belongs, condition, value string) {
	if belongs != "" {
		condition = "(" + belongs + " IS NULL OR EXISTS (SELECT FROM incidents WHERE incidents.id = " + belongs + " AND " + condition + "))"
	}
	l.And(condition, postgres.Clean(value))
}
