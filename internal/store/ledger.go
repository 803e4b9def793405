package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// LedgerBegin writes the intent of a side effect with its record entry, before
// anything is sent. When the key is there already it changes nothing and gives
// what is there: of several that begin at once, one has created.
func (s *Store) LedgerBegin(ctx context.Context, entry soar.LedgerEntry, event record.Payload) (current soar.LedgerEntry, created bool, err error) {
	const op = "store.LedgerBegin"
	if entry.Key == "" {
		return soar.LedgerEntry{}, false, soar.Errorf(soar.CodeInvalid, op, "a ledger entry needs a key")
	}
	args, err := postgres.Document(op, entry.Args)
	if err != nil {
		return soar.LedgerEntry{}, false, err
	}
	err = s.write(ctx, op, func(ctx context.Context, t *tx) error {
		row, err := t.ActionInsert(ctx, sqlcgen.ActionInsertParams{
			Key: entry.Key, IncidentID: entry.IncidentID, StepPath: postgres.Clean(entry.StepPath), Action: postgres.Clean(entry.Action),
			Risk: postgres.Clean(string(entry.Risk)), Target: postgres.Clean(entry.Target), Args: args, Attempts: int32(entry.Attempts),
		})
		created = err == nil
		switch {
		case created:
			err = t.append(ctx, entry.IncidentID, event)
		case errors.Is(err, pgx.ErrNoRows):
			row, err = t.ActionGet(ctx, entry.Key)
		}
		if err != nil {
			return err
		}
		current, err = ledgerFrom(row)
		return err
	})
	return current, created && err == nil, err
}

// LedgerMove moves an entry to another state, with its record entry when one is
// given. It is a conflict when the entry is not in one of the states of from or a
// later attempt has taken over (LedgerChange.Fence), and invalid when the ledger knows no such move (soar.LedgerState.MayBecome).
func (s *Store) LedgerMove(ctx context.Context, key string, from []soar.LedgerState, to soar.LedgerState, change soar.LedgerChange, event *record.Payload) (soar.LedgerEntry, error) {
	const op = "store.LedgerMove"
	arg, err := newMove(op, key, to, change)
	if err != nil {
		return soar.LedgerEntry{}, err
	}
	var row sqlcgen.Action
	if event == nil {
		// One statement is its own transaction.
		err = s.read(ctx, op, func(ctx context.Context) error {
			row, err = move(ctx, s.queries, op, from, arg)
			return err
		})
	} else {
		err = s.write(ctx, op, func(ctx context.Context, t *tx) error {
			if row, err = move(ctx, t.Queries, op, from, arg); err != nil {
				return err
			}
			return t.append(ctx, row.IncidentID, *event)
		})
	}
	if err != nil {
		return soar.LedgerEntry{}, err
	}
	out, err := ledgerFrom(row)
	return out, postgres.Translate(op, err)
}

// move changes the entry where that is allowed, in one statement.
func move(ctx context.Context, q *sqlcgen.Queries, op string, from []soar.LedgerState, arg sqlcgen.ActionMoveParams) (sqlcgen.Action, error) {
	to := soar.LedgerState(arg.State)
	for _, state := range from {
		if state.MayBecome(to) {
			arg.Before = append(arg.Before, string(state))
		}
	}
	row, err := q.ActionMove(ctx, arg)
	if errors.Is(err, pgx.ErrNoRows) {
		return row, whyNot(ctx, q, op, from, arg)
	}
	return row, err
}

// whyNot words why an entry was not moved.
func whyNot(ctx context.Context, q *sqlcgen.Queries, op string, from []soar.LedgerState, arg sqlcgen.ActionMoveParams) error {
	row, err := q.ActionGet(ctx, arg.Key)
	if err != nil {
		return postgres.Missing(op, err, "ledger entry", arg.Key)
	}
	state, to := soar.LedgerState(row.State), soar.LedgerState(arg.State)
	switch {
	case !slices.Contains(from, state):
		return soar.Errorf(soar.CodeConflict, op, "the action is %s, not %v", state, from)
	case arg.Fence != nil && row.Attempts != *arg.Fence:
		return soar.Errorf(soar.CodeConflict, op, "attempt %d of the action has taken over from attempt %d", row.Attempts, *arg.Fence)
	case !state.MayBecome(to):
		return soar.Errorf(soar.CodeInvalid, op, "an action that is %s cannot become %s", state, to)
	default:
		return soar.Errorf(soar.CodeConflict, op, "somebody else moves the action at the same time")
	}
}

func newMove(op, key string, to soar.LedgerState, change soar.LedgerChange) (sqlcgen.ActionMoveParams, error) {
	arg := sqlcgen.ActionMoveParams{Key: key, State: string(to), Error: postgres.Short(change.Error)}
	if change.Attempt {
		arg.More = 1
	}
	if change.Fence != nil {
		fence := int32(*change.Fence)
		arg.Fence = &fence
	}
	if change.Output == nil {
		return arg, nil
	}
	var err error
	arg.Output, err = postgres.Document(op, change.Output)
	return arg, err
}

func ledgerFrom(row sqlcgen.Action) (soar.LedgerEntry, error) {
	args, err := postgres.Parse[map[string]any](row.Args)
	if err != nil {
		return soar.LedgerEntry{}, err
	}
	out := soar.LedgerEntry{
		Key: row.Key, IncidentID: row.IncidentID, StepPath: row.StepPath, Action: row.Action, Risk: soar.Risk(row.Risk),
		Target: row.Target, Args: args, State: soar.LedgerState(row.State), Attempts: int(row.Attempts), Error: row.Error,
		CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}
	if row.Output != nil {
		out.Output, err = postgres.Parse[map[string]any](row.Output)
	}
	return out, err
}

// LedgerList gives all side effects of an incident in the order they began.
func (s *Store) LedgerList(ctx context.Context, incidentID string) ([]soar.LedgerEntry, error) {
	out := []soar.LedgerEntry{}
	err := s.read(ctx, "store.LedgerList", func(ctx context.Context) error {
		rows, err := s.queries.ActionsOf(ctx, incidentID)
		if err != nil {
			return err
		}
		for _, row := range rows {
			entry, err := ledgerFrom(row)
			if err != nil {
				return err
			}
			out = append(out, entry)
		}
		return nil
	})
	return out, err
}

// LedgerGet gives one side effect by its key.
func (s *Store) LedgerGet(ctx context.Context, key string) (soar.LedgerEntry, error) {
	const op = "store.LedgerGet"
	var out soar.LedgerEntry
	err := s.read(ctx, op, func(ctx context.Context) error {
		row, err := s.queries.ActionGet(ctx, key)
		if err != nil {
			return postgres.Missing(op, err, "ledger entry", key)
		}
		out, err = ledgerFrom(row)
		return err
	})
	return out, err
}

// LedgerCount says how often an action, by its name after the dot, was begun in
// the incident and, over all incidents, within the window. What surely failed
// does not count. The guard's budgets are asked with it after LedgerBegin.
func (s *Store) LedgerCount(ctx context.Context, incidentID, action string, window time.Duration) (incident, recent int, err error) {
	err = s.read(ctx, "store.LedgerCount", func(ctx context.Context) error {
		row, err := s.queries.ActionCounts(ctx, sqlcgen.ActionCountsParams{IncidentID: incidentID, Name: action, Span: window})
		incident, recent = int(row.Incident), int(row.Recent)
		return err
	})
	return incident, recent, err
}
