package slackroom

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/observe/metrics"
)

// How often the database is asked how far behind the workspace is, and how long that
// may take: whoever scrapes does not wait for it.
const (
	behindEvery  = 10 * time.Second
	behindWithin = 2 * time.Second
)

// behind remembers the last answer, also that there was none.
type behind struct {
	mu               sync.Mutex
	at               time.Time
	waiting, failing *int
}

// Behind counts the incidents that Slack does not show as they are, and of these those
// that failed at the last try.
func (r *Room) Behind(ctx context.Context) (waiting, failing int, err error) {
	return r.rooms.Behind(ctx)
}

// Gauges gives what is known of Slack now; nil when it is off. What cannot be read is
// left out.
func (r *Room) Gauges(ctx context.Context) *metrics.SlackGauges {
	if r.off() {
		return nil
	}
	now := &metrics.SlackGauges{}
	if r.mode == Socket {
		now.Sockets = new(r.sockets.Open())
	}
	r.behind.mu.Lock()
	defer r.behind.mu.Unlock()
	if time.Since(r.behind.at) >= behindEvery {
		ctx, cancel := context.WithTimeout(ctx, behindWithin)
		defer cancel()
		waiting, failing, err := r.Behind(ctx)
		r.behind.at, r.behind.waiting, r.behind.failing = time.Now(), &waiting, &failing
		if err != nil {
			r.behind.waiting, r.behind.failing = nil, nil
		}
	}
	now.Behind, now.Failing = r.behind.waiting, r.behind.failing
	return now
}
