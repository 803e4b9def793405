package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// DecisionInsert commits one person's answer: the decision, its record entry and
// the order to tell the workflow, in one transaction that holds the approval. The
// same decision again gives the stored one and duplicate. It is a conflict when
// the person has decided already, when the approval is not pending, or when it
// has expired by the database's clock.
//
// Whether the person may decide is the caller's to check, before.
func (s *Store) DecisionInsert(ctx context.Context, d soar.Decision, event record.Payload) (stored soar.Decision, duplicate bool, err error) {
	const op = "store.DecisionInsert"
	if d.ID == "" {
		return soar.Decision{}, false, soar.Errorf(soar.CodeInvalid, op, "a decision needs an id")
	}
	err = s.write(ctx, op, func(ctx context.Context, t *tx) error {
		stored, duplicate = soar.Decision{}, false
		incidentID, err := t.ApprovalIncident(ctx, d.ApprovalID)
		if err != nil {
			return postgres.Missing(op, err, "approval", d.ApprovalID)
		}
		if d.IncidentID != "" && d.IncidentID != incidentID {
			return soar.Errorf(soar.CodeInvalid, op, "approval %s belongs to another incident", d.ApprovalID)
		}
		d.IncidentID = incidentID
		if _, err := t.IncidentLock(ctx, incidentID); err != nil {
			return err
		}
		status, err := t.ApprovalLock(ctx, d.ApprovalID)
		if err != nil {
			return err
		}
		if stored, duplicate, err = t.sameDecision(ctx, op, d); err != nil || duplicate {
			return err
		}
		if err := t.mayDecide(ctx, op, d, soar.ApprovalStatus(status)); err != nil {
			return err
		}
		stored, err = t.decide(ctx, op, d, event)
		return err
	})
	return stored, duplicate, err
}

// sameDecision finds a decision that was sent before under its id.
func (t *tx) sameDecision(ctx context.Context, op string, d soar.Decision) (soar.Decision, bool, error) {
	doc, err := t.DecisionGet(ctx, d.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return soar.Decision{}, false, nil
	}
	if err != nil {
		return soar.Decision{}, false, err
	}
	before, err := postgres.Parse[soar.Decision](doc)
	if err != nil {
		return soar.Decision{}, false, err
	}
	if before.ApprovalID != d.ApprovalID || !before.By.Same(d.By) || before.Approve != d.Approve {
		return soar.Decision{}, false, soar.Errorf(soar.CodeConflict, op, "decision %.80q was used before for something else", d.ID)
	}
	return before, true, nil
}

// mayDecide looks at what only who holds the approval can know: whether these people
// have decided already, and whether the decisions so far have settled it. The
// workflow writes its new status later.
func (t *tx) mayDecide(ctx context.Context, op string, d soar.Decision, status soar.ApprovalStatus) error {
	a, err := approvalNow(ctx, t.Queries, op, d.ApprovalID)
	if err != nil {
		return err
	}
	for _, before := range a.Decisions {
		if quorum.SamePerson(before, d) {
			return soar.Errorf(soar.CodeConflict, op, "%s has decided already, at %s", before.By.ID, before.At.UTC().Format(time.RFC3339))
		}
	}
	a.Status = status
	now, err := t.Clock(ctx)
	if err != nil {
		return err
	}
	if why := quorum.Closed(a, now); why != "" {
		return soar.Errorf(soar.CodeConflict, op, "%s", why)
	}
	return nil
}

func (t *tx) decide(ctx context.Context, op string, d soar.Decision, event record.Payload) (soar.Decision, error) {
	doc, err := postgres.Document(op, d)
	if err != nil {
		return soar.Decision{}, err
	}
	row := sqlcgen.DecisionInsertParams{ID: d.ID, ApprovalID: d.ApprovalID, ByKind: postgres.Clean(string(d.By.Kind)), ByID: postgres.Clean(d.By.ID), Doc: doc}
	if err := t.Queries.DecisionInsert(ctx, row); err != nil {
		return soar.Decision{}, err
	}
	if err := t.append(ctx, d.IncidentID, event); err != nil {
		return soar.Decision{}, err
	}
	stored, err := postgres.Parse[soar.Decision](doc)
	if err != nil {
		return soar.Decision{}, err
	}
	update := protocol.Decide{Command: protocol.Command{ID: d.ID, By: d.By, Reason: d.Reason, At: d.At}, Decision: stored}
	return stored, t.enqueueUpdate(ctx, d.IncidentID, protocol.UpdateDecide, d.ID, update)
}

