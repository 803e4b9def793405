package store

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// writeTries bounds how often a transaction that lost a deadlock is done again.
const writeTries = 3

// tx is one writing transaction: the queries, and the randomness for salts.
type tx struct {
	*sqlcgen.Queries
	later    *sqlcgen.Queries // for statements without a result: sent with the next, or the commit
	db       sqlcgen.DBTX     // for the folders below
	random   io.Reader
	enqueued bool // outbox items were added: tell the listeners after the commit
}

// read runs fn under the deadline and translates its error.
func (s *Store) read(ctx context.Context, op string, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	return postgres.Translate(op, fn(ctx))
}

// fetch reads one page of a list.
func (s *Store) fetch(ctx context.Context, op string, l postgres.List, page soar.Page, scan postgres.Scan) (next string, err error) {
	err = s.read(ctx, op, func(ctx context.Context) error {
		next, err = l.Fetch(ctx, s.pool, op, page, scan)
		return err
	})
	return next, err
}

// write runs fn in a transaction under the deadline, again when Postgres chose
// it as the victim of a deadlock: fn must do nothing but speak to the database.
func (s *Store) write(ctx context.Context, op string, fn func(context.Context, *tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	var err error
	var t *tx
	for range writeTries {
		t, err = s.writeOnce(ctx, fn)
		if !postgres.IsSerialization(err) {
			break
		}
	}
	if err == nil && t.enqueued {
		s.added.Announce()
	}
	return postgres.Translate(op, err)
}

func (s *Store) writeOnce(ctx context.Context, fn func(context.Context, *tx) error) (*tx, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	db := postgres.Begin(conn)
	t := &tx{Queries: sqlcgen.New(db), later: sqlcgen.New(db.Later()), db: db, random: s.random}
	if err := fn(ctx, t); err != nil {
		db.Rollback(ctx)
		return t, err
	}
	return t, db.Commit(ctx)
}

// snapshot runs fn in a reading transaction that sees one moment throughout.
func (s *Store) snapshot(ctx context.Context, op string, fn func(context.Context, *sqlcgen.Queries) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return postgres.Translate(op, pgx.BeginTxFunc(ctx, s.pool, options, func(db pgx.Tx) error {
		return fn(ctx, sqlcgen.New(db))
	}))
}
