package api

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the readiness check, which needs no token: one answer serves
// everybody for a second.
const (
	checkTimeout = 2 * time.Second
	checkEvery   = time.Second
)

// Check is one thing that the process needs in order to work.
type Check struct {
	Name string // "database", "temporal"
	Run  func(ctx context.Context) error
}

type healthRoutes struct{ readiness *readiness }

func newHealthRoutes(options Options) healthRoutes {
	return healthRoutes{&readiness{version: options.Version, checks: options.Checks, now: options.Now}}
}

// CheckHealth says that the process is alive and no more.
func (r healthRoutes) CheckHealth(context.Context, gen.CheckHealthRequestObject) (gen.CheckHealthResponseObject, error) {
	return gen.CheckHealth200JSONResponse{Status: gen.HealthStatusOk, Version: r.readiness.version, Checks: []gen.HealthCheck{}}, nil
}

// CheckReady asks all checks.
func (r healthRoutes) CheckReady(ctx context.Context, _ gen.CheckReadyRequestObject) (gen.CheckReadyResponseObject, error) {
	health := r.readiness.ask(ctx)
	if health.Status != gen.HealthStatusOk {
		return gen.CheckReady503JSONResponse(health), nil
	}
	return gen.CheckReady200JSONResponse(health), nil
}

// readiness keeps the last answer.
type readiness struct {
	version string
	checks  []Check
	now     func() time.Time

	mu   sync.Mutex
	at   time.Time
	last gen.Health
}

// ask gives the answer of the last second, or runs all checks side by side. It
// does not end with the asker: the next one wants the answer, too.
func (r *readiness) ask(ctx context.Context) gen.Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && r.now().Sub(r.at) < checkEvery {
		return r.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	results := make([]gen.HealthCheck, len(r.checks))
	var all sync.WaitGroup
	for i, check := range r.checks {
		all.Go(func() { results[i] = check.result(ctx) })
	}
	all.Wait()
	r.at, r.last = r.now(), gen.Health{Status: gen.HealthStatusOk, Version: r.version, Checks: results}
	for _, result := range results {
		if !result.Ok {
			r.last.Status = gen.HealthStatusUnavailable
		}
	}
	return r.last
}

// result bounds a check that does not heed its context.
func (c Check) result(ctx context.Context) gen.HealthCheck {
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = soar.Errorf(soar.CodeUnavailable, "api.check", "no answer within %s", checkTimeout)
	}
	out := gen.HealthCheck{Name: c.Name, Ok: err == nil}
	if err != nil {
		out.Message = optional(soar.MessageOf(err))
	}
	return out
}
