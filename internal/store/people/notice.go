package people

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// How long what people were sent is kept after it is of no use any more.
const (
	// A link shows for a while how its approval ended.
	linksFor = 30 * 24 * time.Hour
	// A warning repeats itself for at most 366 days (warn_before), and a week.
	noticesFor = 400 * 24 * time.Hour
)

// Purge forgets links to the approval page that ran out a month before now, and
// which warnings were sent 400 days before.
func (k People) Purge(ctx context.Context, now time.Time) error {
	return k.room.Read(ctx, "people.Purge", func(ctx context.Context, db *pgxpool.Pool) error {
		_, err := db.Exec(ctx, `DELETE FROM approval_links WHERE expires_at < $1`, now.Add(-linksFor))
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, `DELETE FROM competence_notices WHERE written_at < $1`, now.Add(-noticesFor))
		return err
	})
}

// Warn sends a message once under its id, for as long as Purge keeps it, with the
// entry of the system's chain; isNew is false when it was sent before.
func (k People) Warn(ctx context.Context, message protocol.Message, event record.Payload) (isNew bool, err error) {
	err = k.room.Write(ctx, "people.Warn", "", func(ctx context.Context, t store.Tx) error {
		tag, err := t.Exec(ctx, `INSERT INTO competence_notices (id, written_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, message.ID, event.At)
		isNew = err == nil && tag.RowsAffected() == 1
		if err != nil || !isNew {
			return err
		}
		if err := t.Record(ctx, record.ChainSystem, event); err != nil {
			return err
		}
		return t.Notify(ctx, message)
	})
	return isNew, err
}
