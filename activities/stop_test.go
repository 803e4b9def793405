package activities

import (
	"context"
	"sync"
)

// stopper stops one attempt at its nth step, as a killed or paused process would
// stop there. Resume lets it run on: a process that was only paused.
type stopper struct {
	at      int    // 0: never
	name    string // or at the first point of this name
	reached chan string
	resume  chan struct{}

	mu    sync.Mutex
	steps []string
}

type stopperKey struct{}

func newStopper(at int) *stopper {
	return &stopper{at: at, reached: make(chan string, 1), resume: make(chan struct{})}
}

func (s *stopper) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, stopperKey{}, s)
}

// stopHere is a point at which an attempt may be stopped.
func stopHere(ctx context.Context, where string) {
	s, ok := ctx.Value(stopperKey{}).(*stopper)
	if !ok {
		return
	}
	s.mu.Lock()
	s.steps = append(s.steps, where)
	here := len(s.steps) == s.at || where == s.name
	if here {
		s.name = ""
	}
	s.mu.Unlock()
	if here {
		s.reached <- where
		<-s.resume
	}
}

func (s *stopper) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.steps)
}
