package store

import (
	"context"
	"io/fs"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/schema"
)

// Migrate brings the database to this build's schema and sets the grants of the
// role tocsin_app. Processes that start together take turns: one migrates, the
// others wait and find nothing to do.
func Migrate(ctx context.Context, url string) error {
	return postgres.Translate("store.Migrate", schema.Up(ctx, url))
}

// MigrateDown takes the schema back to the given version, 0 for nothing. All data
// of what is taken back is lost.
func MigrateDown(ctx context.Context, url string, version int64) error {
	return postgres.Translate("store.MigrateDown", schema.Down(ctx, url, version))
}

// MigrationStatus lists the migrations of this build and when the database took each.
func MigrationStatus(ctx context.Context, url string) ([]schema.Migration, error) {
	list, err := schema.Status(ctx, url)
	return list, postgres.Translate("store.MigrationStatus", err)
}

// SchemaFiles gives the migrations and the grants of this build.
func SchemaFiles() fs.FS { return schema.Files() }

// CheckSchema tells whether the database has the schema that this build needs, or
// a newer one; an older one is a conflict.
func (s *Store) CheckSchema(ctx context.Context) error {
	const op = "store.CheckSchema"
	want, err := schema.Latest()
	if err != nil {
		return soar.Wrap(soar.CodeInternal, op, err, "the migrations in this build cannot be read")
	}
	var have int64
	err = s.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&have)
	if postgres.IsUndefinedTable(err) {
		have, err = 0, nil
	}
	if err != nil {
		return postgres.Translate(op, err)
	}
	if have < want {
		return soar.Errorf(soar.CodeConflict, op, "the database has schema version %d, this build needs %d: run tocsin migrate", have, want)
	}
	return nil
}
