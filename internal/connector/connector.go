package connector

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// Connector is one kind of system, such as an EDR product.
type Connector interface {
	Manifest() *manifest.Manifest
	// Open makes an instance. It reads its settings and does no I/O.
	Open(Config) (Instance, error)
}

// Config is what an instance is opened with.
type Config struct {
	Instance string                   // the name playbooks use
	Settings map[string]string        // by manifest setting name
	Secrets  map[string]secret.String // by manifest setting name
	Logger   *slog.Logger
}

// Instance acts on one configured system. Do is safe for concurrent use, returns
// within a second of ctx ending, and answers with *Error so that the caller knows
// what may be tried again.
type Instance interface {
	Do(ctx context.Context, call Call) (Result, error)
}

// Call is one action with its arguments, already validated against the manifest.
type Call struct {
	Action     string
	Args       map[string]any // plain data: nil bool int float64 string []any map[string]any
	Key        string         // idempotency key; sent along where the system takes one
	IncidentID string
	// Sent must be called just before the first byte that may cause an effect
	// leaves. It fails when the ledger could not note it; then nothing may be sent.
	Sent func(context.Context) error
}

// Permit calls Sent, if there is one, and looks at the clock once more. A connector
// that does not use this package's clients calls it just before its effect, and
// does nothing when it fails.
func (c Call) Permit(ctx context.Context) error {
	if refused := permit(ctx, c.Sent, time.Now); refused != nil {
		return refused
	}
	return nil
}

// Result is what came back.
type Result struct {
	Output   map[string]any // fits the manifest's output schema
	Evidence []Item
}

// Item is one piece of evidence as collected. Body is read once, streamed into
// the store and hashed there.
type Item struct {
	Name       string
	MediaType  string
	Source     string
	Volatility int // 1 = gone first (RFC 3227)
	Body       io.ReadCloser
}
