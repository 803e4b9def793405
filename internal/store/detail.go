package store

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// IncidentDetail gives one incident with everything that the projection knows of
// it, as it was at one moment. Of its alerts the newest 500 are given.
func (s *Store) IncidentDetail(ctx context.Context, id string) (protocol.Detail, error) {
	const op = "store.IncidentDetail"
	var d protocol.Detail
	err := s.snapshot(ctx, op, func(ctx context.Context, q *sqlcgen.Queries) error {
		doc, err := q.IncidentGet(ctx, id)
		if err != nil {
			return postgres.Missing(op, err, "incident", id)
		}
		if d.Incident, err = postgres.Parse[soar.Incident](doc); err != nil {
			return err
		}
		if d.Runs, err = runsOf(ctx, q, id); err != nil {
			return err
		}
		if d.Approvals, err = approvalsOf(ctx, q, id); err != nil {
			return err
		}
		if d.Tasks, err = tasksOf(ctx, q, id); err != nil {
			return err
		}
		if d.Containments, err = nounsOf[soar.Containment](ctx, id, q.ContainmentsOf); err != nil {
			return err
		}
		if d.Objectives, err = nounsOf[soar.Objective](ctx, id, q.ObjectivesOf); err != nil {
			return err
		}
		if d.Evidence, err = nounsOf[soar.Evidence](ctx, id, q.EvidenceOf); err != nil {
			return err
		}
		d.Alerts, err = alertsOf(ctx, q, id)
		return err
	})
	return d, err
}

// nounsOf reads the documents of one kind.
func nounsOf[T any](ctx context.Context, id string, query func(context.Context, string) ([][]byte, error)) ([]T, error) {
	docs, err := query(ctx, id)
	if err != nil {
		return nil, err
	}
	return postgres.ParseAll[T](docs)
}

// runsOf gives the runs with their steps; a step of a run that is not there yet
// is left out until the run comes.
func runsOf(ctx context.Context, q *sqlcgen.Queries, id string) ([]protocol.RunView, error) {
	runs, err := nounsOf[protocol.RunView](ctx, id, q.RunsOf)
	if err != nil {
		return nil, err
	}
	steps, err := nounsOf[protocol.StepView](ctx, id, q.StepsOf)
	if err != nil {
		return nil, err
	}
	byRun := make(map[string][]protocol.StepView, len(runs))
	for _, step := range steps {
		byRun[step.RunID] = append(byRun[step.RunID], step)
	}
	for i := range runs {
		runs[i].Steps = byRun[runs[i].RunID]
	}
	return runs, nil
}

func approvalsOf(ctx context.Context, q *sqlcgen.Queries, id string) ([]soar.Approval, error) {
	approvals, err := nounsOf[soar.Approval](ctx, id, q.ApprovalsOf)
	if err != nil {
		return nil, err
	}
	return approvals, addDecisions(ctx, q, approvals)
}

func tasksOf(ctx context.Context, q *sqlcgen.Queries, id string) ([]soar.Task, error) {
	rows, err := q.TasksOf(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]soar.Task, 0, len(rows))
	for _, row := range rows {
		task, err := taskFrom(row.Doc, row.Answer, row.Holding)
		if err != nil {
			return nil, err
		}
		out = append(out, task)
	}
	return out, nil
}

func alertsOf(ctx context.Context, q *sqlcgen.Queries, id string) ([]soar.Alert, error) {
	rows, err := q.AlertsOf(ctx, sqlcgen.AlertsOfParams{IncidentID: &id, Limit: soar.PageMost})
	if err != nil {
		return nil, err
	}
	out := make([]soar.Alert, 0, len(rows))
	for _, row := range rows {
		alert, err := alertFrom(row.Doc, row.Severity, row.Count, row.IncidentID)
		if err != nil {
			return nil, err
		}
		out = append(out, alert)
	}
	return out, nil
}

// RunsOpen gives the playbooks that are under way in open incidents, the newest first,
// at most 5,000.
func (s *Store) RunsOpen(ctx context.Context) ([]soar.OpenRun, error) {
	var out []soar.OpenRun
	err := s.read(ctx, "store.RunsOpen", func(ctx context.Context) error {
		rows, err := s.queries.RunsOpen(ctx)
		for _, row := range rows {
			out = append(out, soar.OpenRun{IncidentID: row.IncidentID, RunID: row.RunID, Playbook: row.Playbook, Digest: row.Digest})
		}
		return err
	})
	return out, err
}
