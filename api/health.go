package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
)

// readiness tells whether the process can do its work. It bounds what many askers
// cost: the question needs no token.
type readiness interface {
	Ask(ctx context.Context) health.Report
}

type healthRoutes struct {
	version   string
	readiness readiness
}

// CheckHealth says that the process is alive and no more.
func (r healthRoutes) CheckHealth(context.Context, gen.CheckHealthRequestObject) (gen.CheckHealthResponseObject, error) {
	return gen.CheckHealth200JSONResponse{Status: gen.HealthStatusOk, Version: r.version, Checks: []gen.HealthCheck{}}, nil
}

// CheckReady asks all checks. A degraded process is ready.
func (r healthRoutes) CheckReady(ctx context.Context, _ gen.CheckReadyRequestObject) (gen.CheckReadyResponseObject, error) {
	report := r.readiness.Ask(ctx)
	out := gen.Health{Status: gen.HealthStatus(report.Status), Version: r.version, Checks: []gen.HealthCheck{}}
	for _, result := range report.Checks {
		out.Checks = append(out.Checks, gen.HealthCheck{
			Name: result.Name, Ok: result.OK, Vital: result.Vital, Message: optional.Of(result.Message),
			AgeMs: result.Age.Milliseconds(), LatencyMs: result.Took.Milliseconds(),
		})
	}
	if !report.Ready() {
		return gen.CheckReady503JSONResponse(out), nil
	}
	return gen.CheckReady200JSONResponse(out), nil
}
