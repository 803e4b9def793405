package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/intake/hook"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/figures"
)

// What is counted stands here, around the parts that know nothing of it.

// countedIntake counts what becomes of alerts.
type countedIntake struct {
	*intake.Service
	metrics *metrics.Metrics
}

// Accept is intake's.
func (c countedIntake) Accept(ctx context.Context, p soar.Principal, source, contentType string, body []byte) ([]intake.Receipt, error) {
	receipts, err := c.Service.Accept(ctx, p, source, contentType, body)
	if err != nil {
		return nil, err // counted by the door, like what it refuses by itself
	}
	for _, receipt := range receipts {
		outcome := metrics.AlertNew
		switch {
		case receipt.Duplicate:
			outcome = metrics.AlertDuplicate
		case !receipt.Parsed:
			outcome = metrics.AlertUnparsed
		}
		c.metrics.Alert(source, outcome)
	}
	return receipts, nil
}

// countedRefusals counts what the doors for alerts refuse.
type countedRefusals struct{ metrics *metrics.Metrics }

// AlertsRefused counts one.
func (c countedRefusals) AlertsRefused(source string, err error) {
	c.metrics.Refused(source, refusal(err))
}

// refusal is the reason that a delivery is counted under.
func refusal(err error) string {
	if why, ok := errors.AsType[hook.Refusal](err); ok {
		if why == hook.Stale {
			return metrics.RefusedReplay
		}
		return metrics.RefusedSignature
	}
	switch soar.CodeOf(err) {
	case soar.CodeNotFound:
		return metrics.RefusedSource
	case soar.CodeDenied, soar.CodeUnauthenticated:
		return metrics.RefusedToken
	case soar.CodeInvalid:
		return metrics.RefusedBody
	case soar.CodeLimited:
		return metrics.RefusedRate
	case soar.CodeUnavailable:
		return metrics.RefusedStore
	default:
		return ""
	}
}

// countedApprovals measures how long people let an approval wait.
type countedApprovals struct {
	*incidents.Service
	metrics *metrics.Metrics
	now     clock
}

// Decide is the use case's.
func (c countedApprovals) Decide(ctx context.Context, p soar.Principal, request incidents.DecideRequest) (soar.Approval, error) {
	began := c.now()
	approval, err := c.Service.Decide(ctx, p, request)
	// A decision that is sent again is answered with the first one, made before.
	if err == nil && (approval.DecidedAt == nil || !approval.DecidedAt.Before(began.Add(-time.Second))) {
		c.metrics.ApprovalDecided(request.Approve, c.now().Sub(approval.RequestedAt))
	}
	return approval, err
}

// countedRegistry counts and traces what connectors do.
type countedRegistry struct {
	*connector.Registry
	metrics *metrics.Metrics
	tracer  trace.Tracer
}

// Find is the registry's.
func (c countedRegistry) Find(name string) (connector.Instance, *manifest.Manifest, bool) {
	instance, described, found := c.Registry.Find(name)
	if !found {
		return nil, nil, false
	}
	return countedInstance{instance, name, c}, described, true
}

type countedInstance struct {
	instance connector.Instance
	name     string
	by       countedRegistry
}

// Do is the connector's. The class of its end is what Classify says, so that the
// metric shows what the ledger is told.
func (c countedInstance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	ctx, span := c.by.tracer.Start(ctx, c.name+"."+call.Action, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("tocsin.incident", call.IncidentID), attribute.String("tocsin.connector", c.name)))
	defer span.End()
	var sent sync.Once
	told := false
	if permit := call.Sent; permit != nil {
		call.Sent = func(ctx context.Context) error {
			err := permit(ctx)
			if err == nil {
				sent.Do(func() { told = true })
			}
			return err
		}
	}
	began := time.Now()
	result, err := c.instance.Do(ctx, call)
	class := "ok"
	if failure := connector.Classify(err, told); failure != nil {
		class = string(failure.Class)
		span.SetStatus(codes.Error, class) // its text may hold anything
	}
	c.by.metrics.Call(c.name, class, time.Since(began))
	return result, err
}

// firstActions measures how long after its first alert an incident acted.
type firstActions struct {
	store   *store.Store
	metrics *metrics.Metrics
	log     *slog.Logger

	mu   sync.Mutex
	seen map[string]bool // incidents that need no look any more
}

// seenMost bounds the memory; after that a few are looked at twice.
const seenMost = 10_000

// note is told of every intent. The database says which was the first, because
// another worker may have had it.
func (f *firstActions) note(ctx context.Context, entry soar.LedgerEntry) {
	if !f.fresh(entry.IncidentID) {
		return
	}
	alertAt, first, err := figures.FirstAction(ctx, f.store.Room(), entry.IncidentID, entry.Key)
	if err != nil {
		f.log.DebugContext(ctx, "the time to the first action is not measured", "error", err)
		return
	}
	if first {
		f.metrics.FirstAction(time.Since(alertAt))
	}
}

func (f *firstActions) fresh(incident string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen[incident] {
		return false
	}
	if len(f.seen) >= seenMost {
		clear(f.seen)
	}
	f.seen[incident] = true
	return true
}

// LedgerBegin is the store's.
func (g guarded) LedgerBegin(ctx context.Context, entry soar.LedgerEntry, event record.Payload) (current soar.LedgerEntry, created bool, err error) {
	current, created, err = g.Store.LedgerBegin(ctx, entry, event)
	if created && err == nil {
		g.first.note(ctx, entry)
	}
	return current, created, err
}

// counted gives the connectors as everything but the catalog sees them.
func (a *App) counted() countedRegistry {
	return countedRegistry{Registry: a.registry, metrics: a.metrics, tracer: a.tracing.Tracer()}
}

// followed runs an outbox handler in the trace of what ordered its work, with a
// context whose log lines say what it is about.
func (a *App) followed(handlers map[string]outbox.Handler) map[string]outbox.Handler {
	tracer := a.tracing.Tracer()
	for kind, handle := range handlers {
		handlers[kind] = func(ctx context.Context, item soar.OutboxItem) error {
			if a.tracing.On() {
				ctx = observe.Follow(ctx, item.Payload)
			}
			about := slog.String("key", item.Key)
			if kind == soar.OutboxIncidentStart || kind == soar.OutboxIncidentUpdate {
				about = slog.String(observe.KeyIncident, item.Key)
			}
			ctx, span := tracer.Start(observe.With(ctx, about), "outbox "+kind, trace.WithSpanKind(trace.SpanKindConsumer),
				trace.WithAttributes(attribute.String("tocsin.key", item.Key), attribute.Int("tocsin.attempt", item.Attempts)))
			defer span.End()
			err := handle(ctx, item)
			if err != nil {
				span.SetStatus(codes.Error, string(soar.CodeOf(err)))
			}
			return err
		}
	}
	return handlers
}
