package slack

import (
	"errors"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// pauses remembers which methods Slack wants to be left alone, and until when.
type pauses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (p *pauses) left(method string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until[method].Sub(now)
}

func (p *pauses) add(method string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until[method]) {
		p.until[method] = until
	}
}

// pauseOf gives how long Slack wants to be left alone.
func pauseOf(err error) time.Duration {
	if coded, ok := errors.AsType[*soar.Error](err); ok && coded.RetryAfter > 0 {
		return coded.RetryAfter
	}
	return time.Second
}
