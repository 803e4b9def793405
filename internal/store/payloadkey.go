package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// PayloadKeyList gives all keys that ever encrypted payloads, oldest first.
func (s *Store) PayloadKeyList(ctx context.Context) (keys []soar.PayloadKey, err error) {
	err = s.read(ctx, "store.PayloadKeyList", func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, `SELECT id, canary, first_used, retired FROM payload_keys ORDER BY first_used, id`)
		if err != nil {
			return err
		}
		keys, err = pgx.CollectRows(rows, pgx.RowToStructByPos[soar.PayloadKey])
		return err
	})
	return keys, err
}

// PayloadKeyAdd notes that a key encrypts from now on. One that is known already
// stays as it is, but is no longer retired.
func (s *Store) PayloadKeyAdd(ctx context.Context, id string, canary []byte) error {
	return s.read(ctx, "store.PayloadKeyAdd", func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, `INSERT INTO payload_keys (id, canary) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET retired = NULL`, id, canary)
		return err
	})
}

// PayloadKeyRetire notes that nothing that matters is encrypted under a key any
// more; not_found when there is none.
func (s *Store) PayloadKeyRetire(ctx context.Context, id string) error {
	const op = "store.PayloadKeyRetire"
	return s.read(ctx, op, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, `UPDATE payload_keys SET retired = coalesce(retired, now()) WHERE id = $1`, id)
		if err == nil && tag.RowsAffected() == 0 {
			return soar.Errorf(soar.CodeNotFound, op, "no payload was ever encrypted under a key %q", id)
		}
		return err
	})
}
