package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/intake/hook"
	"github.com/tocsin-soar/tocsin/internal/library"
	"github.com/tocsin-soar/tocsin/internal/notify"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/observe/tracing"
	"github.com/tocsin-soar/tocsin/internal/oncall/desk"
	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/temporalclient"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
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
	codec     *codec.Codec // nil: payloads are not encrypted
	temporal  *temporalclient.Client
	policy    *policy.Policy
	duties    *duty.Library
	registry  *connector.Registry
	tokens    *access.Tokens
	library   *library.Service
	intake    *intake.Service
	hooks     *hook.Verifier
	holders   *access.TokenCache
	people    *people.Service
	oncall    *desk.Service
	links     *link.Links
	incidents *incidents.Service
	slack     *slackroom.Room
	letters   *letter.Templates
	notify    *notify.Service
	outbox    []*outbox.Dispatcher
	listener  net.Listener
	server    *http.Server
	closing   chan struct{} // ends open streams

	tracing         *tracing.Tracing
	metrics         *metrics.Metrics
	health          *health.Health
	metricsListener net.Listener
	metricsServer   *http.Server
	working         atomic.Bool               // the worker has started
	signedAt        atomic.Pointer[time.Time] // when all heads of the record were last signed
	below           atomic.Pointer[int]       // classes that too few people may decide
}

// New connects the parts. PostgreSQL must answer and be migrated; Temporal may be
// away.
func New(ctx context.Context, config *Config, log *slog.Logger, roles Roles) (*App, error) {
	a := &App{config: config, log: log, roles: roles, closing: make(chan struct{})}
	for _, step := range []func(context.Context) error{
		a.initPolicy, a.initTracing, a.initStore, a.initEncryption, a.initConnectors, a.initMetrics, a.initTemporal, a.initUseCases, a.initOutbox,
		a.initHealth, a.initHTTP, a.initMetricsListener,
	} {
		if err := step(ctx); err != nil {
			a.close()
			return nil, err
		}
	}
	return a, nil
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
	if report := a.health.Ask(ctx); report.Status != health.OK {
		return errors.New(about(report))
	}
	return nil
}

func (a *App) close() {
	for _, listener := range []net.Listener{a.listener, a.metricsListener} {
		if listener != nil {
			listener.Close()
		}
	}
	if a.temporal != nil {
		a.temporal.Close()
	}
	if a.store != nil {
		a.store.Close()
	}
	if err := a.tracing.Stop(context.Background()); err != nil {
		a.log.Warn("the last traces were not sent", "error", err)
	}
}
