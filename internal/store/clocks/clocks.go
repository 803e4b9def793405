package clocks

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// Clocks reads them from one database.
type Clocks struct{ room store.Room }

// New makes the reader.
func New(s *store.Store) Clocks { return Clocks{s.Room()} }

// running is everything that runs out, and with it objectives that were met while
// their incident goes on. Each part gives: kind, id, ref, what, incident, due, warn,
// met, late, paused. A duty that waits, was waived or has no term does not run out.
// All parts read through an index on what is open.
const running = `
	SELECT CASE WHEN o.doc->'duty' IS NULL THEN 'objective' ELSE 'duty' END, 'objective:' || o.incident_id || ':' || o.name, o.name,
		coalesce(nullif(concat_ws(' to ', nullif(o.doc->'duty'->>'title', ''), nullif(o.doc->'duty'->>'to', '')), ''), o.name), o.incident_id,
		(o.doc->>'due_at')::timestamptz, (o.doc->>'warn_at')::timestamptz, (o.doc->>'met_at')::timestamptz, coalesce((o.doc->>'breached')::boolean, false),
		coalesce(json_array_length(o.doc->'pauses'), 0) > 0 AND o.doc->'pauses'->-1->>'to' IS NULL
	FROM incidents open JOIN objectives o ON o.incident_id = open.id
	WHERE NOT open.ended AND coalesce(o.doc->'duty'->>'state', 'running') = 'running'
UNION ALL
	SELECT 'approval', 'approval:' || a.id, a.id, a.doc->>'title', a.incident_id, a.expires_at, NULL, NULL, false, false
	FROM approvals a WHERE a.status = 'pending'
UNION ALL
	SELECT 'task', 'task:' || t.id, t.id, t.doc->>'title', t.incident_id, (t.doc->>'due_at')::timestamptz, NULL, NULL, false, false
	FROM tasks t WHERE t.status = 'open' AND t.doc->>'due_at' IS NOT NULL
UNION ALL
	SELECT 'containment', 'containment:' || c.id, c.id, concat_ws(' ', c.doc->>'action', c.doc->>'target'), c.incident_id, (c.doc->>'until')::timestamptz, NULL, NULL, false, false
	FROM containments c WHERE c.state <> 'released' AND c.doc->>'until' IS NOT NULL`

// clocks joins them with what their incidents are.
const clocks = `(SELECT part.*, i.title, i.severity, i.doc->>'tlp' AS tlp, coalesce((i.doc->>'drill')::boolean, false) AS drill
	FROM (` + running + `) part (kind, id, ref, what, incident_id, due_at, warn_at, met_at, late, paused)
	JOIN incidents i ON i.id = part.incident_id) clocks`

// List gives one page, next due first, and the next page's cursor. Their State and
// DueIn are those at the filter's Now.
func (c Clocks) List(ctx context.Context, f soar.ClockFilter) ([]soar.Clock, string, error) {
	l := postgres.List{
		Name: "clocks", Table: clocks, At: "due_at", Ascending: true,
		Columns: "kind, ref, what, incident_id, title, severity, coalesce(tlp, ''), drill, late, paused, warn_at, met_at",
	}
	narrowState(&l, f)
	l.AndText("kind", string(f.Kind))
	l.AndText("severity", string(f.Severity))
	l.AndText("incident_id", f.IncidentID)
	if f.DueBefore != nil {
		l.And("due_at < $", f.DueBefore.UTC())
	}
	l.Narrow(f.Viewer, "clocks.incident_id")
	out := []soar.Clock{}
	next, err := c.room.Fetch(ctx, "clocks.List", l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var one soar.Clock
		var paused bool
		err := rows.Scan(at, id, &one.Kind, &one.Ref, &one.What, &one.IncidentID, &one.IncidentTitle, &one.Severity, &one.TLP, &one.Drill, &one.Late, &paused, &one.WarnAt, &one.MetAt)
		one.ID, one.DueAt, one.WarnAt, one.MetAt = *id, at.UTC(), utc(one.WarnAt), utc(one.MetAt)
		one.Late = one.Late && one.MetAt != nil
		if paused {
			one.State = soar.ClockPaused
		}
		out = append(out, one.At(f.Now))
		return err
	})
	return out, next, err
}

// narrowState says in SQL what soar.Clock.At says in Go.
func narrowState(l *postgres.List, f soar.ClockFilter) {
	now := f.Now.UTC()
	switch f.State {
	case soar.ClockRunning:
		l.And("met_at IS NULL AND NOT paused AND due_at > $ AND (warn_at IS NULL OR warn_at > $)", now)
	case soar.ClockWarning:
		l.And("met_at IS NULL AND NOT paused AND due_at > $ AND warn_at <= $", now)
	case soar.ClockBreached:
		l.And("met_at IS NULL AND NOT paused AND due_at <= $", now)
	case soar.ClockPaused:
		l.And("(met_at IS NULL AND paused) = $", true)
	case soar.ClockMet:
		l.And("(met_at IS NOT NULL) = $", true)
	default:
		if !f.All {
			l.And("(met_at IS NULL) = $", true)
		}
	}
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	moved := at.UTC()
	return &moved
}
