package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// TaskComplete commits the answer to a task, once: the record entry and the order
// to tell the workflow. The same command again does nothing; a task that is
// answered or not open is a conflict.
func (s *Store) TaskComplete(ctx context.Context, taskID string, update protocol.CompleteTask, event record.Payload) error {
	const op = "store.TaskComplete"
	if update.ID == "" {
		return soar.Errorf(soar.CodeInvalid, op, "a command needs an id")
	}
	answer, err := postgres.Document(op, update)
	if err != nil {
		return err
	}
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		incidentID, err := t.TaskIncident(ctx, taskID)
		if err != nil {
			return postgres.Missing(op, err, "task", taskID)
		}
		if _, err := t.IncidentLock(ctx, incidentID); err != nil {
			return err
		}
		row, err := t.TaskLock(ctx, taskID)
		if err != nil {
			return err
		}
		if row.AnswerID != nil && *row.AnswerID == postgres.Clean(update.ID) {
			return nil
		}
		task, err := taskFrom(row.Doc, row.Answer, row.Holding)
		if err != nil {
			return err
		}
		if err := stillOpen(op, task); err != nil {
			return err
		}
		if err := t.TaskAnswer(ctx, sqlcgen.TaskAnswerParams{ID: taskID, AnswerID: postgres.Clean(update.ID), Answer: answer}); err != nil {
			return err
		}
		if err := t.append(ctx, incidentID, event); err != nil {
			return err
		}
		return t.enqueueUpdate(ctx, incidentID, protocol.UpdateCompleteTask, update.ID, update)
	})
}

// stillOpen says who did the task and when, or how it ended, or nil.
func stillOpen(op string, task soar.Task) error {
	switch {
	case task.CompletedBy != nil && task.CompletedAt != nil:
		return soar.Errorf(soar.CodeConflict, op, "task %s was done by %s at %s", task.ID, task.CompletedBy.ID, task.CompletedAt.UTC().Format(time.RFC3339))
	case task.Status != soar.TaskOpen:
		return soar.Errorf(soar.CodeConflict, op, "task %s is %s", task.ID, task.Status)
	default:
		return nil
	}
}

// TaskHand commits who has a task from now on, once: the holding, the record entry and
// the order to tell the workflow. next decides, on the task as it stands under its lock,
// and its error is given back. The same command again does nothing; a task that is
// answered or not open is a conflict.
func (s *Store) TaskHand(ctx context.Context, taskID string, update protocol.HandTask, event record.Payload, next func(soar.Task) (soar.Holding, error)) error {
	const op = "store.TaskHand"
	digest, err := postgres.Digest(op, update)
	if err != nil {
		return err
	}
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		incidentID, err := t.TaskIncident(ctx, taskID)
		if err != nil {
			return postgres.Missing(op, err, "task", taskID)
		}
		fresh, err := t.beginCommand(ctx, op, command{incidentID, protocol.UpdateHandTask, update.ID, digest})
		if err != nil || !fresh {
			return err
		}
		row, err := t.TaskLock(ctx, taskID)
		if err != nil {
			return err
		}
		task, err := taskFrom(row.Doc, row.Answer, row.Holding)
		if err != nil {
			return err
		}
		if err := stillOpen(op, task); err != nil {
			return err
		}
		order := update
		if order.Holding, err = next(task); err != nil {
			return err
		}
		holding, err := postgres.Document(op, order.Holding)
		if err != nil {
			return err
		}
		if err := t.TaskHold(ctx, sqlcgen.TaskHoldParams{ID: taskID, Holding: holding}); err != nil {
			return err
		}
		if err := t.append(ctx, incidentID, event); err != nil {
			return err
		}
		return t.enqueueUpdate(ctx, incidentID, protocol.UpdateHandTask, order.ID, order)
	})
}

// TaskGet gives one task. One that was answered shows as done also before the
// workflow has taken the answer over.
func (s *Store) TaskGet(ctx context.Context, id string) (soar.Task, error) {
	const op = "store.TaskGet"
	var task soar.Task
	err := s.read(ctx, op, func(ctx context.Context) error {
		row, err := s.queries.TaskGet(ctx, id)
		if err != nil {
			return postgres.Missing(op, err, "task", id)
		}
		task, err = taskFrom(row.Doc, row.Answer, row.Holding)
		return err
	})
	return task, err
}

// TaskList gives one page of tasks, newest first, and the next page's cursor.
func (s *Store) TaskList(ctx context.Context, f soar.TaskFilter) ([]soar.Task, string, error) {
	l := postgres.List{Name: "tasks", Table: "tasks", At: "created_at", Columns: "doc, answer, holding"}
	l.AndText("incident_id", f.IncidentID)
	switch f.Status {
	case soar.TaskOpen:
		l.And("status = $ AND answer_id IS NULL", string(f.Status))
	case soar.TaskDone:
		l.And("(status = $ OR (status = 'open' AND answer_id IS NOT NULL))", string(f.Status))
	default:
		l.AndText("status", string(f.Status))
	}
	if f.Mine != nil {
		entries := entriesOf(*f.Mine)
		for _, roster := range f.OnCall {
			entries = append(entries, "roster:"+postgres.Clean(roster))
		}
		l.And(heldBy, entries)
	}
	l.Narrow(f.Viewer, "tasks.incident_id")
	out := []soar.Task{}
	next, err := s.fetch(ctx, "store.TaskList", l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var row sqlcgen.TaskGetRow
		if err := rows.Scan(at, id, &row.Doc, &row.Answer, &row.Holding); err != nil {
			return err
		}
		task, err := taskFrom(row.Doc, row.Answer, row.Holding)
		out = append(out, task)
		return err
	})
	return out, next, err
}

// heldBy is the condition that somebody among entriesOf has claimed the task, or
// that nobody has and it is for one of them.
const heldBy = "(SELECT coalesce('claimed:' || (held.h->'claimed_by'->>'id'), 'person:' || nullif(held.h->'assignee'->>'person', ''), " +
	"'role:' || nullif(held.h->'assignee'->>'role', ''), 'roster:' || nullif(held.h->'assignee'->>'roster', '')) " +
	"FROM (SELECT CASE WHEN coalesce((holding->>'changes')::int, 0) > coalesce((doc->>'changes')::int, 0) THEN holding ELSE doc END AS h) held) = ANY ($::text[])"

// taskFrom lays the committed holding and answer over the workflow's view.
func taskFrom(doc, answer, holding []byte) (soar.Task, error) {
	task, err := postgres.Parse[soar.Task](doc)
	if err == nil && holding != nil {
		var held soar.Holding
		if held, err = postgres.Parse[soar.Holding](holding); err == nil && task.Status == soar.TaskOpen {
			task = task.Held(held)
		}
	}
	if err != nil || answer == nil || task.Status != soar.TaskOpen {
		return task, err
	}
	given, err := postgres.Parse[protocol.CompleteTask](answer)
	if err != nil {
		return task, err
	}
	task.Status, task.Answer = soar.TaskDone, given.Answer
	task.CompletedAt, task.CompletedBy = &given.At, &given.By
	return task, nil
}
