package operations

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// keeper is what *store.Store is here.
type keeper interface {
	OutboxStats(ctx context.Context) (waiting int, oldest time.Duration, parked int, err error)
	OutboxParked(ctx context.Context, limit int) ([]soar.OutboxItem, error)
	OutboxUnpark(ctx context.Context, id int64, event record.Payload) error
	ProtectedList(ctx context.Context) ([]soar.Protected, error)
	ProtectedReplace(ctx context.Context, before, list []soar.Protected, event record.Payload) error
}

// Service is the use case. It is safe for concurrent use.
type Service struct {
	store keeper
	now   func() time.Time
}

// New makes the use case; now is time.Now outside tests.
func New(store keeper, now func() time.Time) *Service { return &Service{store, now} }

// data writes what goes into a record entry; its values are of JSON's kinds only.
func data(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return raw
}
