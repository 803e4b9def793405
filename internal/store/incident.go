package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// IncidentOpen stores an incident, links its alert, records the events and orders
// the workflow's start, in one transaction. It is a conflict when the id exists,
// when the alert belongs to an incident that is still open, and, with
// CorrelateSince set, when an open incident has the same correlation key: then
// IncidentFindOpen finds it and the alert can join.
func (s *Store) IncidentOpen(ctx context.Context, open protocol.OpenIncident, events ...record.Payload) error {
	const op = "store.IncidentOpen"
	incident := open.Input.Incident
	if incident.ID == "" {
		return soar.Errorf(soar.CodeInvalid, op, "an incident needs an id")
	}
	row, err := newIncident(op, incident)
	if err != nil {
		return err
	}
	row.CorrelationKey = postgres.Indexable(open.CorrelationKey)
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		if err := t.claimCorrelation(ctx, op, row.CorrelationKey, open.CorrelateSince); err != nil {
			return err
		}
		if open.AlertID != "" {
			other, err := t.lockAlert(ctx, op, open.AlertID)
			if err != nil {
				return err
			}
			if other != "" {
				return soar.Errorf(soar.CodeConflict, op, "alert %s belongs to incident %s", open.AlertID, other)
			}
		}
		if err := t.later.IncidentInsert(ctx, row); err != nil {
			return err
		}
		if open.AlertID != "" {
			if err := t.later.AlertLink(ctx, sqlcgen.AlertLinkParams{ID: open.AlertID, IncidentID: incident.ID}); err != nil {
				return err
			}
		}
		if err := t.append(ctx, incident.ID, events...); err != nil {
			return err
		}
		return t.enqueue(ctx, order{
			kind: soar.OutboxIncidentStart, key: incident.ID, dedupe: dedupeStart + incident.ID,
			priority: priorityStart + incident.Severity.Rank(), payload: open.Input,
		})
	})
}

// claimCorrelation makes sure that of two alerts at once one opens the incident
// and the other sees it.
func (t *tx) claimCorrelation(ctx context.Context, op, key string, since time.Time) error {
	if key == "" || since.IsZero() {
		return nil
	}
	if err := t.later.CorrelationLock(ctx, key); err != nil {
		return err
	}
	_, err := t.IncidentFindOpen(ctx, sqlcgen.IncidentFindOpenParams{CorrelationKey: key, Since: since})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return soar.Errorf(soar.CodeConflict, op, "an open incident has the same correlation key")
}

func newIncident(op string, i soar.Incident) (sqlcgen.IncidentInsertParams, error) {
	doc, err := postgres.Document(op, i)
	if err != nil {
		return sqlcgen.IncidentInsertParams{}, err
	}
	return sqlcgen.IncidentInsertParams{
		ID: i.ID, Doc: doc, Title: postgres.Clean(i.Title), Status: postgres.Clean(string(i.Status)), Severity: postgres.Clean(string(i.Severity)),
		Category: postgres.Clean(string(i.Category)), Owner: postgres.Clean(i.Owner), Ended: i.Status.Ended(), OpenedAt: i.OpenedAt.UTC(),
		AcknowledgedAt: i.AcknowledgedAt, ContainedAt: i.ContainedAt, ClosedAt: i.ClosedAt,
	}, nil
}

// IncidentFindOpen gives the newest incident with the key that was opened at or
// after since and has not ended; not_found when there is none.
func (s *Store) IncidentFindOpen(ctx context.Context, correlationKey string, since time.Time) (soar.Incident, error) {
	const op = "store.IncidentFindOpen"
	var out soar.Incident
	err := s.read(ctx, op, func(ctx context.Context) error {
		doc, err := s.queries.IncidentFindOpen(ctx, sqlcgen.IncidentFindOpenParams{CorrelationKey: postgres.Indexable(correlationKey), Since: since})
		if err != nil {
			return postgres.Missing(op, err, "open incident with the key", correlationKey)
		}
		out, err = postgres.Parse[soar.Incident](doc)
		return err
	})
	return out, err
}

// IncidentJoin links an alert to an open incident and orders the workflow's
// update. Again with the same update id does nothing. It is a conflict when the
// incident has ended or the alert belongs to another open one.
func (s *Store) IncidentJoin(ctx context.Context, incidentID, alertID string, update protocol.AddAlert) error {
	const op = "store.IncidentJoin"
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		other, err := t.lockAlert(ctx, op, alertID)
		if err != nil {
			return err
		}
		if other != "" && other != incidentID {
			return soar.Errorf(soar.CodeConflict, op, "alert %s belongs to incident %s", alertID, other)
		}
		fresh, err := t.beginCommand(ctx, op, command{incidentID, protocol.UpdateAddAlert, update.ID, nil})
		if err != nil || !fresh {
			return err
		}
		if err := t.later.AlertLink(ctx, sqlcgen.AlertLinkParams{ID: alertID, IncidentID: incidentID}); err != nil {
			return err
		}
		return t.enqueueUpdate(ctx, incidentID, protocol.UpdateAddAlert, update.ID, update)
	})
}

// IncidentGet gives one incident as the projection has it.
func (s *Store) IncidentGet(ctx context.Context, id string) (soar.Incident, error) {
	const op = "store.IncidentGet"
	var out soar.Incident
	err := s.read(ctx, op, func(ctx context.Context) error {
		doc, err := s.queries.IncidentGet(ctx, id)
		if err != nil {
			return postgres.Missing(op, err, "incident", id)
		}
		out, err = postgres.Parse[soar.Incident](doc)
		return err
	})
	return out, err
}

// IncidentList gives one page of incidents, newest first, and the next page's
// cursor.
func (s *Store) IncidentList(ctx context.Context, f soar.IncidentFilter) ([]soar.Incident, string, error) {
	l := postgres.List{Name: "incidents", Table: "incidents", At: "opened_at", Columns: "doc"}
	l.AndText("status", string(f.Status))
	l.AndText("severity", string(f.Severity))
	l.AndText("category", string(f.Category))
	l.AndText("owner", f.Owner)
	if f.Open != nil {
		l.And("ended = $", !*f.Open)
	}
	andPart(&l, f.Query, "id || ' ' || title")
	andSpan(&l, f.Since, f.Until)
	l.Narrow(f.Viewer, "")
	out := []soar.Incident{}
	next, err := s.fetch(ctx, "store.IncidentList", l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var doc []byte
		if err := rows.Scan(at, id, &doc); err != nil {
			return err
		}
		incident, err := postgres.Parse[soar.Incident](doc)
		out = append(out, incident)
		return err
	})
	return out, next, err
}
