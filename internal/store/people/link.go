package people

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// LinkAdd keeps the hash of a new link to the approval page.
func (k People) LinkAdd(ctx context.Context, hash []byte, l soar.ApprovalLink) error {
	return k.room.Write(ctx, "people.LinkAdd", "", func(ctx context.Context, t store.Tx) error {
		_, err := t.Exec(ctx, `INSERT INTO approval_links (hash, approval_id, incident_id, person, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			hash, l.ApprovalID, l.IncidentID, l.Person, l.MadeAt, l.ExpiresAt)
		return err
	})
}

// Link gives a link by the hash of its token; not_found when there is none.
func (k People) Link(ctx context.Context, hash []byte) (l soar.ApprovalLink, err error) {
	err = k.room.Read(ctx, "people.Link", func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, `SELECT approval_id, incident_id, person, made_at, expires_at, used_at FROM approval_links WHERE hash = $1`, hash)
		if err != nil {
			return err
		}
		l, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[soar.ApprovalLink])
		l.MadeAt, l.ExpiresAt, l.UsedAt = l.MadeAt.UTC(), l.ExpiresAt.UTC(), utc(l.UsedAt)
		return postgres.Missing("people.Link", err, "link", "of this hash")
	})
	return l, err
}

// LinkUse notes that a link's person has decided with it. The first time stays.
func (k People) LinkUse(ctx context.Context, hash []byte, at time.Time) error {
	return k.room.Write(ctx, "people.LinkUse", "", func(ctx context.Context, t store.Tx) error {
		_, err := t.Exec(ctx, `UPDATE approval_links SET used_at = $2 WHERE hash = $1 AND used_at IS NULL`, hash, at)
		return err
	})
}
