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
		task, err := t.TaskLock(ctx, taskID)
		switch {
		case err != nil:
			return err
		case task.AnswerID != nil && *task.AnswerID == postgres.Clean(update.ID):
			return nil
		case task.AnswerID != nil:
			return soar.Errorf(soar.CodeConflict, op, "task %s is answered already", taskID)
		case task.Status != string(soar.TaskOpen):
			return soar.Errorf(soar.CodeConflict, op, "task %s is %s", taskID, task.Status)
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
		task, err = taskFrom(row.Doc, row.Answer)
		return err
	})
	return task, err
}

// TaskList gives one page of tasks, newest first, and the next page's cursor.
func (s *Store) TaskList(ctx context.Context, f soar.TaskFilter) ([]soar.Task, string, error) {
	l := postgres.List{Name: "tasks", Table: "tasks", At: "created_at", Columns: "doc, answer"}
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
		l.And(meant("json_build_array(doc->'assignee')"), entriesOf(*f.Mine))
	}
	l.Narrow(f.Viewer, "tasks.incident_id")
	out := []soar.Task{}
	next, err := s.fetch(ctx, "store.TaskList", l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var row sqlcgen.TaskGetRow
		if err := rows.Scan(at, id, &row.Doc, &row.Answer); err != nil {
			return err
		}
		task, err := taskFrom(row.Doc, row.Answer)
		out = append(out, task)
		return err
	})
	return out, next, err
}

// taskFrom lays the committed answer over the workflow's view.
func taskFrom(doc, answer []byte) (soar.Task, error) {
	task, err := postgres.Parse[soar.Task](doc)
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
