package app

import (
	"context"
	"path/filepath"
	"time"

	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

const (
	mostSkew     = 2 * time.Second  // between us and the database; more misleads in the record
	outboxSilent = 90 * time.Second // longer than any handler may hold the loop
	askSeldom    = 10 * time.Second // for checks that cost something
)

// checks are what this process needs. Where it serves the API, only what taking
// alerts in needs is vital: with Temporal away they are kept, and the answer says
// degraded.
func (a *App) checks() []health.Check {
	alone := !a.roles.API
	checks := []health.Check{
		{Name: "database", Vital: true, Run: a.checkDatabase},
		{Name: "clock", Every: askSeldom, Run: a.checkClock},
		{Name: "temporal", Vital: alone, Run: a.temporal.HealthCheck},
		{Name: "disk", Vital: alone, Every: askSeldom, Run: a.checkDisk},
	}
	if a.roles.Outbox {
		checks = append(checks, health.Check{Name: "outbox", Run: a.checkOutbox})
	}
	if a.roles.Worker {
		checks = append(checks, health.Check{Name: "worker", Vital: alone, Run: a.checkWorker})
	}
	return checks
}

// checkDatabase also asks for the schema: somebody may have taken it back.
func (a *App) checkDatabase(ctx context.Context) error {
	if err := a.store.HealthCheck(ctx); err != nil {
		return err
	}
	return a.store.CheckSchema(ctx)
}

func (a *App) checkClock(ctx context.Context) error {
	server, err := a.store.ServerGet(ctx)
	if err != nil {
		return err
	}
	return clockFault(server)
}

func clockFault(server store.Server) error {
	if skew := server.Skew.Abs(); skew > mostSkew {
		return soar.Errorf(soar.CodeConflict, "app.clock", "this machine's clock and the database's differ by %s, at most %s is fine: synchronise both with NTP", skew.Round(time.Millisecond), mostSkew)
	}
	return nil
}

func (a *App) checkDisk(context.Context) error {
	if err := health.WriteProbe(a.evidenceDir()); err != nil {
		return soar.Wrap(soar.CodeUnavailable, "app.disk", err, "the evidence folder cannot be written")
	}
	return nil
}

func (a *App) evidenceDir() string { return filepath.Join(a.config.DataDir, "evidence") }

func (a *App) checkOutbox(context.Context) error {
	for _, dispatcher := range a.outbox {
		last := dispatcher.LastClaim()
		if last.IsZero() {
			return soar.Errorf(soar.CodeUnavailable, "app.outbox", "the outbox has not begun")
		}
		if silent := time.Since(last); silent > outboxSilent {
			return soar.Errorf(soar.CodeUnavailable, "app.outbox", "the outbox last looked for work %s ago", silent.Round(time.Second))
		}
	}
	return nil
}

func (a *App) checkWorker(ctx context.Context) error {
	if !a.working.Load() {
		return soar.Errorf(soar.CodeUnavailable, "app.worker", "the worker has not started: it waits for Temporal")
	}
	return a.temporal.CheckPolling(ctx)
}
