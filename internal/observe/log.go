package observe

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger makes the process's logger. Format is text or json; the level may
// change while it runs when it is a *slog.LevelVar.
func NewLogger(out io.Writer, format string, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: clean}
	safe := visible{out}
	if format == "json" {
		return slog.New(handler{Handler: slog.NewJSONHandler(safe, options)})
	}
	return slog.New(handler{Handler: slog.NewTextHandler(safe, options)})
}

// handler adds what the context knows: what the line is about, and its trace. A
// line that says so itself is not told again.
type handler struct {
	slog.Handler
	own []string // keys that With has set on the logger
}

// Handle writes one line.
func (h handler) Handle(ctx context.Context, line slog.Record) error {
	said := slices.Clone(h.own)
	line.Attrs(func(attr slog.Attr) bool { said = append(said, known(attr.Key)); return true })
	about := From(ctx)
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		about = append(slices.Clone(about), slog.String(KeyTrace, span.TraceID().String()), slog.String(KeySpan, span.SpanID().String()))
	}
	about = slices.DeleteFunc(slices.Clone(about), func(attr slog.Attr) bool { return slices.Contains(said, attr.Key) })
	if len(about) > 0 {
		line = line.Clone()
		line.AddAttrs(about...)
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs is slog's.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	own := slices.Clone(h.own)
	for _, attr := range attrs {
		own = append(own, known(attr.Key))
	}
	return handler{Handler: h.Handler.WithAttrs(attrs), own: own}
}

// WithGroup is slog's.
func (h handler) WithGroup(name string) slog.Handler {
	return handler{Handler: h.Handler.WithGroup(name), own: h.own}
}

// known translates the names under which Temporal's SDK logs into ours.
func known(key string) string {
	switch key {
	case "WorkflowID":
		return KeyIncident
	case "RunID":
		return "workflow_run"
	case "TraceID":
		return KeyTrace
	case "SpanID":
		return KeySpan
	default:
		return key
	}
}
