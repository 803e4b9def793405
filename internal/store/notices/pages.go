package notices

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// Pages gives up to limit deliveries whose alert is still open at its service, by key,
// after the one that is named.
func (n Notices) Pages(ctx context.Context, after string, limit int) (all []soar.Notice, err error) {
	err = n.room.Read(ctx, "notices.Pages", func(ctx context.Context, db *pgxpool.Pool) error {
		all, err = collect(ctx, db, `page IN ('triggered', 'acknowledged') AND id > $1 ORDER BY id LIMIT $2`, after, limit)
		return err
	})
	return all, err
}

// PageOf gives how the alert about the same thing stands at a way's service; empty
// when there was none.
func (n Notices) PageOf(ctx context.Context, way, incidentID, about string) (page soar.PageState, err error) {
	err = n.room.Read(ctx, "notices.PageOf", func(ctx context.Context, db *pgxpool.Pool) error {
		err := db.QueryRow(ctx, `SELECT page FROM notices WHERE way = $1 AND incident_id = $2 AND about = $3 AND page <> '' ORDER BY planned_at DESC, id DESC LIMIT 1`,
			way, incidentID, about).Scan(&page)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return page, err
}

// Follow notes that the alert of a delivery, and of all about the same thing, stands
// otherwise now, and puts the message that tells the service into the outbox. It says
// false when another process did so.
func (n Notices) Follow(ctx context.Context, one soar.Notice, page soar.PageState, tell protocol.Message) (changed bool, err error) {
	err = n.room.Write(ctx, "notices.Follow", "", func(ctx context.Context, t store.Tx) error {
		tag, err := t.Exec(ctx, `UPDATE notices SET page = $4 WHERE way = $1 AND incident_id = $2 AND about = $3 AND page IN ('triggered', 'acknowledged') AND page <> $4`,
			one.Way, one.IncidentID, one.About, string(page))
		if changed = tag.RowsAffected() > 0; err != nil || !changed {
			return err
		}
		return t.Notify(ctx, tell)
	})
	return changed && err == nil, err
}
