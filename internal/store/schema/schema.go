package schema

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

//go:embed migrations/*.sql roles.sql
var files embed.FS

// Files gives the migrations and the grants, for those who want to read or hash
// what a build would run.
func Files() fs.FS { return files }

// Up runs the migrations that the database does not have yet, each in a
// transaction, and sets the grants. Errors are the driver's, save for a URL that
// cannot be read, which is invalid.
func Up(ctx context.Context, url string) error {
	return withProvider(ctx, url, func(p *goose.Provider, db *sql.DB) error {
		results, err := p.Up(ctx)
		if err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
		for _, r := range results {
			slog.InfoContext(ctx, "migration applied", "file", r.Source.Path, "took", r.Duration)
		}
		return grantRoles(ctx, db)
	})
}

// Down takes the schema back to the given version, 0 for nothing. All data of what
// is taken back is lost.
func Down(ctx context.Context, url string, version int64) error {
	return withProvider(ctx, url, func(p *goose.Provider, _ *sql.DB) error {
		_, err := p.DownTo(ctx, version)
		return err
	})
}

// Migration is one step of the schema: its version, its file, and when the database
// took it, zero when it has not.
type Migration struct {
	Version   int64     `json:"version"`
	File      string    `json:"file"`
	AppliedAt time.Time `json:"applied_at,omitzero"`
}

// Status lists the migrations of this build, in their order.
func Status(ctx context.Context, url string) ([]Migration, error) {
	var list []Migration
	err := withProvider(ctx, url, func(p *goose.Provider, _ *sql.DB) error {
		found, err := p.Status(ctx)
		for _, m := range found {
			list = append(list, Migration{Version: m.Source.Version, File: path.Base(m.Source.Path), AppliedAt: m.AppliedAt})
		}
		return err
	})
	return list, err
}

func withProvider(ctx context.Context, url string, fn func(*goose.Provider, *sql.DB) error) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return soar.Wrap(soar.CodeInvalid, "schema.Up", err, "the database URL cannot be read")
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	return fn(provider, db)
}

func grantRoles(ctx context.Context, db *sql.DB) error {
	grants, err := files.ReadFile("roles.sql")
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, string(grants)); err != nil {
		return fmt.Errorf("roles.sql: %w", err)
	}
	return nil
}

// Latest gives the highest version among the migrations of this build.
func Latest() (int64, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	var latest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		latest = max(latest, version)
	}
	return latest, nil
}
