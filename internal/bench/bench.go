package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// bench is one run: the servers, a target, and a folder and databases that go
// with it.
type bench struct {
	options  options
	progress io.Writer
	postgres string // URL of the server, as a superuser
	temporal string // host:port
	dir      string
	target   *target
	round    int // of all scenarios with workflows
	ends     []func() error
}

const endWithin = 30 * time.Second

// open starts the target, and the servers that no option names.
func open(ctx context.Context, o options, progress io.Writer) (*bench, error) {
	b := &bench{options: o, progress: progress, postgres: o.postgres, temporal: o.temporal}
	var err error
	if b.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return nil, err
	}
	b.ends = append(b.ends, func() error { return os.RemoveAll(b.dir) })
	if err := b.startServers(ctx); err != nil {
		return nil, closeWith(err, b.close)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, closeWith(err, b.close)
	}
	b.target = startTarget(listener, rand.Text())
	b.ends = append(b.ends, b.target.http.Close)
	return b, nil
}

// startServers starts a Postgres that keeps what it has committed, as a site's
// does, and a Temporal in memory.
func (b *bench) startServers(ctx context.Context) error {
	if b.postgres == "" {
		started, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{Dir: filepath.Join(b.dir, "postgres"), Progress: b.progress})
		if err != nil {
			return err
		}
		b.postgres = started.URL()
		b.ends = append(b.ends, func() error { return stopped(ctx, started.Stop) })
	}
	if b.temporal == "" {
		started, err := devstack.StartTemporal(ctx, devstack.TemporalOptions{Progress: b.progress})
		if err != nil {
			return err
		}
		b.temporal = started.Address()
		b.ends = append(b.ends, func() error { return stopped(ctx, started.Stop) })
	}
	return nil
}

func stopped(ctx context.Context, stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	return stop(ctx)
}

// close ends all that this run has started, the last first.
func (b *bench) close() error {
	var problems []error
	for i := len(b.ends) - 1; i >= 0; i-- {
		problems = append(problems, b.ends[i]())
	}
	b.ends = nil
	return errors.Join(problems...)
}

func (b *bench) say(format string, values ...any) { fmt.Fprintf(b.progress, format+"\n", values...) }

// database makes a database of its own for one scenario and gives its URL and a
// pool that is not the product's.
func (b *bench) database(ctx context.Context) (string, *pgxpool.Pool, error) {
	name := "tocsin_bench_" + strings.ToLower(rand.Text()[:12])
	if err := b.exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database: %w", err)
	}
	b.ends = append(b.ends, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		return b.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	address, err := url.Parse(b.postgres)
	if err != nil {
		return "", nil, errors.New("the address of Postgres is no URL")
	}
	address.Path = "/" + name
	config, err := pgxpool.ParseConfig(address.String())
	if err != nil {
		return "", nil, errors.New("the address of Postgres cannot be read")
	}
	config.MaxConns = int32(max(b.options.senders, 16)) //nolint:gosec // a small number of connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return "", nil, fmt.Errorf("connect to Postgres: %w", err)
	}
	b.ends = append(b.ends, func() error { pool.Close(); return nil })
	return address.String(), pool, nil
}

func (b *bench) exec(ctx context.Context, query string) error {
	conn, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, query)
	return err
}

// config is the product's configuration on one database: the mail system of the
// lab's kind, at the target.
func (b *bench) config(ctx context.Context, databaseURL string) (*app.Config, error) {
	config, faults := app.LoadConfig("", func(name string) (string, bool) {
		value, ok := map[string]string{
			app.EnvName("database_url"):           databaseURL,
			app.EnvName("temporal_address"):       b.temporal,
			app.EnvName("temporal_task_queue"):    "bench-" + rand.Text(),
			app.EnvName("listen"):                 "127.0.0.1:0",
			app.EnvName("data_dir"):               b.dir,
			app.EnvName("load_shipped_playbooks"): "false",
		}[name]
		return value, ok
	})
	if faults.HasErrors() {
		return nil, fmt.Errorf("configuration: %s", faults[0].Message)
	}
	config.Connectors["mail"] = app.ConnectorConfig{
		Use: "lab_mail", Settings: map[string]string{"base_url": b.target.url},
		Secrets: map[string]secret.String{"token": secret.New(b.target.token)},
	}
	config.Limits = limits()
	return config, app.Migrate(ctx, config)
}

// limits are wide: a benchmark does more in a minute than a site would in a month.
// They are counted all the same.
func limits() []guard.Limit {
	return []guard.Limit{{Risk: soar.RiskChange, PerIncident: 1 << 20, PerHour: 1 << 20}}
}

func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
