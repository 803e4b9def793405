package tracing

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	temporalotel "go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// scope names this program as the maker of spans.
const scope = "github.com/tocsin-soar/tocsin"

// flushWithin bounds what a stopping process waits for the collector.
const flushWithin = 5 * time.Second

// Tracing makes spans. The zero value is off.
type Tracing struct {
	provider *sdktrace.TracerProvider // nil: off
}

// Start begins to send traces when the environment, read by lookup, names a
// collector. A collector that does not answer holds nothing up.
func Start(ctx context.Context, lookup func(string) (string, bool), version string) (*Tracing, error) {
	if !wanted(lookup) {
		return &Tracing{}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	// Later ones win: the environment may rename the service.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", "tocsin"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	return &Tracing{provider: sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))}, nil
}

func wanted(lookup func(string) (string, bool)) bool {
	given := func(name string) string { value, _ := lookup(name); return value }
	if given("OTEL_SDK_DISABLED") == "true" || given("OTEL_TRACES_EXPORTER") == "none" {
		return false
	}
	return given("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// On tells whether traces are sent.
func (t *Tracing) On() bool { return t != nil && t.provider != nil }

// Stop sends what is left.
func (t *Tracing) Stop(ctx context.Context) error {
	if !t.On() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// Tracer makes our own spans.
func (t *Tracing) Tracer() trace.Tracer {
	if !t.On() {
		return noop.NewTracerProvider().Tracer(scope)
	}
	return t.provider.Tracer(scope)
}

// HTTP puts a span around every request but those for health. The door renames it
// to the operation's id once it knows that.
func (t *Tracing) HTTP(next http.Handler) http.Handler {
	if !t.On() {
		return next
	}
	return otelhttp.NewHandler(next, "request",
		otelhttp.WithTracerProvider(t.provider), otelhttp.WithMeterProvider(noopmetric.NewMeterProvider()),
		otelhttp.WithPropagators(propagation.TraceContext{}), otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true }),
		otelhttp.WithFilter(isTraced),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "HTTP " + method(r.Method) }))
}

// isTraced leaves out health checks, which say nothing, and the approval page, whose
// path is a secret that spans would give away.
func isTraced(r *http.Request) bool {
	return r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !strings.HasPrefix(r.URL.Path, "/approve/")
}

// method keeps what a stranger wrote out of the names of spans.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return name
	default:
		return "other"
	}
}

// Postgres puts a span around every query within a trace; nil when off.
func (t *Tracing) Postgres() pgx.QueryTracer {
	if !t.On() {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTracerProvider(t.provider), otelpgx.WithMeterProvider(noopmetric.NewMeterProvider()),
		otelpgx.WithDisableAcquireTracer(), otelpgx.WithDisableSQLStatementInAttributes())
}

// Temporal carries the trace from the start of a workflow into its activities.
// Updates and queries have no spans within the workflow: a worker that loads it
// again would make them once more.
func (t *Tracing) Temporal() ([]interceptor.ClientInterceptor, error) {
	if !t.On() {
		return nil, nil
	}
	made, err := temporalotel.NewTracingInterceptor(temporalotel.TracerOptions{
		Tracer: t.Tracer(), TextMapPropagator: propagation.TraceContext{}, DisableBaggage: true, DisableQueryTracing: true, DisableUpdateTracing: true,
	})
	if err != nil {
		return nil, fmt.Errorf("trace Temporal: %w", err)
	}
	return []interceptor.ClientInterceptor{made}, nil
}

// Worker gives the same for what only works, such as a replayer in tests.
func (t *Tracing) Worker() ([]interceptor.WorkerInterceptor, error) {
	made, err := t.Temporal()
	if err != nil || len(made) == 0 {
		return nil, err
	}
	both, ok := made[0].(interceptor.WorkerInterceptor)
	if !ok {
		return nil, fmt.Errorf("trace Temporal: %T traces no worker", made[0])
	}
	return []interceptor.WorkerInterceptor{both}, nil
}
