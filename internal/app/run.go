package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tocsin-soar/tocsin/internal/observe/systemd"
)

// drainFor bounds how long a stopping server waits for requests under way.
const drainFor = 10 * time.Second

// Run serves until ctx ends, then stops in order: it says that it is not ready,
// goes on for the stop delay, ends its streams and finishes what is under way, each
// part within ten seconds. Health and metrics are shown until the last. It returns
// nil after an orderly stop.
func (a *App) Run(ctx context.Context) error {
	defer a.close()
	defer a.serveMetrics()()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, parts := errgroup.WithContext(serving)
	a.start(parts, group)
	a.tell(systemd.Ready, systemd.Status("working"))
	go systemd.Watch(parts, os.LookupEnv, func() bool { return true }) // a process that hangs cannot say so
	go func() {
		select {
		case <-parts.Done(): // a part failed
		case <-ctx.Done():
			a.leave(parts)
		}
		stop()
	}()
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// start starts the parts of this process.
func (a *App) start(ctx context.Context, group *errgroup.Group) {
	group.Go(func() error { return a.refresh(ctx) })
	if a.roles.API {
		group.Go(func() error { return a.serve(ctx) })
		group.Go(func() error { a.tellTemporal(ctx); return nil })
		group.Go(func() error { return a.slack.Run(ctx) })
	}
	if a.roles.Outbox {
		for _, dispatcher := range a.outbox {
			group.Go(func() error { dispatcher.Run(ctx); return nil })
		}
		group.Go(func() error { return a.keepHouse(ctx) })
		group.Go(func() error { return a.notify.Run(ctx) })
		group.Go(func() error {
			a.people.Watch(ctx, a.log, func(below int) { a.below.Store(&below) })
			return nil
		})
	}
	if a.roles.Worker {
		group.Go(func() error { return a.work(ctx) })
	}
}

// leave tells everybody that this process goes, and gives them the time to look.
func (a *App) leave(parts context.Context) {
	a.log.InfoContext(parts, "stopping", "delay", a.config.StopDelay)
	a.health.Stop()
	a.tell(systemd.Stopping, systemd.Status("stopping: finishing what is under way"))
	delay := time.NewTimer(a.config.StopDelay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-parts.Done():
	}
}

// tell tells the service manager, if there is one.
func (a *App) tell(states ...string) {
	if err := systemd.Notify(os.LookupEnv, states...); err != nil {
		a.log.Warn("the service manager was not told", "error", err)
	}
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
	if err := a.server.Shutdown(drain); err != nil {
		a.log.WarnContext(ctx, "requests were cut off", "after", drainFor, "error", err)
		return a.server.Close() // whoever waits is told by the closed connection, and asks again
	}
	return nil
}

// serveMetrics serves the second door until the function it gives is called.
func (a *App) serveMetrics() (stop func()) {
	if a.metricsServer == nil {
		return func() {}
	}
	go func() {
		if err := a.metricsServer.Serve(a.metricsListener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			a.log.Error("metrics are not shown any more", "error", err)
		}
	}()
	a.log.Info("metrics and health are shown", "url", a.MetricsURL())
	return func() { a.metricsServer.Close() }
}
