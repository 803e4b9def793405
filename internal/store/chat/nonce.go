package chat

import (
	"context"
	"slices"
	"time"

	"bytes"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// Chat is what is kept of Slack.
type Chat struct{ room store.Room }

// New gives what is kept in this database.
func New(s *store.Store) Chat { return Chat{s.Room()} }

// NonceTake takes all of these SHA-256 hashes, or none: when one of them was taken
// before, by whichever process, it is a conflict. What it returned nil for is taken
// for good, also when the process ends at once.
func (c Chat) NonceTake(ctx context.Context, hashes ...[]byte) error {
	const op = "chat.NonceTake"
	hashes = slices.Clone(hashes)
	slices.SortFunc(hashes, bytes.Compare) // two that meet wait for each other in the same order
	return c.room.Write(ctx, op, "", func(ctx context.Context, t store.Tx) error {
		tag, err := t.Exec(ctx, `INSERT INTO slack_nonces (hash) SELECT h FROM unnest($1::bytea[]) WITH ORDINALITY AS u (h, i) ORDER BY i ON CONFLICT (hash) DO NOTHING`, hashes)
		if err == nil && tag.RowsAffected() != int64(len(hashes)) {
			return soar.Errorf(soar.CodeConflict, op, "this was already used")
		}
		return err
	})
}

// Purge forgets nonces that are older than age and codes whose time is over.
func (c Chat) Purge(ctx context.Context, age time.Duration) error {
	return c.room.Read(ctx, "chat.Purge", func(ctx context.Context, db *pgxpool.Pool) error {
		if _, err := db.Exec(ctx, `DELETE FROM slack_nonces WHERE taken_at < now() - make_interval(secs => $1)`, age.Seconds()); err != nil {
			return err
		}
		_, err := db.Exec(ctx, `DELETE FROM slack_codes WHERE expires_at < now() - interval '1 hour'`)
		return err
	})
}

// Note adds an entry to the system's chain.
func (c Chat) Note(ctx context.Context, event record.Payload) error {
	return c.room.Write(ctx, "chat.Note", "", func(ctx context.Context, t store.Tx) error {
		return t.Record(ctx, record.ChainSystem, event)
	})
}
