package people

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

// People is the directory.
type People struct{ room store.Room }

// New gives the directory in this database.
func New(s *store.Store) People { return People{s.Room()} }

// Note adds an entry to the system's chain.
func (k People) Note(ctx context.Context, event record.Payload) error {
	return k.room.Record(ctx, record.ChainSystem, event)
}

const selectPeople = `SELECT p.id, p.name, p.email, p.zone, p.active, p.updated_at,
	coalesce((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'since', g.since) ORDER BY g.role)
		FROM role_grants g WHERE g.person = p.id AND g.ended_at IS NULL), '[]')
	FROM people p`

func scanPerson(row pgx.CollectableRow) (soar.Person, error) {
	var p soar.Person
	var roles []byte
	err := row.Scan(&p.ID, &p.Name, &p.Email, &p.Zone, &p.Active, &p.UpdatedAt, &roles)
	if err != nil {
		return p, err
	}
	p.UpdatedAt = p.UpdatedAt.UTC()
	p.Roles, err = postgres.Parse[[]soar.RoleGrant](roles)
	for i := range p.Roles {
		p.Roles[i].Since = p.Roles[i].Since.UTC()
	}
	return p, err
}

// Person gives one person; not_found when the directory has no such row.
func (k People) Person(ctx context.Context, id string) (person soar.Person, err error) {
	const op = "people.Person"
	err = k.room.Read(ctx, op, func(ctx context.Context, db *pgxpool.Pool) error {
		person, err = one(ctx, db, op, id)
		return err
	})
	return person, err
}

type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

func one(ctx context.Context, db querier, op, id string) (soar.Person, error) {
	rows, err := db.Query(ctx, selectPeople+` WHERE p.id = $1`, postgres.Clean(id))
	if err != nil {
		return soar.Person{}, err
	}
	person, err := pgx.CollectExactlyOneRow(rows, scanPerson)
	return person, postgres.Missing(op, err, "person", id)
}

// People gives the whole directory, sorted by id.
func (k People) People(ctx context.Context) ([]soar.Person, error) {
	return list(ctx, k.room, "people.People", scanPerson, selectPeople+` ORDER BY p.id`)
}

// list reads rows; never nil.
func list[T any](ctx context.Context, room store.Room, op string, scan pgx.RowToFunc[T], query string, args ...any) (out []T, err error) {
	err = room.Read(ctx, op, func(ctx context.Context, db *pgxpool.Pool) error {
		rows, err := db.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scan)
		return err
	})
	return out, err
}

// Save writes a person as he is now, with the entry of the system's chain. before
// is when the directory's row was changed last, zero when there is none: anything
// else is a conflict. A role that stays keeps its since, whatever after says. Who is no
// longer active
// holds no token from then on.
func (k People) Save(ctx context.Context, before time.Time, after soar.Person, event record.Payload) (saved soar.Person, err error) {
	const op = "people.Save"
	err = k.room.Write(ctx, op, "person "+after.ID, func(ctx context.Context, t store.Tx) error {
		if err := write(ctx, t, op, before, after); err != nil {
			return err
		}
		if err := grant(ctx, t, after); err != nil {
			return err
		}
		if !after.Active {
			if _, err := t.Exec(ctx, `UPDATE tokens SET revoked_at = now()
				WHERE actor->>'kind' = 'person' AND actor->>'id' = $1 AND revoked_at IS NULL`, after.ID); err != nil {
				return err
			}
		}
		if saved, err = one(ctx, t, op, after.ID); err != nil {
			return err
		}
		return t.Record(ctx, record.ChainSystem, event)
	})
	return saved, err
}

func write(ctx context.Context, t store.Tx, op string, before time.Time, p soar.Person) error {
	args := []any{p.ID, p.Name, p.Email, p.Zone, p.Active, p.UpdatedAt}
	query := `INSERT INTO people (id, name, email, zone, active, updated_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`
	if !before.IsZero() {
		query = `UPDATE people SET name = $2, email = $3, zone = $4, active = $5, updated_at = greatest($6, updated_at + interval '1 microsecond') WHERE id = $1 AND updated_at = $7`
		args = append(args, before)
	}
	tag, err := t.Exec(ctx, query, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return soar.Errorf(soar.CodeConflict, op, "%.80q was changed in the meantime: look again", p.ID)
	}
	return err
}

// grant makes the roles held those of the person. A role that is held already
// keeps its since.
func grant(ctx context.Context, t store.Tx, p soar.Person) error {
	roles := make([]string, len(p.Roles))
	for i, held := range p.Roles {
		roles[i] = string(held.Role)
	}
	if _, err := t.Exec(ctx, `UPDATE role_grants SET ended_at = $3 WHERE person = $1 AND ended_at IS NULL AND NOT role = ANY($2)`, p.ID, roles, p.UpdatedAt); err != nil {
		return err
	}
	for _, held := range p.Roles {
		if _, err := t.Exec(ctx, `INSERT INTO role_grants (person, role, since) VALUES ($1, $2, $3)
			ON CONFLICT (person, role) WHERE ended_at IS NULL DO NOTHING`, p.ID, string(held.Role), held.Since); err != nil {
			return err
		}
	}
	return nil
}
