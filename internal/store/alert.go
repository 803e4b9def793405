package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// AlertInsert is AlertsInsert for one alert.
func (s *Store) AlertInsert(ctx context.Context, a soar.Alert, raw []byte) (stored soar.Alert, duplicate bool, err error) {
	all, err := s.AlertsInsert(ctx, []soar.NewAlert{{Alert: a, Raw: raw}})
	if err != nil {
		return soar.Alert{}, false, err
	}
	return all[0].Alert, all[0].Duplicate, nil
}

// dispatchAgain orders a dispatch unless one waits that nobody has begun: a storm
// of duplicates makes one order, not one each. The one that waits moves up to the
// new severity.
func (t *tx) dispatchAgain(ctx context.Context, id string, severity soar.Severity) error {
	waiting, err := t.OutboxLockWaiting(ctx, sqlcgen.OutboxLockWaitingParams{Kind: soar.OutboxAlertDispatch, Key: id})
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		return t.OutboxRaise(ctx, sqlcgen.OutboxRaiseParams{Ids: waiting, Priority: alertPriority(severity)})
	}
	return t.enqueue(ctx, order{kind: soar.OutboxAlertDispatch, key: id, priority: int(alertPriority(severity)), payload: soar.AlertDispatch{AlertID: id}})
}

// alertFrom joins the document with the columns that change after it was stored.
func alertFrom(doc []byte, severity string, count int32, incidentID *string) (soar.Alert, error) {
	a, err := postgres.Parse[soar.Alert](doc)
	if err != nil {
		return soar.Alert{}, err
	}
	a.Severity, a.Count = soar.Severity(severity), int(count)
	if incidentID != nil {
		a.IncidentID = *incidentID
	}
	return a, nil
}

// AlertGet gives one alert; an unknown id is not_found.
func (s *Store) AlertGet(ctx context.Context, id string) (soar.Alert, error) {
	const op = "store.AlertGet"
	var a soar.Alert
	err := s.read(ctx, op, func(ctx context.Context) error {
		row, err := s.queries.AlertGet(ctx, id)
		if err != nil {
			return postgres.Missing(op, err, "alert", id)
		}
		a, err = alertFrom(row.Doc, row.Severity, row.Count, row.IncidentID)
		return err
	})
	return a, err
}

// AlertRaw gives the first message of an alert byte for byte.
func (s *Store) AlertRaw(ctx context.Context, id string) ([]byte, error) {
	const op = "store.AlertRaw"
	var body []byte
	err := s.read(ctx, op, func(ctx context.Context) error {
		var err error
		body, err = s.queries.AlertRaw(ctx, id)
		return postgres.Missing(op, err, "alert", id)
	})
	return body, err
}

// AlertList gives one page of alerts, newest first, and the next page's cursor.
func (s *Store) AlertList(ctx context.Context, f soar.AlertFilter) ([]soar.Alert, string, error) {
	l := postgres.List{Name: "alerts", Table: "alerts", At: "received_at", Columns: "doc, severity, count, incident_id"}
	l.AndText("incident_id", f.IncidentID)
	l.AndText("source", f.Source)
	if f.Parsed != nil {
		l.And("parsed = $", *f.Parsed)
	}
	l.AndText("severity", string(f.Severity))
	andAny(&l, f.Host, "doc->'host'->>'name'", "doc->'host'->>'id'", "doc->'host'->>'ip'")
	andAny(&l, f.User, "doc->'user'->>'name'", "doc->'user'->>'email'", "doc->'user'->>'id'")
	andPart(&l, f.Query, "id || ' ' || (doc->>'title')")
	andSpan(&l, f.Since, f.Until)
	l.Narrow(f.Viewer, "alerts.incident_id")
	out := []soar.Alert{}
	next, err := s.fetch(ctx, "store.AlertList", l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var row sqlcgen.AlertGetRow
		if err := rows.Scan(at, id, &row.Doc, &row.Severity, &row.Count, &row.IncidentID); err != nil {
			return err
		}
		a, err := alertFrom(row.Doc, row.Severity, row.Count, row.IncidentID)
		out = append(out, a)
		return err
	})
	return out, next, err
}

// lockAlert locks an alert for linking it to an incident. It gives the open
// incident that it belongs to, or "".
func (t *tx) lockAlert(ctx context.Context, op, id string) (string, error) {
	row, err := t.AlertLock(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", postgres.Missing(op, err, "alert", id)
	}
	if err != nil || row.IncidentID == nil || row.Ended {
		return "", err
	}
	return *row.IncidentID, nil
}
