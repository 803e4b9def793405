package app

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/observe/tracing"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/figures"
)

// initTracing starts sending traces, when the environment says where to.
func (a *App) initTracing(ctx context.Context) error {
	started, err := tracing.Start(ctx, os.LookupEnv, observe.Version())
	a.tracing = started
	return err
}

// initMetrics makes the metrics. The connectors must be open: their actions are
// the values of labels.
func (a *App) initMetrics(context.Context) error {
	options := metrics.Options{Version: observe.Version(), Connectors: a.registry.Names(), Gauges: a.gauges}
	for _, name := range a.registry.Names() {
		_, described, _ := a.registry.Find(name)
		for _, action := range described.Actions {
			options.Actions = append(options.Actions, name+"."+action.Name)
		}
	}
	if a.roles.Outbox { // one kind of process shows what is in the database
		options.Figures = func() (soar.Figures, error) { return figures.Read(context.Background(), a.store.Room()) } // the store bounds it
	}
	made, err := metrics.New(options)
	a.metrics = made
	return err
}

// initHealth collects the checks, once all that they ask is there.
func (a *App) initHealth(context.Context) error {
	a.health = health.New(time.Now, a.checks()...)
	return nil
}

// initMetricsListener takes the port of the second door, which is for machines
// that watch: metrics, and health for a process without an API.
func (a *App) initMetricsListener(ctx context.Context) error {
	if a.config.MetricsListen == "" {
		return nil
	}
	var listen net.ListenConfig
	var err error
	if a.metricsListener, err = listen.Listen(ctx, "tcp", a.config.MetricsListen); err != nil {
		return fmt.Errorf("metrics cannot listen on %s: %w", a.config.MetricsListen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	mux.Handle("/", a.health.Handler(observe.Version()))
	a.metricsServer = api.NewServer(a.config.MetricsListen, mux, a.log)
	return nil
}

// MetricsURL is where metrics are shown; "" when they are not.
func (a *App) MetricsURL() string {
	if a.metricsListener == nil {
		return ""
	}
	return "http://" + a.metricsListener.Addr().String()
}

// gauges is read at every scrape.
func (a *App) gauges() metrics.Gauges {
	report := a.health.Ask(context.Background()) // bounded by itself
	now := metrics.Gauges{Ready: report.Ready(), Checks: map[string]bool{}, CheckpointsSigned: a.roles.Outbox, ClassesBelow: a.below.Load()}
	for _, result := range report.Checks {
		now.Checks[result.Name] = result.OK
	}
	now.DatabaseOpen, now.DatabaseInUse, now.DatabaseMost = a.store.PoolStats()
	now.Slack = a.slack.Gauges(context.Background()) // bounded by itself
	if at := a.signedAt.Load(); at != nil {
		now.CheckpointAt = *at
	}
	return now
}

// about gives what the checks say, for a line of the log.
func about(report health.Report) string {
	bad := map[string]string{}
	for _, result := range report.Checks {
		if !result.OK {
			bad[result.Name] = result.Message
		}
	}
	text := report.Status
	for _, name := range slices.Sorted(maps.Keys(bad)) {
		text += "; " + name + ": " + bad[name]
	}
	return text
}
