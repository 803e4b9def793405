package observe_test

import (
	"encoding/json"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/tocsin-soar/tocsin/internal/observe"
)

func TestWorkThatWaitsStaysInItsTrace(t *testing.T) {
	t.Parallel()
	kept := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	ctx := trace.ContextWithSpanContext(t.Context(), kept)
	for _, object := range []string{`{}`, `{"alert_id":"ALR-1"}`, `{"a":{"traceparent":"x"}}`} {
		marked := observe.Mark(ctx, []byte(object))
		if !json.Valid(marked) {
			t.Fatalf("%s became %s", object, marked)
		}
		got := trace.SpanContextFromContext(observe.Follow(t.Context(), marked))
		if got.TraceID() != kept.TraceID() || got.SpanID() != kept.SpanID() || !got.IsSampled() || !got.IsRemote() {
			t.Errorf("%s came back as %+v", marked, got)
		}
	}
}

func TestWhatIsNotMarked(t *testing.T) {
	t.Parallel()
	kept := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	in := trace.ContextWithSpanContext(t.Context(), kept)
	for _, object := range []string{``, `null`, `[]`, `"{}"`, `1`} {
		if got := string(observe.Mark(in, []byte(object))); got != object {
			t.Errorf("%s became %s", object, got)
		}
	}
	if got := string(observe.Mark(t.Context(), []byte(`{"a":1}`))); got != `{"a":1}` {
		t.Errorf("without a trace: %s", got)
	}
	dropped := trace.ContextWithSpanContext(t.Context(), kept.WithTraceFlags(0))
	if got := string(observe.Mark(dropped, []byte(`{"a":1}`))); got != `{"a":1}` {
		t.Errorf("in a trace that is not kept: %s", got)
	}
}

func TestFollowBearsAnything(t *testing.T) {
	t.Parallel()
	for _, object := range []string{``, `{`, `[]`, `{"traceparent":1}`, `{"traceparent":"nonsense"}`, `{"traceparent":""}`} {
		if got := trace.SpanContextFromContext(observe.Follow(t.Context(), []byte(object))); got.IsValid() {
			t.Errorf("%s gave %+v", object, got)
		}
	}
}
