package oncall

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

// Overrides are those of all rosters.
type Overrides struct{ room store.Room }

// New gives the overrides in this database.
func New(s *store.Store) Overrides { return Overrides{s.Room()} }

const selectOverrides = `SELECT id, roster, person, begins_at, ends_at, reason, set_by, set_at, revoked_at FROM oncall_overrides`

func scan(row pgx.CollectableRow) (soar.RosterOverride, error) {
	var o soar.RosterOverride
	var by []byte
	err := row.Scan(&o.ID, &o.Roster, &o.Person, &o.From, &o.Until, &o.Reason, &by, &o.At, &o.RevokedAt)
	if err != nil {
		return o, err
	}
	o.From, o.Until, o.At = o.From.UTC(), o.Until.UTC(), o.At.UTC()
	if o.RevokedAt != nil {
		utc := o.RevokedAt.UTC()
		o.RevokedAt = &utc
	}
	o.By, err = postgres.Parse[soar.Actor](by)
	return o, err
}

// Overrides gives those of a roster, of all when it is empty, that end after an
// instant and were not taken back, the first to begin first.
func (k Overrides) Overrides(ctx context.Context, roster string, after time.Time) (out []soar.RosterOverride, err error) {
	err = k.room.Read(ctx, "oncall.Overrides", func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, selectOverrides+` WHERE ($1 = '' OR roster = $1) AND ends_at > $2 AND revoked_at IS NULL ORDER BY begins_at, id`, postgres.Clean(roster), after)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scan)
		return err
	})
	return out, err
}

// Override gives one by its id; not_found when there is none.
func (k Overrides) Override(ctx context.Context, id string) (o soar.RosterOverride, err error) {
	const op = "oncall.Override"
	err = k.room.Read(ctx, op, func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, selectOverrides+` WHERE id = $1`, postgres.Clean(id))
		if err != nil {
			return err
		}
		o, err = pgx.CollectExactlyOneRow(rows, scan)
		return postgres.Missing(op, err, "override", id)
	})
	return o, err
}

// OverrideAdd keeps an override with the entry of the system's chain.
func (k Overrides) OverrideAdd(ctx context.Context, o soar.RosterOverride, event record.Payload) error {
	const op = "oncall.OverrideAdd"
	by, err := postgres.Document(op, o.By)
	if err != nil {
		return err
	}
	return k.room.Write(ctx, op, "override "+o.ID, func(ctx context.Context, t store.Tx) error {
		_, err := t.Exec(ctx, `INSERT INTO oncall_overrides (id, roster, person, begins_at, ends_at, reason, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			o.ID, postgres.Clean(o.Roster), postgres.Clean(o.Person), o.From, o.Until, postgres.Clean(o.Reason), by, o.At)
		if err != nil {
			return err
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
}

// OverrideEnd takes an override back, with the entry of the system's chain. Again is
// a conflict.
func (k Overrides) OverrideEnd(ctx context.Context, id string, at time.Time, event record.Payload) error {
	const op = "oncall.OverrideEnd"
	return k.room.Write(ctx, op, "", func(ctx context.Context, t store.Tx) error {
		tag, err := t.Exec(ctx, `UPDATE oncall_overrides SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, postgres.Clean(id), at)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return soar.Errorf(soar.CodeConflict, op, "override %.80q was taken back already", id)
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
}
