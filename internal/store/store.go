package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/blob"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// DefaultDeadline bounds one store method: a database that hangs must not hold a
// request or a pool connection longer.
const DefaultDeadline = 3 * time.Second

// Options of Open. The zero value works, save for evidence, which needs BlobDir.
type Options struct {
	BlobDir  string          // where evidence bytes lie; empty: evidence methods say unavailable
	MaxConns int             // pool size; 0: 20
	Deadline time.Duration   // of one method; 0: DefaultDeadline
	Random   io.Reader       // salts of the record; nil: crypto/rand
	Tracer   pgx.QueryTracer // nil: queries have no spans
	Logger   *slog.Logger    // nil: slog.Default
}

// Store is the database and the evidence files. It is safe for many goroutines.
type Store struct {
	pool     *pgxpool.Pool
	queries  *sqlcgen.Queries
	blobs    *blob.Dir
	added    *postgres.Announcer // tells listeners of new outbox items
	random   io.Reader
	deadline time.Duration
	log      *slog.Logger
}

// Open connects to a database that Migrate has brought up to date. A database
// that cannot be reached is unavailable; one with an older schema is a conflict.
// A newer schema is accepted, so that versions can be rolled out one by one.
func Open(ctx context.Context, url string, options Options) (*Store, error) {
	const op = "store.Open"
	options = options.withDefaults()
	s := &Store{random: options.Random, deadline: options.Deadline, log: options.Logger}
	var err error
	if options.BlobDir != "" {
		if s.blobs, err = blob.Open(options.BlobDir); err != nil {
			return nil, soar.Wrap(soar.CodeUnavailable, op, err, "the evidence folder cannot be used")
		}
	}
	if s.pool, err = postgres.Open(ctx, url, postgres.Limits{Connections: options.MaxConns, Deadline: options.Deadline}, options.Tracer); err != nil {
		return nil, err
	}
	s.queries = sqlcgen.New(s.pool)
	if err := s.CheckSchema(ctx); err != nil {
		s.pool.Close()
		return nil, err
	}
	s.added = postgres.NewAnnouncer(s.pool, outboxChannel, s.deadline, s.log)
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = 20
	}
	if o.Deadline <= 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Close waits for connections in use and closes them all.
func (s *Store) Close() {
	s.added.Stop()
	s.pool.Close()
}

// HealthCheck asks the database for a sign of life and whether it takes writes:
// a standby answers reads, but nothing could be recorded.
func (s *Store) HealthCheck(ctx context.Context) error {
	const op = "store.HealthCheck"
	return s.read(ctx, op, func(ctx context.Context) error {
		var standby bool
		if err := s.pool.QueryRow(ctx, `SELECT pg_is_in_recovery()`).Scan(&standby); err != nil {
			return err
		}
		if standby {
			return soar.Errorf(soar.CodeUnavailable, op, "the database is a standby and takes no writes")
		}
		return nil
	})
}

// PoolStats says how many connections are open, how many are in use, and how many
// there may be.
func (s *Store) PoolStats() (open, inUse, most int) {
	stat := s.pool.Stat()
	return int(stat.TotalConns()), int(stat.AcquiredConns()), int(stat.MaxConns())
}

// String keeps the URL with its password out of logs.
func (s *Store) String() string {
	c := s.pool.Config().ConnConfig
	return fmt.Sprintf("postgres %s:%d/%s", c.Host, c.Port, c.Database)
}
