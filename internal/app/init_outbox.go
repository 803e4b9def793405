package app

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/outbox"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func (a *App) initOutbox(context.Context) error {
	work := deliveries{runner: a.temporal, intake: a.intake, recorder: a.store, clock: time.Now, log: a.log}
	mail := postman{people: a.store, registry: a.registry, policy: a.policy, recorder: a.store, clock: time.Now, log: a.log}
	a.outbox = outbox.New(outbox.Options{
		Queue: a.store,
		Handlers: map[string]outbox.Handler{
			soar.OutboxAlertDispatch:  work.dispatchAlert,
			soar.OutboxIncidentStart:  work.startIncident,
			soar.OutboxIncidentUpdate: work.updateIncident,
			soar.OutboxNotify:         mail.deliver,
		},
		Logger: a.log,
	})
	return nil
}
