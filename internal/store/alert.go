package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// MaxRawBytes bounds what is kept of one message as it came.
const MaxRawBytes = 1 << 20

// AlertInsert stores an alert with its raw bytes and the order to dispatch it.
// When its fingerprint is known, the stored alert is counted once more, the raw
// bytes are kept unless the same bytes are there, and duplicate is true; it is
// dispatched again only when it is now worse than before, or when its incident
// has ended. Text that Postgres cannot hold is repaired, never refused.
func (s *Store) AlertInsert(ctx context.Context, a soar.Alert, raw []byte) (stored soar.Alert, duplicate bool, err error) {
	const op = "store.AlertInsert"
	if a.ID == "" || a.Fingerprint == "" {
		return soar.Alert{}, false, soar.Errorf(soar.CodeInvalid, op, "an alert needs an id and a fingerprint")
	}
	if len(raw) > MaxRawBytes {
		return soar.Alert{}, false, soar.Errorf(soar.CodeInvalid, op, "the message has %d bytes, at most %d are taken", len(raw), MaxRawBytes)
	}
	arg, err := newAlert(op, a, raw)
	if err != nil {
		return soar.Alert{}, false, err
	}
	// One statement is its own transaction: the common case costs one round trip.
	err = s.read(ctx, op, func(ctx context.Context) error {
		_, err := s.queries.AlertInsert(ctx, arg)
		if errors.Is(err, pgx.ErrNoRows) {
			duplicate, err = true, nil
		}
		return err
	})
	if err != nil {
		return soar.Alert{}, false, err
	}
	if duplicate {
		stored, err = s.alertAgain(ctx, op, arg)
		return stored, true, err
	}
	s.added.Announce()
	stored, err = alertFrom(arg.Doc, arg.Severity, 1, nil)
	return stored, false, postgres.Translate(op, err)
}

func newAlert(op string, a soar.Alert, raw []byte) (sqlcgen.AlertInsertParams, error) {
	a.ID, a.Fingerprint, a.Source = postgres.Clean(a.ID), postgres.Clean(a.Fingerprint), postgres.Clean(a.Source)
	a.Severity = soar.Severity(postgres.Clean(string(a.Severity)))
	a.Count, a.IncidentID = 1, ""
	if year := a.OccurredAt.UTC().Year(); year < 1 || year > 9999 {
		a.OccurredAt = a.ReceivedAt // JSON has no such years, and the tool's clock is wrong
	}
	doc, err := postgres.Document(op, a)
	if err != nil {
		return sqlcgen.AlertInsertParams{}, err
	}
	order, err := postgres.Document(op, soar.AlertDispatch{AlertID: a.ID})
	if err != nil {
		return sqlcgen.AlertInsertParams{}, err
	}
	sum := sha256.Sum256(raw)
	if raw == nil {
		raw = []byte{} // NULL would be refused
	}
	return sqlcgen.AlertInsertParams{
		ID: a.ID, Doc: doc, Fingerprint: postgres.Indexable(a.Fingerprint), Source: postgres.Indexable(a.Source), Parsed: a.Parsed,
		Severity: string(a.Severity), ReceivedAt: a.ReceivedAt.UTC(), Sha256: sum[:], Body: raw,
		Kind: soar.OutboxAlertDispatch, Priority: alertPriority(a.Severity), Payload: order,
	}, nil
}

func alertPriority(severity soar.Severity) int16 { return int16(priorityAlert + severity.Rank()) }

// alertAgain counts a duplicate.
func (s *Store) alertAgain(ctx context.Context, op string, arg sqlcgen.AlertInsertParams) (soar.Alert, error) {
	var stored soar.Alert
	err := s.write(ctx, op, func(ctx context.Context, t *tx) error {
		row, err := t.AlertLockByFingerprint(ctx, arg.Fingerprint)
		if err != nil {
			return err
		}
		before := soar.Severity(row.Severity)
		worst := before.Worse(soar.Severity(arg.Severity))
		if err := t.AlertCount(ctx, sqlcgen.AlertCountParams{ID: row.ID, Severity: string(worst)}); err != nil {
			return err
		}
		if err := t.AlertRawInsert(ctx, sqlcgen.AlertRawInsertParams{AlertID: row.ID, Sha256: arg.Sha256, Body: arg.Body}); err != nil {
			return err
		}
		if worst != before || row.Ended {
			if err := t.dispatchAgain(ctx, row.ID, worst); err != nil {
				return err
			}
		}
		stored, err = alertFrom(row.Doc, string(worst), row.Count+1, row.IncidentID)
		return err
	})
	return stored, err
}

// dispatchAgain orders a dispatch unless one waits that nobody has begun: a storm
// of duplicates makes one order, not one each.
func (t *tx) dispatchAgain(ctx context.Context, id string, severity soar.Severity) error {
	waiting, err := t.OutboxLockWaiting(ctx, sqlcgen.OutboxLockWaitingParams{Kind: soar.OutboxAlertDispatch, Key: id})
	if err != nil || len(waiting) > 0 {
		return err
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
	narrow(&l, f.Viewer, "alerts.incident_id")
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
