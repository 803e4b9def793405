package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/activities"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/library"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/workflows"
)

// programs is how many compiled expressions a worker keeps: about 10 KiB each.
const programs = 4096

// work carries out workflows and activities until ctx ends. Temporal may be away
// when it starts; it waits.
func (a *App) work(ctx context.Context) error {
	if err := a.awaitTemporal(ctx); err != nil {
		return err
	}
	cache := expression.NewCache(programs)
	worker := a.temporal.NewWorker()
	a.workflows(cache).Register(worker)
	activities.New(activities.Deps{
		Connectors:       a.counted(),
		Store:            guarded{a.store, a.policy.Protected, &firstActions{store: a.store, metrics: a.metrics, log: a.log, seen: map[string]bool{}}},
		Playbooks:        chooser{a.intake, a.library},
		Evaluate:         evaluator(cache),
		Preauthorised:    func(name, action string) bool { return a.policy.Preauthorises(name, action, time.Now()) },
		Limits:           a.config.Limits,
		EscalationPolicy: a.policy.EscalationPolicy,
		Meter:            a.metrics,
		Logger:           a.log,
	}).Register(worker)
	if err := worker.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	a.working.Store(true)
	a.log.InfoContext(ctx, "the worker carries out incidents", "queue", a.config.TemporalTaskQueue)
	<-ctx.Done()
	a.working.Store(false)
	worker.Stop()
	return nil
}

// Workflows gives the workflows as the worker carries them out.
func (a *App) Workflows() *workflows.Workflows { return a.workflows(expression.NewCache(programs)) }

func (a *App) workflows(cache *expression.Cache) *workflows.Workflows {
	return workflows.New(workflows.Sources{
		Plans: a.library.PlanByDigest, Programs: cache, Calendars: timeline.Counter, Duties: timeline.Duties(a.duties),
	})
}

// awaitTemporal waits for Temporal and registers the search attributes: a
// workflow that sets one that is not known would be stuck. What waiting does not
// mend ends the process, unless it also takes alerts in: none must be lost because
// of a certificate.
func (a *App) awaitTemporal(ctx context.Context) error {
	for {
		err := a.temporal.Prepare(ctx)
		if err == nil {
			return nil
		}
		pause := time.Second
		if soar.CodeOf(err) != soar.CodeUnavailable {
			if !a.roles.API {
				return err
			}
			pause = temporalBackMost
		}
		a.log.WarnContext(ctx, "Temporal cannot be used yet", "address", a.config.TemporalAddress, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// tellTemporal says once, when the process starts, why Temporal cannot be reached.
// A process without a worker would not notice before there is work.
func (a *App) tellTemporal(ctx context.Context) {
	if err := a.temporal.Diagnose(ctx); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "Temporal cannot be used yet; alerts are taken in and kept", "address", a.config.TemporalAddress, "error", err)
	}
}

func evaluator(cache *expression.Cache) func(string, map[string]any) (any, error) {
	return func(source string, vars map[string]any) (any, error) {
		program, err := cache.Program(source)
		if err != nil {
			return nil, err
		}
		return program.Eval(vars)
	}
}

// guarded is the store with the policy's protected assets beside those in the
// database.
type guarded struct {
	*store.Store
	policy []soar.Protected
	first  *firstActions
}

// ProtectedList gives both lists.
func (g guarded) ProtectedList(ctx context.Context) ([]soar.Protected, error) {
	kept, err := g.Store.ProtectedList(ctx)
	return append(slices.Clone(g.policy), kept...), err
}

// chooser answers which playbooks fit, and which version is active.
type chooser struct {
	*intake.Service
	library *library.Service
}

// Pin gives a playbook's active version.
func (c chooser) Pin(ctx context.Context, request protocol.PinRequest) (protocol.RunPin, error) {
	return c.library.Pin(ctx, request)
}
