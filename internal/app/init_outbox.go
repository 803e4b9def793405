package app

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// temporalBackMost bounds how long after Temporal has come back a decision or a
// new incident still waits, however long it was away.
const temporalBackMost = 15 * time.Second

// initOutbox makes one dispatcher for each part of the world that can be away.
// They share nothing: with one for all, a Temporal that does not answer would
// hold every handler, and no alert would open an incident and nobody be told.
func (a *App) initOutbox(context.Context) error {
	work := deliveries{runner: a.temporal, intake: a.intake, recorder: a.store, metrics: a.metrics, clock: time.Now, log: a.log}
	if err := a.initNotify(a.slack.Ways()...); err != nil {
		return err
	}
	soon := func(attempt int) time.Duration { return min(outbox.Backoff(nil)(attempt), temporalBackMost) }
	a.outbox = []*outbox.Dispatcher{
		a.dispatcher(nil, map[string]outbox.Handler{soar.OutboxAlertDispatch: work.dispatchAlert}),
		a.dispatcher(soon, map[string]outbox.Handler{
			soar.OutboxIncidentStart:  work.startIncident,
			soar.OutboxIncidentUpdate: work.updateIncident,
		}),
		a.dispatcher(nil, map[string]outbox.Handler{soar.OutboxNotify: a.notify.Deliver}),
	}
	return nil
}

func (a *App) dispatcher(backoff func(int) time.Duration, handlers map[string]outbox.Handler) *outbox.Dispatcher {
	return outbox.New(outbox.Options{Queue: a.store, Handlers: a.followed(handlers), Backoff: backoff, Meter: a.metrics, Logger: a.log})
}
