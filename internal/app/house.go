package app

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app/checkpoint"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
)

// Housekeeping.
const (
	checkpointEvery = time.Minute
	purgeAfter      = 24 * time.Hour
)

// keepHouse signs checkpoints and forgets what is of no use any more until ctx ends, and
// signs once more then.
func (a *App) keepHouse(ctx context.Context) error {
	signer, err := checkpoint.New(a.store, a.config.DataDir, time.Now)
	if err != nil {
		return err
	}
	people := peoplestore.New(a.store)
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		if err := signer.Write(ctx); err == nil {
			now := time.Now()
			a.signedAt.Store(&now)
		} else if ctx.Err() == nil {
			a.log.ErrorContext(ctx, "the record's heads were not signed", "error", err)
		}
		if _, err := a.store.Purge(ctx, purgeAfter); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "old outbox rows and idempotency keys were not removed", "error", err)
		}
		if err := people.Purge(ctx, time.Now()); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "old approval links and warnings were not removed", "error", err)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if err := signer.Write(last); err != nil { // the next start signs them
				a.log.ErrorContext(last, "the record's heads were not signed", "error", err)
			}
			return nil
		case <-tick.C:
		}
	}
}
