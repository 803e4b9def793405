package people

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// Warn sends a message once under its id, for as long as the database lives, with
// the entry of the system's chain; isNew is false when it was sent before.
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
