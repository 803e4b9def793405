package observe

import (
	"bytes"
	"context"
	"encoding/json"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceField is where a JSON object keeps the trace that it belongs to, in the
// form of the W3C: work that waits in the outbox goes on in the trace of the
// request that ordered it.
const traceField = "traceparent"

// Mark adds the context's trace to a JSON object. Without a trace that is kept, or
// with anything but an object, the bytes come back as they are.
func Mark(ctx context.Context, object []byte) []byte {
	if span := trace.SpanContextFromContext(ctx); !span.IsSampled() || len(object) < 2 || object[0] != '{' || object[len(object)-1] != '}' {
		return object
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	marked := bytes.Clone(object[:len(object)-1])
	if len(bytes.TrimSpace(marked)) > 1 {
		marked = append(marked, ',')
	}
	return append(marked, `"`+traceField+`":"`+carrier.Get(traceField)+`"}`...)
}

// Follow gives a context in the trace that Mark wrote down, or ctx itself.
func Follow(ctx context.Context, object []byte) context.Context {
	var marked struct {
		Trace string `json:"traceparent"`
	}
	if json.Unmarshal(object, &marked) != nil || marked.Trace == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceField: marked.Trace})
}
