package store

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// views are the rows of a journal batch, made before the transaction begins so
// that no lock is held while JSON is written.
type views struct {
	incident     *sqlcgen.IncidentUpdateParams
	runs         []sqlcgen.RunUpsertParams
	steps        []sqlcgen.StepUpsertParams
	approvals    []sqlcgen.ApprovalUpsertParams
	tasks        []sqlcgen.TaskUpsertParams
	containments []sqlcgen.ContainmentUpsertParams
	objectives   []sqlcgen.ObjectiveUpsertParams
}

func newViews(op string, b protocol.JournalBatch) (views, error) {
	v := views{}
	if b.Incident != nil {
		row, err := newIncident(op, *b.Incident)
		if err != nil {
			return v, err
		}
		v.incident = &sqlcgen.IncidentUpdateParams{
			ID: row.ID, Doc: row.Doc, Title: row.Title, Status: row.Status, Severity: row.Severity, Category: row.Category,
			Owner: row.Owner, Ended: row.Ended, AcknowledgedAt: row.AcknowledgedAt, ContainedAt: row.ContainedAt, ClosedAt: row.ClosedAt,
		}
	}
	var err error
	if v.runs, err = rowsOf(op, b.Runs, func(r protocol.RunView, doc []byte) sqlcgen.RunUpsertParams {
		return sqlcgen.RunUpsertParams{IncidentID: b.IncidentID, RunID: postgres.Clean(r.RunID), Doc: doc}
	}); err != nil {
		return v, err
	}
	if v.steps, err = rowsOf(op, b.Steps, func(s protocol.StepView, doc []byte) sqlcgen.StepUpsertParams {
		return sqlcgen.StepUpsertParams{IncidentID: b.IncidentID, Key: postgres.Clean(s.Key), RunID: postgres.Clean(s.RunID), Doc: doc}
	}); err != nil {
		return v, err
	}
	return v, v.people(op, b)
}

// people adds the views that people act on.
func (v *views) people(op string, b protocol.JournalBatch) error {
	var err error
	if v.approvals, err = rowsOf(op, b.Approvals, func(a soar.Approval, doc []byte) sqlcgen.ApprovalUpsertParams {
		return sqlcgen.ApprovalUpsertParams{ID: postgres.Clean(a.ID), IncidentID: a.IncidentID, Doc: doc, Status: postgres.Clean(string(a.Status)), RequestedAt: a.RequestedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC()}
	}); err != nil {
		return err
	}
	if v.tasks, err = rowsOf(op, b.Tasks, func(t soar.Task, doc []byte) sqlcgen.TaskUpsertParams {
		return sqlcgen.TaskUpsertParams{ID: postgres.Clean(t.ID), IncidentID: t.IncidentID, Doc: doc, Status: postgres.Clean(string(t.Status)), CreatedAt: t.CreatedAt.UTC()}
	}); err != nil {
		return err
	}
	if v.containments, err = rowsOf(op, b.Containments, func(c soar.Containment, doc []byte) sqlcgen.ContainmentUpsertParams {
		return sqlcgen.ContainmentUpsertParams{ID: postgres.Clean(c.ID), IncidentID: c.IncidentID, Doc: doc, State: postgres.Clean(c.State), Since: c.Since.UTC()}
	}); err != nil {
		return err
	}
	v.objectives, err = rowsOf(op, b.Objectives, func(o soar.Objective, doc []byte) sqlcgen.ObjectiveUpsertParams {
		return sqlcgen.ObjectiveUpsertParams{IncidentID: b.IncidentID, Name: postgres.Clean(o.Name), Doc: doc}
	})
	return err
}

func rowsOf[View, Row any](op string, in []View, row func(View, []byte) Row) ([]Row, error) {
	out := make([]Row, 0, len(in))
	for _, view := range in {
		doc, err := postgres.Document(op, view)
		if err != nil {
			return nil, err
		}
		out = append(out, row(view, doc))
	}
	return out, nil
}

// write puts the rows in; all travel with the next statement.
func (v views) write(ctx context.Context, t *tx) error {
	if v.incident != nil {
		if err := t.later.IncidentUpdate(ctx, *v.incident); err != nil {
			return err
		}
	}
	if err := postgres.Put(ctx, v.runs, t.later.RunUpsert); err != nil {
		return err
	}
	if err := postgres.Put(ctx, v.steps, t.later.StepUpsert); err != nil {
		return err
	}
	if err := postgres.Put(ctx, v.approvals, t.later.ApprovalUpsert); err != nil {
		return err
	}
	if err := postgres.Put(ctx, v.tasks, t.later.TaskUpsert); err != nil {
		return err
	}
	if err := postgres.Put(ctx, v.containments, t.later.ContainmentUpsert); err != nil {
		return err
	}
	return postgres.Put(ctx, v.objectives, t.later.ObjectiveUpsert)
}
