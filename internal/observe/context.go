package observe

import (
	"context"
	"log/slog"
	"slices"
)

// Names under which lines and spans say what they are about. They are the same
// everywhere, so that one search finds an incident through all parts.
const (
	KeyIncident = "incident"
	KeyRun      = "run"
	KeyStep     = "step"
	KeyRequest  = "request_id"
	KeyTrace    = "trace_id"
	KeySpan     = "span_id"
)

type aboutKey struct{}

// With gives a context whose log lines say, besides what they say themselves,
// what they are about. A value that is empty is left out; one that is set again
// replaces the earlier one.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	about := slices.Clone(From(ctx))
	for _, attr := range attrs {
		if attr.Value.Kind() == slog.KindString && attr.Value.String() == "" {
			continue
		}
		about = slices.DeleteFunc(about, func(have slog.Attr) bool { return have.Key == attr.Key })
		about = append(about, attr)
	}
	return context.WithValue(ctx, aboutKey{}, about)
}

// From gives what With has set, in its order.
func From(ctx context.Context) []slog.Attr {
	about, _ := ctx.Value(aboutKey{}).([]slog.Attr)
	return about
}
