package health

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Statuses of a report.
const (
	OK          = "ok"
	Degraded    = "degraded"    // ready, and something is missing
	Unavailable = "unavailable" // not ready
)

// Defaults of a check.
const (
	DefaultEvery  = time.Second
	DefaultWithin = 2 * time.Second
)

// Check is one thing that the process needs.
type Check struct {
	Name  string        // database, temporal
	Vital bool          // without it the process is not ready
	Every time.Duration // how old an answer may be; 0: DefaultEvery
	Run   func(ctx context.Context) error
}

// Result is one check's answer.
type Result struct {
	Name    string
	Vital   bool
	OK      bool
	Message string        // for anybody; empty when ok
	Age     time.Duration // since it was made
	Took    time.Duration
}

// Report is the answer of all checks.
type Report struct {
	Status string
	Checks []Result
}

// Ready tells whether the process can do its work.
func (r Report) Ready() bool { return r.Status != Unavailable }

// Health keeps the last answers. It is safe for many goroutines.
type Health struct {
	now      func() time.Time
	checks   []*kept
	stopping atomic.Bool
}

// kept is a check with its last answer.
type kept struct {
	Check
	mu   sync.Mutex // held while it is made: others wait for that answer
	made time.Time
	last Result
}

// New makes the health of a process.
func New(now func() time.Time, checks ...Check) *Health {
	h := &Health{now: now}
	for _, check := range checks {
		if check.Every == 0 {
			check.Every = DefaultEvery
		}
		h.checks = append(h.checks, &kept{Check: check})
	}
	return h
}

// Stop makes the process not ready for good: it is about to end.
func (h *Health) Stop() { h.stopping.Store(true) }

// Ask gives the answers, made now where the last one is old. It does not end with
// the asker: the next one wants the answer, too.
func (h *Health) Ask(ctx context.Context) Report {
	ctx = context.WithoutCancel(ctx)
	report := Report{Status: OK, Checks: make([]Result, len(h.checks))}
	var all sync.WaitGroup
	for i, check := range h.checks {
		all.Go(func() { report.Checks[i] = check.ask(ctx, h.now) })
	}
	all.Wait()
	for _, result := range report.Checks {
		switch {
		case result.OK:
		case result.Vital:
			report.Status = Unavailable
		case report.Status == OK:
			report.Status = Degraded
		}
	}
	if h.stopping.Load() {
		report.Status = Unavailable
		report.Checks = append(report.Checks, Result{Name: "process", Vital: true, Message: "the process is stopping"})
	}
	return report
}

func (k *kept) ask(ctx context.Context, now func() time.Time) Result {
	k.mu.Lock()
	defer k.mu.Unlock()
	began := now()
	if !k.made.IsZero() && began.Sub(k.made) < k.Every {
		result := k.last
		result.Age = began.Sub(k.made)
		return result
	}
	err := k.bounded(ctx)
	k.made = now()
	k.last = Result{Name: k.Name, Vital: k.Vital, OK: err == nil, Took: k.made.Sub(began)}
	if err != nil {
		k.last.Message = soar.MessageOf(err)
	}
	return k.last
}

// bounded also bounds a check that does not heed its context, and bears one that
// crashes.
func (k *kept) bounded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, DefaultWithin)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if caught := recover(); caught != nil {
				done <- fmt.Errorf("the check %s crashed: %v", k.Name, caught)
			}
		}()
		done <- k.Run(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return soar.Errorf(soar.CodeUnavailable, "health.check", "no answer within %s", DefaultWithin)
	}
}
