package people

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
)

const selectQualifications = `SELECT id, person, class, source, title, valid_from, valid_until, recorded_by, recorded_at, revoked_at FROM qualifications`

func scanQualification(row pgx.CollectableRow) (soar.Qualification, error) {
	var q soar.Qualification
	var by []byte
	err := row.Scan(&q.ID, &q.Person, &q.Class, &q.Source, &q.Title, &q.ValidFrom, &q.ValidUntil, &by, &q.RecordedAt, &q.RevokedAt)
	if err != nil {
		return q, err
	}
	q.ValidFrom, q.ValidUntil, q.RecordedAt, q.RevokedAt = q.ValidFrom.UTC(), q.ValidUntil.UTC(), q.RecordedAt.UTC(), utc(q.RevokedAt)
	q.RecordedBy, err = postgres.Parse[soar.Actor](by)
	return q, err
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	in := at.UTC()
	return &in
}

// Qualifications gives those of one person, all when person is empty, also those
// that have ended: sorted by person, class and begin.
func (k People) Qualifications(ctx context.Context, person string) ([]soar.Qualification, error) {
	return list(ctx, k.room, "people.Qualifications", scanQualification,
		selectQualifications+` WHERE $1 = '' OR person = $1 ORDER BY person, class, valid_from, id`, postgres.Clean(person))
}

// Qualification gives one by its id.
func (k People) Qualification(ctx context.Context, id string) (soar.Qualification, error) {
	const op = "people.Qualification"
	found, err := list(ctx, k.room, op, scanQualification, selectQualifications+` WHERE id = $1`, postgres.Clean(id))
	if err == nil && len(found) == 0 {
		err = soar.Errorf(soar.CodeNotFound, op, "there is no qualification %.80q", id)
	}
	if err != nil {
		return soar.Qualification{}, err
	}
	return found[0], nil
}

// QualificationAdd keeps a qualification with the entry of the system's chain.
func (k People) QualificationAdd(ctx context.Context, q soar.Qualification, event record.Payload) error {
	const op = "people.QualificationAdd"
	by, err := postgres.Document(op, q.RecordedBy)
	if err != nil {
		return err
	}
	return k.room.Write(ctx, op, "qualification "+q.ID, func(ctx context.Context, t store.Tx) error {
		_, err := t.Exec(ctx, `INSERT INTO qualifications (id, person, class, source, title, valid_from, valid_until, recorded_by, recorded_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			q.ID, q.Person, q.Class, q.Source, postgres.Clean(q.Title), q.ValidFrom, q.ValidUntil, by, q.RecordedAt)
		if err != nil {
			return err
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
}

// QualificationRevoke ends a qualification at an instant, with the entry of the
// system's chain. Again is a conflict.
func (k People) QualificationRevoke(ctx context.Context, id string, at time.Time, event record.Payload) error {
	return k.end(ctx, "people.QualificationRevoke", `UPDATE qualifications SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, at, event)
}

// end sets revoked_at once.
func (k People) end(ctx context.Context, op, query, id string, at time.Time, event record.Payload) error {
	return k.room.Write(ctx, op, "", func(ctx context.Context, t store.Tx) error {
		tag, err := t.Exec(ctx, query, id, at)
		if err == nil && tag.RowsAffected() == 0 {
			return soar.Errorf(soar.CodeConflict, op, "%.80q was ended before", id)
		}
		if err != nil {
			return err
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
}
