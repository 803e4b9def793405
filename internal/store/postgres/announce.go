package postgres

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// announceEvery is the shortest time between two announcements.
const announceEvery = 20 * time.Millisecond

// Announcer tells listeners that something was added: after the commit, and one
// time for all that was added within announceEvery. A transaction that notifies
// takes a lock that all of them share until its commit is on disk, which in a
// storm costs two thirds of the throughput. An announcement that is lost (a crash
// just then) is made up for by the poll of the listeners.
type Announcer struct {
	due    chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewAnnouncer starts one for a channel. Stop it before the pool is closed.
func NewAnnouncer(pool *pgxpool.Pool, channel string, deadline time.Duration, log *slog.Logger) *Announcer {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Announcer{due: make(chan struct{}, 1), cancel: cancel}
	a.done.Go(func() {
		a.loop(ctx, func() {
			once, cancel := context.WithTimeout(ctx, deadline)
			defer cancel()
			if _, err := pool.Exec(once, "SELECT pg_notify($1, '')", channel); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "listeners were not told of what was added", "channel", channel, "error", err)
			}
		})
	})
	return a
}

// Announce says that something was added. It does not wait.
func (a *Announcer) Announce() { wake(a.due) }

// Stop ends the announcer. What was not announced yet is not.
func (a *Announcer) Stop() {
	a.cancel()
	a.done.Wait()
}

func (a *Announcer) loop(ctx context.Context, announce func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.due:
		}
		announce()
		select {
		case <-ctx.Done():
			return
		case <-time.After(announceEvery):
		}
	}
}
