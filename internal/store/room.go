package store

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// Room is how a folder below this one works on the same database: under the same
// deadline, with the same errors, and in transactions that can also write the
// record and the outbox.
type Room struct{ s *Store }

// Room opens the database to a folder below this one.
func (s *Store) Room() Room { return Room{s} }

// Read runs fn under the deadline and translates its error.
func (r Room) Read(ctx context.Context, op string, fn func(context.Context, *pgxpool.Pool) error) error {
	return r.s.read(ctx, op, func(ctx context.Context) error { return fn(ctx, r.s.pool) })
}

// Fetch reads one page of a list.
func (r Room) Fetch(ctx context.Context, op string, l postgres.List, page soar.Page, scan postgres.Scan) (next string, err error) {
	return r.s.fetch(ctx, op, l, page, scan)
}

// Write runs fn in a transaction under the request's idempotency key, if it has
// one; made is the id of what it makes, "" without one. fn may run again: it must
// do nothing but speak to the database.
func (r Room) Write(ctx context.Context, op, made string, fn func(context.Context, Tx) error) error {
	return r.s.writeKeyed(ctx, op, made, func(ctx context.Context, t *tx) error { return fn(ctx, Tx{t.db, t}) })
}

// Record adds entries to a chain, and takes no idempotency key: nothing changed.
func (r Room) Record(ctx context.Context, chain string, events ...record.Payload) error {
	return r.s.RecordAppend(ctx, chain, events...)
}

// Tx is one writing transaction of a Room.
type Tx struct {
	sqlcgen.DBTX // constant SQL of the caller, values as parameters only
	t            *tx
}

// Record adds entries to a chain. Call it after locking anything else and before
// Notify and Update.
func (t Tx) Record(ctx context.Context, chain string, events ...record.Payload) error {
	return t.t.append(ctx, chain, events...)
}

// Notify puts a message to people into the outbox, once under its id.
func (t Tx) Notify(ctx context.Context, message protocol.Message) error {
	return t.t.enqueueMessage(ctx, message)
}

// Update puts an Update of an incident's workflow into the outbox, once under its id.
func (t Tx) Update(ctx context.Context, incidentID, update, updateID string, payload any) error {
	return t.t.enqueueUpdate(ctx, incidentID, update, updateID, payload)
}

// Enqueue puts other work into the outbox. Items with one key are carried out one
// after the other; one whose dedupe is there already is not added.
func (t Tx) Enqueue(ctx context.Context, kind, key, dedupe string, payload any) error {
	return t.t.enqueue(ctx, order{kind: kind, key: key, dedupe: dedupe, priority: priorityNotify, payload: payload})
}
