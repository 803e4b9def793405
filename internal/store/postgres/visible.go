package postgres

import "github.com/tocsin-soar/tocsin/internal/soar"

// Narrow leaves out of a list what its viewer does not need to know of, in the
// query itself: pages stay full, and no cursor names a row that was left out.
// belongs is the column with the incident's id; empty for the list of incidents.
// What belongs to no incident stays.
func (l *List) Narrow(v *soar.Viewer, belongs string) {
	if v == nil {
		return
	}
	if !v.Red {
		l.AndIncident(belongs, "(incidents.doc->>'tlp' IS DISTINCT FROM 'red' OR (incidents.owner <> '' AND incidents.owner = $))", v.Person)
	}
	if v.OpenedBy != nil {
		l.AndIncident(belongs, "concat(incidents.doc->'opened_by'->>'kind', ':', incidents.doc->'opened_by'->>'id') = $", v.OpenedBy.String())
	}
}

// AndIncident adds a condition on the incident that a row is, or belongs to.
func (l *List) AndIncident(belongs, condition, value string) {
	if belongs != "" {
		condition = "(" + belongs + " IS NULL OR EXISTS (SELECT FROM incidents WHERE incidents.id = " + belongs + " AND " + condition + "))"
	}
	l.And(condition, Clean(value))
}
