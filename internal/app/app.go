package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/library"
	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/temporalclient"
)

// Roles say which parts of the product this process carries.
type Roles struct {
	API    bool // the HTTP door
	Outbox bool // hands committed work to Temporal and to people
	Worker bool // carries out workflows and activities
}

// Everything is all roles in one process.
func Everything() Roles { return Roles{API: true, Outbox: true, Worker: true} }

// App is the process.
type App struct {
	config    *Config
	log       *slog.Logger
	roles     Roles
	store     *store.Store
	temporal  *temporalclient.Client
	policy    *policy.Policy
	registry  *connector.Registry
	tokens    *access.Tokens
	library   *library.Service
	intake    *intake.Service
	incidents *incidents.Service
	outbox    []*outbox.Dispatcher
	listener  net.Listener
	server    *http.Server
	closing   chan struct{} // ends open streams
}

// drainFor bounds how long a stopping server waits for requests under way.
const drainFor = 10 * time.Second

// New connects the parts. PostgreSQL must answer and be migrated; Temporal may be
// away.
func New(ctx context.Context, config *Config, log *slog.Logger, roles Roles) (*App, error) {
	a := &App{config: config, log: log, roles: roles, closing: make(chan struct{})}
	for _, step := range []func(context.Context) error{
		a.initPolicy, a.initStore, a.initTemporal, a.initConnectors, a.initUseCases, a.initOutbox, a.initHTTP,
	} {
		if err := step(ctx); err != nil {
			a.close()
			return nil, err
		}
	}
	return a, nil
}

// Run serves until ctx ends, then stops in order. It returns nil after an orderly
// stop.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.refresh(ctx) })
	if a.roles.API {
		group.Go(func() error { return a.serve(ctx) })
		group.Go(func() error { a.tellTemporal(ctx); return nil })
	}
	if a.roles.Outbox {
		for _, dispatcher := range a.outbox {
			group.Go(func() error { dispatcher.Run(ctx); return nil })
		}
		group.Go(func() error { return a.keepHouse(ctx) })
	}
	if a.roles.Worker {
		group.Go(func() error { return a.work(ctx) })
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// URL is where the API can be reached on this machine.
func (a *App) URL() string { return a.config.scheme() + "://" + a.listener.Addr().String() }

// Tokens gives the use case that makes the first tokens of an installation.
func (a *App) Tokens() *access.Tokens { return a.tokens }

// Plan gives the plan that an incident has pinned, as the worker reads it.
func (a *App) Plan(digest string) (*plan.Plan, error) { return a.library.PlanByDigest(digest) }

// WaitReady waits until the API answers that all it needs is there.
func (a *App) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := a.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready after a minute: %w", err)
		case <-tick.C:
		}
	}
}

func (a *App) ready(ctx context.Context) error {
	for _, check := range a.checks() {
		if err := check.Run(ctx); err != nil {
			return fmt.Errorf("%s: %w", check.Name, err)
		}
	}
	return nil
}

func (a *App) serve(ctx context.Context) error {
	stopped := make(chan error, 1)
	go func() {
		if a.server.TLSConfig != nil {
			stopped <- a.server.ServeTLS(a.listener, "", "")
			return
		}
		stopped <- a.server.Serve(a.listener)
	}()
	a.log.InfoContext(ctx, "the API listens", "url", a.URL())
	select {
	case err := <-stopped:
		return fmt.Errorf("the API stopped: %w", err)
	case <-ctx.Done():
	}
	close(a.closing)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	return a.server.Shutdown(drain)
}

func (a *App) close() {
	if a.listener != nil {
		a.listener.Close()
	}
	if a.temporal != nil {
		a.temporal.Close()
	}
	if a.store != nil {
		a.store.Close()
	}
}