// DecisionsCommitted gives what was committed of an approval, in its order, and how
// far the database's clock is from the expiry that is asked about: while something is
// left of it, one more may come. Once nothing is left, none will, since DecisionInsert
// looks at the same clock under the same lock.
func (s *Store) DecisionsCommitted(ctx context.Context, asked protocol.DecisionsRequest) (protocol.CommittedDecisions, error) {
	const op = "store.DecisionsCommitted"
	var out protocol.CommittedDecisions
	err := s.write(ctx, op, func(ctx context.Context, t *tx) error {
		out = protocol.CommittedDecisions{}
		_, err := t.ApprovalLock(ctx, asked.ApprovalID)
		if errors.Is(err, pgx.ErrNoRows) { // nobody was shown it, so nobody has decided
			err = nil
		}
		if err != nil {
			return err
		}
		now, err := t.Clock(ctx)
		if err != nil {
			return err
		}
		out.Left = max(0, asked.ExpiresAt.Sub(now))
		docs, err := t.DecisionsOf(ctx, []string{asked.ApprovalID})
		if err != nil {
			return err
		}
		out.Decisions, err = postgres.ParseAll[soar.Decision](docs)
		return err
	})
	return out, err
}

// ApprovalGet gives one approval with all decisions that were committed, also
// those that the workflow has not seen yet.
func (s *Store) ApprovalGet(ctx context.Context, id string) (soar.Approval, error) {
	const op = "store.ApprovalGet"
	var a soar.Approval
	err := s.snapshot(ctx, op, func(ctx context.Context, q *sqlcgen.Queries) (err error) {
		a, err = approvalNow(ctx, q, op, id)
		return err
	})
	return a, err
}

func approvalNow(ctx context.Context, q *sqlcgen.Queries, op, id string) (soar.Approval, error) {
	doc, err := q.ApprovalGet(ctx, id)
	if err != nil {
		return soar.Approval{}, postgres.Missing(op, err, "approval", id)
	}
	a, err := postgres.Parse[soar.Approval](doc)
	if err != nil {
		return a, err
	}
	one := []soar.Approval{a}
	err = addDecisions(ctx, q, one)
	return one[0], err
}

// ApprovalList gives one page of approvals, newest first, with their decisions,
// and the next page's cursor.
func (s *Store) ApprovalList(ctx context.Context, f soar.ApprovalFilter) ([]soar.Approval, string, error) {
	const op = "store.ApprovalList"
	l := postgres.List{Name: "approvals", Table: "approvals", At: "requested_at", Columns: "doc"}
	l.AndText("status", string(f.Status))
	l.AndText("incident_id", f.IncidentID)
	if f.Mine != nil {
		l.And(decidable(), sidesOf(f))
	}
	l.Narrow(f.Viewer, "approvals.incident_id")
	out := []soar.Approval{}
	next, err := s.fetch(ctx, op, l, f.Page, func(rows pgx.Rows, at *time.Time, id *string) error {
		var doc []byte
		if err := rows.Scan(at, id, &doc); err != nil {
			return err
		}
		a, err := postgres.Parse[soar.Approval](doc)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	err = s.read(ctx, op, func(ctx context.Context) error { return addDecisions(ctx, s.queries, out) })
	return out, next, err
}

// addDecisions puts the committed decisions in the place of the workflow's view.
func addDecisions(ctx context.Context, q *sqlcgen.Queries, approvals []soar.Approval) error {
	if len(approvals) == 0 {
		return nil
	}
	ids := make([]string, 0, len(approvals))
	at := make(map[string]int, len(approvals))
	for i, a := range approvals {
		ids = append(ids, a.ID)
		at[a.ID] = i
		approvals[i].Decisions = nil
	}
	docs, err := q.DecisionsOf(ctx, ids)
	if err != nil {
		return err
	}
	decisions, err := postgres.ParseAll[soar.Decision](docs)
	for _, d := range decisions {
		if i, ok := at[d.ApprovalID]; ok {
			approvals[i].Decisions = append(approvals[i].Decisions, d)
		}
	}
	return err
}
