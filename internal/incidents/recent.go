package incidents

import (
	"sync"
	"time"
)

// recent remembers what happened within the last minute. The zero value is empty.
type recent struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

// first tells whether what happened did not happen within the last minute, and
// remembers it.
func (r *recent) first(now time.Time, what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, ok := r.seen[what]; ok && now.Sub(at) < refusedEvery {
		return false
	}
	if r.seen == nil || len(r.seen) >= refusedMost {
		r.seen = map[string]time.Time{}
	}
	r.seen[what] = now
	return true
}
