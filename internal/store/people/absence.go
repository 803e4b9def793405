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

const selectAbsences = `SELECT id, person, delegate, begins_at, ends_at, reason, set_by, revoked_at FROM absences`

func scanAbsence(row pgx.CollectableRow) (soar.Absence, error) {
	var a soar.Absence
	var by []byte
	err := row.Scan(&a.ID, &a.Person, &a.Delegate, &a.From, &a.Until, &a.Reason, &by, &a.RevokedAt)
	if err != nil {
		return a, err
	}
	a.From, a.Until, a.RevokedAt = a.From.UTC(), a.Until.UTC(), utc(a.RevokedAt)
	a.By, err = postgres.Parse[soar.Actor](by)
	return a, err
}

// Absences gives those of one person, all when person is empty, that end after an
// instant, the first to begin first.
func (k People) Absences(ctx context.Context, person string, after time.Time) ([]soar.Absence, error) {
	return list(ctx, k.room, "people.Absences", scanAbsence,
		selectAbsences+` WHERE ($1 = '' OR person = $1) AND ends_at > $2 ORDER BY begins_at, id`, postgres.Clean(person), after)
}

// Represented gives the absences in which somebody is the delegate at an instant.
func (k People) Represented(ctx context.Context, delegate string, at time.Time) ([]soar.Absence, error) {
	return list(ctx, k.room, "people.Represented", scanAbsence,
		selectAbsences+` WHERE delegate = $1 AND delegate <> '' AND begins_at <= $2 AND ends_at > $2 AND (revoked_at IS NULL OR revoked_at > $2) ORDER BY person, id`,
		postgres.Clean(delegate), at)
}

// Absence gives one by its id.
func (k People) Absence(ctx context.Context, id string) (soar.Absence, error) {
	const op = "people.Absence"
	found, err := list(ctx, k.room, op, scanAbsence, selectAbsences+` WHERE id = $1`, postgres.Clean(id))
	if err == nil && len(found) == 0 {
		err = soar.Errorf(soar.CodeNotFound, op, "there is no absence %.80q", id)
	}
	if err != nil {
		return soar.Absence{}, err
	}
	return found[0], nil
}

// AbsenceAdd keeps an absence with the entry of the system's chain.
func (k People) AbsenceAdd(ctx context.Context, a soar.Absence, event record.Payload) error {
	const op = "people.AbsenceAdd"
	by, err := postgres.Document(op, a.By)
	if err != nil {
		return err
	}
	return k.room.Write(ctx, op, "absence "+a.ID, func(ctx context.Context, t store.Tx) error {
		_, err := t.Exec(ctx, `INSERT INTO absences (id, person, delegate, begins_at, ends_at, reason, set_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			a.ID, a.Person, a.Delegate, a.From, a.Until, postgres.Clean(a.Reason), by)
		if err != nil {
			return err
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
}

// AbsenceEnd ends an absence at an instant, with the entry of the system's chain.
// Again is a conflict.
func (k People) AbsenceEnd(ctx context.Context, id string, at time.Time, event record.Payload) error {
	return k.end(ctx, "people.AbsenceEnd", `UPDATE absences SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, id, at, event)
}
