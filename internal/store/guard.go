package store

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// FreezeGet gives the kill switch; off, when it was never set.
func (s *Store) FreezeGet(ctx context.Context) (soar.Freeze, error) {
	var out soar.Freeze
	err := s.read(ctx, "store.FreezeGet", func(ctx context.Context) error {
		doc, err := s.queries.FreezeGet(ctx)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		out, err = postgres.Parse[soar.Freeze](doc)
		return err
	})
	return out, err
}

// FreezeSet sets the kill switch and records it in the system chain.
func (s *Store) FreezeSet(ctx context.Context, freeze soar.Freeze, event record.Payload) error {
	const op = "store.FreezeSet"
	doc, err := postgres.Document(op, freeze)
	if err != nil {
		return err
	}
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		if err := t.Queries.FreezeSet(ctx, doc); err != nil {
			return err
		}
		return t.append(ctx, record.ChainSystem, event)
	})
}

// ProtectedList gives the site's protected targets, sorted.
func (s *Store) ProtectedList(ctx context.Context) ([]soar.Protected, error) {
	out := []soar.Protected{}
	err := s.read(ctx, "store.ProtectedList", func(ctx context.Context) error {
		rows, err := s.queries.ProtectedList(ctx)
		for _, row := range rows {
			out = append(out, soar.Protected(row))
		}
		return err
	})
	return out, err
}

// ProtectedReplace puts a new list in the place of before, as ProtectedList gave
// it, and records it in the system chain. It is a conflict when the list is
// another one by now.
func (s *Store) ProtectedReplace(ctx context.Context, before, list []soar.Protected, event record.Payload) error {
	const op = "store.ProtectedReplace"
	rows := make([]sqlcgen.ProtectedInsertParams, 0, len(list))
	for _, p := range list {
		rows = append(rows, sqlcgen.ProtectedInsertParams{Class: postgres.Clean(p.Class), Pattern: postgres.Clean(p.Pattern), Reason: postgres.Clean(p.Reason)})
	}
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		// The head first: two that replace at once must not mix their lists.
		if err := t.append(ctx, record.ChainSystem, event); err != nil {
			return err
		}
		now, err := t.Queries.ProtectedList(ctx)
		if err != nil {
			return err
		}
		same := func(row sqlcgen.Protected, p soar.Protected) bool { return soar.Protected(row) == p }
		if !slices.EqualFunc(now, before, same) {
			return soar.Errorf(soar.CodeConflict, op, "the list was changed in the meantime; read it again")
		}
		if err := t.ProtectedDelete(ctx); err != nil {
			return err
		}
		return postgres.Put(ctx, rows, t.ProtectedInsert)
	})
}
