package postgres

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// announceEvery is the shortest time between two announcements.
const announceEvery = 20 * time.Millisecond

// Announcer tells listeners that something was added: those of this process at
// once, those of others after the commit and one time for all that was added within
// announceEvery. A transaction that notifies takes a lock that all of them share
// until its commit is on disk, which in a storm costs two thirds of the throughput.
// An announcement that is lost (a crash just then) is made up for by the poll of
// the listeners.
type Announcer struct {
	name   string // of this process, so that it need not hear itself
	due    chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	here map[chan struct{}]struct{}
}

// NewAnnouncer starts one for a channel. Stop it before the pool is closed.
func NewAnnouncer(pool *pgxpool.Pool, channel string, deadline time.Duration, log *slog.Logger) *Announcer {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Announcer{name: rand.Text(), due: make(chan struct{}, 1), cancel: cancel, here: map[chan struct{}]struct{}{}}
	a.done.Go(func() {
		a.loop(ctx, func() {
			once, cancel := context.WithTimeout(ctx, deadline)
			defer cancel()
			if _, err := pool.Exec(once, "SELECT pg_notify($1, $2)", channel, a.name); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "listeners were not told of what was added", "channel", channel, "error", err)
			}
		})
	})
	return a
}

// Announce says that something was added. It does not wait.
func (a *Announcer) Announce() {
	wake(a.due)
	a.mu.Lock()
	defer a.mu.Unlock()
	for near := range a.here {
		wake(near)
	}
}

// Listen gives a channel that gets a value when something was announced, here or by
// another process that far hears, and is closed when ctx ends.
func (a *Announcer) Listen(ctx context.Context, far Listener) (<-chan struct{}, error) {
	far.ignore = a.name
	out, near := make(chan struct{}, 1), make(chan struct{}, 1)
	heard, err := far.Listen(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.here[near] = struct{}{}
	a.mu.Unlock()
	go func() {
		defer close(out)
		defer a.forget(near)
		for {
			select {
			case <-near:
			case _, open := <-heard: // until ctx ends
				if !open {
					return
				}
			}
			wake(out)
		}
	}()
	return out, nil
}

func (a *Announcer) forget(near chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.here, near)
}

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
