package intake

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Limit bounds how many requests with alerts one sender may make. The zero value
// bounds nothing: many tools send once and never again, so that what is refused here
// is lost.
type Limit struct {
	PerSecond float64 // requests a second in the long run; 0: any number
	Burst     int     // requests at once after a quiet time; at least 1
}

// limiter holds one bucket for each sender: a token, or a source that signs. There
// are never more than those that were let in.
type limiter struct {
	limit   Limit
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter(limit Limit) *limiter {
	return &limiter{limit: limit, buckets: map[string]*rate.Limiter{}}
}

// admit gives nil, or limited with the time after which the sender may come again.
func (l *limiter) admit(p soar.Principal, now time.Time) error {
	if l.limit.PerSecond <= 0 {
		return nil
	}
	bucket := l.bucket(p)
	if bucket.AllowN(now, 1) {
		return nil
	}
	out := soar.Errorf(soar.CodeLimited, "intake.limit", "too many requests: at most %g a second are taken from one sender", l.limit.PerSecond)
	missing := 1 - bucket.TokensAt(now)
	out.RetryAfter = time.Duration(math.Ceil(missing / l.limit.PerSecond * float64(time.Second)))
	return out
}

func (l *limiter) bucket(p soar.Principal) *rate.Limiter {
	key := "token:" + p.Token
	if p.Token == "" {
		key = "source:" + p.Source
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.buckets[key]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(l.limit.PerSecond), max(1, l.limit.Burst))
		l.buckets[key] = bucket
	}
	return bucket
}
