package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

const maxConnections = 1000

// Limits bound a pool.
type Limits struct {
	Connections int
	Deadline    time.Duration // of one statement, and of connecting
}

// Open makes a pool. Every statement on it ends within the deadline, also when
// this process is gone; times come back in UTC. No connection is made yet. The
// tracer may be nil.
func Open(ctx context.Context, url string, limits Limits, tracer pgx.QueryTracer) (*pgxpool.Pool, error) {
	const op = "store.Open"
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, soar.Wrap(soar.CodeInvalid, op, err, "the database URL cannot be read")
	}
	config.MaxConns = int32(min(limits.Connections, maxConnections))
	config.MaxConnIdleTime = 5 * time.Minute
	config.ConnConfig.ConnectTimeout = limits.Deadline
	config.ConnConfig.Tracer = tracer
	millis := strconv.FormatInt(limits.Deadline.Milliseconds(), 10)
	for name, value := range map[string]string{
		"application_name": "tocsin", "statement_timeout": millis, "lock_timeout": millis,
		"idle_in_transaction_session_timeout": "10000", "timezone": "UTC",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return pool, Translate(op, err)
}
