package tracing_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-soar/tocsin/internal/observe/tracing"
)

func started(t *testing.T, env map[string]string) *tracing.Tracing {
	t.Helper()
	got, err := tracing.Start(t.Context(), func(name string) (string, bool) { value, given := env[name]; return value, given }, "test")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheEnvironmentDecides(t *testing.T) {
	t.Parallel()
	const endpoint = "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"nothing":         {nil, false},
		"endpoint":        {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, true},
		"for traces only": {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint}, true},
		"empty":           {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, false},
		"disabled":        {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "true"}, false},
		"no traces":       {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"}, false},
	} {
		if got := started(t, c.env).On(); got != c.want {
			t.Errorf("%s: on is %t, want %t", name, got, c.want)
		}
	}
}

// TestOffCostsNothing: without a collector nothing stands between the parts.
func TestOffCostsNothing(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]*tracing.Tracing{"off": started(t, nil), "none": nil} {
		interceptors, err := off.Temporal()
		if err != nil || len(interceptors) != 0 || off.Postgres() != nil || off.Stop(t.Context()) != nil {
			t.Errorf("%s: %v, %v, %v", name, interceptors, err, off.Postgres())
		}
		if _, span := off.Tracer().Start(t.Context(), "x"); span.IsRecording() {
			t.Errorf("%s: a span is recorded", name)
		}
		if next := http.NotFoundHandler(); off.HTTP(next) == nil {
			t.Errorf("%s: no handler", name)
		}
	}
}

// TestStrangersChooseNoTrace: what a request says of its trace is not taken for
// ours, and health checks make no spans.
func TestStrangersChooseNoTrace(t *testing.T) {
	t.Parallel()
	on := started(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
	const theirs = "0af7651916cd43dd8448eb211c80319c"
	for path, traced := range map[string]bool{"/api/v1/alerts": true, "/healthz": false, "/readyz": false, "/approve/SECRET": false} {
		var got trace.SpanContext
		handler := on.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = trace.SpanContextFromContext(r.Context()) }))
		request := httptest.NewRequest(http.MethodPost, path, nil)
		request.Header.Set("Traceparent", "00-"+theirs+"-b7ad6b7169203331-01")
		handler.ServeHTTP(httptest.NewRecorder(), request)
		if got.IsValid() != traced || got.TraceID().String() == theirs {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
