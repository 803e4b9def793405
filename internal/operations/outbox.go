package operations

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Backlog is how the outbox stands.
type Backlog struct {
	Waiting int           // items still to be carried out
	Oldest  time.Duration // how long the oldest of them waits
	Parked  int           // laid aside until a person looks
	Items   []soar.OutboxItem
}

// Outbox tells how the outbox stands, with up to limit parked items, the longest
// parked first. Their payloads are left out: who runs the installation need not
// know of incidents.
func (s *Service) Outbox(ctx context.Context, p soar.Principal, limit int) (Backlog, error) {
	if err := access.Require(p, access.OperationsRead, "operations.Outbox"); err != nil {
		return Backlog{}, err
	}
	var out Backlog
	var err error
	if out.Waiting, out.Oldest, out.Parked, err = s.store.OutboxStats(ctx); err != nil {
		return Backlog{}, err
	}
	out.Items, err = s.store.OutboxParked(ctx, limit)
	for i := range out.Items {
		out.Items[i].Payload = nil
	}
	return out, err
}

// Retry puts a parked item back in line; not_found when none is parked under the
// id.
func (s *Service) Retry(ctx context.Context, p soar.Principal, id int64) error {
	const op = "operations.Retry"
	if err := access.Require(p, access.OperationsRetry, op); err != nil {
		return err
	}
	return s.store.OutboxUnpark(ctx, id, record.Payload{
		At: s.now().UTC(), Kind: protocol.EventOutboxRetried, By: p.Actor,
		Text: fmt.Sprintf("Parked item %d was put back in line by %s", id, p.Actor.ID), Data: data(map[string]any{"item": id, "token": p.Token}),
	})
}
