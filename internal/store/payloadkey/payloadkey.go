package payloadkey

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// Keys is the list of keys.
type Keys struct{ room store.Room }

// New gives the list in this database.
func New(s *store.Store) Keys { return Keys{s.Room()} }

// List gives all keys that ever encrypted payloads, oldest first.
func (k Keys) List(ctx context.Context) (keys []soar.PayloadKey, err error) {
	err = k.room.Read(ctx, "payloadkey.List", func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, `SELECT id, canary, first_used, retired FROM payload_keys ORDER BY first_used, id`)
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, pgx.RowToStructByPos[soar.PayloadKey])
		return err
	})
	return keys, err
}

// Add notes that a key encrypts from now on. One that is known already
// stays as it is, but is no longer retired.
func (k Keys) Add(ctx context.Context, id string, canary []byte) error {
	return k.room.Read(ctx, "payloadkey.Add", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, `INSERT INTO payload_keys (id, canary) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET retired = NULL`, id, canary)
		return err
	})
}

// Retire notes that nothing that matters is encrypted under a key any
// more; not_found when there is none.
func (k Keys) Retire(ctx context.Context, id string) error {
	const op = "payloadkey.Retire"
	return k.room.Read(ctx, op, func(ctx context.Context, db *pgxpool.Pool) error {
		tag, err := db.Exec(ctx, `UPDATE payload_keys SET retired = coalesce(retired, now()) WHERE id = $1`, id)
		if err == nil && tag.RowsAffected() == 0 {
			return soar.Errorf(soar.CodeNotFound, op, "no payload was ever encrypted under a key %q", id)
		}
		return err
	})
}
