package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// endWithin bounds how long it takes to stop what was started.
const endWithin = 30 * time.Second

// product is Tocsin in this process, on a database of its own: the doors and what
// decides which alerts are incidents. Nothing is carried out: there is no worker.
type product struct {
	url      string
	database string
	app      *app.App
	http     *http.Client
	lead     *client.Client
	tokens   map[string]string // by source
	ends     []func() error
}

func start(ctx context.Context, o options) (p *product, err error) {
	p = &product{http: &http.Client{Timeout: time.Minute}, tokens: map[string]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := p.makeDatabase(ctx, o.postgres); err != nil {
		return p, err
	}
	if err := p.serve(ctx, o.temporal); err != nil {
		return p, err
	}
	issued, err := p.app.Tokens().Issue(ctx, soar.System("show-doors"), access.TokenRequest{
		Name: "lead", Person: "lead@doors.invalid", Roles: []soar.Role{soar.RoleSOCLead, soar.RoleAnalyst},
	})
	if err != nil {
		return p, err
	}
	p.lead, err = client.New(client.Config{URL: p.url, Token: issued.Text.Reveal()})
	return p, err
}

func (p *product) makeDatabase(ctx context.Context, server string) error {
	name := "tocsin_doors_" + strings.ToLower(rand.Text()[:12])
	if err := execute(ctx, server, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	p.ends = append(p.ends, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer cancel()
		return execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	address, err := url.Parse(server)
	if err != nil {
		return errors.New("the address of Postgres is no URL")
	}
	address.Path = "/" + name
	p.database = address.String()
	return nil
}

func execute(ctx context.Context, server, query string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, query)
	return err
}

func (p *product) serve(ctx context.Context, temporal string) error {
	dir, err := os.MkdirTemp("", "tocsin-doors-")
	if err != nil {
		return err
	}
	p.ends = append(p.ends, func() error { return os.RemoveAll(dir) })
	config, faults := app.LoadConfig("", func(name string) (string, bool) {
		value, ok := map[string]string{
			app.EnvName("database_url"):           p.database,
			app.EnvName("temporal_address"):       temporal,
			app.EnvName("temporal_task_queue"):    "doors-" + rand.Text(),
			app.EnvName("listen"):                 "127.0.0.1:0",
			app.EnvName("data_dir"):               dir,
			app.EnvName("load_shipped_playbooks"): "false",
		}[name]
		return value, ok
	})
	if faults.HasErrors() {
		return fmt.Errorf("configuration: %s", faults[0].Message)
	}
	if err := app.Migrate(ctx, config); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if p.app, err = app.New(ctx, config, log, app.Roles{API: true, Outbox: true}); err != nil {
		return err
	}
	p.url = p.app.URL()
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- p.app.Run(running) }()
	p.ends = append(p.ends, func() error { cancel(); return <-ended })
	return p.app.WaitReady(ctx)
}

// close ends all that was started, the last first.
func (p *product) close() error {
	var problems []error
	for i := len(p.ends) - 1; i >= 0; i-- {
		problems = append(problems, p.ends[i]())
	}
	p.ends = nil
	return errors.Join(problems...)
}

// tool gives a token of a detection tool that may send for the source.
func (p *product) tool(ctx context.Context, source string) (string, error) {
	if token, ok := p.tokens[source]; ok {
		return token, nil
	}
	issued, err := p.app.Tokens().Issue(ctx, soar.System("show-doors"), access.TokenRequest{Name: source, Source: source})
	if err != nil {
		return "", fmt.Errorf("token for %s: %w", source, err)
	}
	p.tokens[source] = issued.Text.Reveal()
	return p.tokens[source], nil
}

// settle waits until every alert has been looked at.
func (p *product) settle(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.database)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		var waiting, parked int
		query := "SELECT count(*) FILTER (WHERE done_at IS NULL AND parked_at IS NULL), count(*) FILTER (WHERE parked_at IS NOT NULL) FROM outbox WHERE kind = $1"
		if err := conn.QueryRow(ctx, query, soar.OutboxAlertDispatch).Scan(&waiting, &parked); err != nil {
			return fmt.Errorf("wait for %d alerts to be looked at: %w", waiting, err)
		}
		if parked > 0 {
			return fmt.Errorf("%d alerts could not be dispatched", parked)
		}
		if waiting == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d alerts have not been looked at in time", waiting)
		case <-tick.C:
		}
	}
}
