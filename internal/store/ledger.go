package store

import (
	"context"
	"slices"
	"time"

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
		n, err := t.ActionInsert(ctx, sqlcgen.ActionInsertParams{
			Key: entry.Key, IncidentID: entry.IncidentID, StepPath: postgres.Clean(entry.StepPath), Action: postgres.Clean(entry.Action),
			Risk: postgres.Clean(string(entry.Risk)), Target: postgres.Clean(entry.Target), Args: args, Attempts: int32(entry.Attempts),
		})
		if err != nil {
			return err
		}
		if created = n > 0; created {
			if err := t.append(ctx, entry.IncidentID, event); err != nil {
				return err
			}
		}
		row, err := t.ActionGet(ctx, entry.Key)
		if err != nil {
			return err
		}
		current, err = ledgerFrom(row)
		return err
	})
	return current, created, err
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
	var out soar.LedgerEntry
	err = s.write(ctx, op, func(ctx context.Context, t *tx) error {
		before, err := t.ActionLock(ctx, key)
		if err != nil {
			return postgres.Missing(op, err, "ledger entry", key)
		}
		state := soar.LedgerState(before.State)
		if !slices.Contains(from, state) {
			return soar.Errorf(soar.CodeConflict, op, "the action is %s, not %v", state, from)
		}
		if change.Fence != nil && int(before.Attempts) != *change.Fence {
			return soar.Errorf(soar.CodeConflict, op, "attempt %d of the action has taken over from attempt %d", before.Attempts, *change.Fence)
		}
		if !state.MayBecome(to) {
			return soar.Errorf(soar.CodeInvalid, op, "an action that is %s cannot become %s", state, to)
		}
		row, err := t.ActionMove(ctx, arg)
		if err != nil {
			return err
		}
		if event != nil {
			if err := t.append(ctx, row.IncidentID, *event); err != nil {
				return err
			}
		}
		out, err = ledgerFrom(row)
		return err
	})
	return out, err
}

func newMove(op, key string, to soar.LedgerState, change soar.LedgerChange) (sqlcgen.ActionMoveParams, error) {
	arg := sqlcgen.ActionMoveParams{Key: key, State: string(to), Error: short(change.Error)}
	if change.Attempt {
		arg.More = 1
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
