package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/once"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// once takes the idempotency key of the request, if it has one, for this transaction.
// made is the id of what the transaction makes. Of two at once the second waits for
// the first; a key that is taken is a conflict.
func (t *tx) once(ctx context.Context, op, made string) error {
	key, ok := once.From(ctx)
	if !ok {
		return nil
	}
	n, err := t.OnceTake(ctx, sqlcgen.OnceTakeParams{ID: key.ID, Digest: key.Digest, Made: made, Life: once.Life})
	if err == nil && n == 0 {
		return soar.Errorf(soar.CodeConflict, op, "a request with this Idempotency-Key was carried out before")
	}
	return err
}

// writeKeyed is write under the request's idempotency key.
func (s *Store) writeKeyed(ctx context.Context, op, made string, fn func(context.Context, *tx) error) error {
	return s.write(ctx, op, func(ctx context.Context, t *tx) error {
		if err := t.once(ctx, op, made); err != nil {
			return err
		}
		return fn(ctx, t)
	})
}

// OnceFind tells what was done under a key; nil when nothing was within once.Life.
func (s *Store) OnceFind(ctx context.Context, id string) (done *once.Done, err error) {
	err = s.read(ctx, "store.OnceFind", func(ctx context.Context) error {
		row, err := s.queries.OnceGet(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		done = &once.Done{Digest: row.Digest, Made: row.Made, Recent: row.Recent}
		if row.Status != nil {
			done.Answer = &once.Answer{Status: int(*row.Status), MediaType: row.MediaType, ETag: row.Etag, Body: row.Body}
		}
		return nil
	})
	return done, err
}

// OnceAnswer keeps what was answered. It takes the key where nothing had to be
// changed. The first answer stays.
func (s *Store) OnceAnswer(ctx context.Context, key once.Key, answer once.Answer) error {
	status := int32(answer.Status)
	return s.read(ctx, "store.OnceAnswer", func(ctx context.Context) error {
		return s.queries.OnceAnswer(ctx, sqlcgen.OnceAnswerParams{
			ID: key.ID, Digest: key.Digest, Status: &status, MediaType: answer.MediaType, Etag: answer.ETag, Body: append([]byte{}, answer.Body...), Life: once.Life,
		})
	})
}
