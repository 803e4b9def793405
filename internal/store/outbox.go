package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/observe"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// Priorities of outbox items: higher goes first. Alerts and starts add the rank
// of their severity (0 to 5), so that in a storm the worst is looked at first.
const (
	priorityAlert  = 0
	priorityNotify = 5
	priorityStart  = 10
	priorityUrgent = 20
	priorityUpdate = 20 // a person waits, or an isolated host does
)

// outboxChannel is what OutboxListen listens on.
const outboxChannel = "tocsin_outbox"

const (
	maxClaim      = 1000
	purgeBatch    = 5000
	dedupeNotify  = "notify:"
	dedupeStart   = "start:"
	dedupeCommand = "update:"
)

// order is a new outbox item; one whose dedupe text is there already is not added.
type order struct {
	kind, key, dedupe string
	priority          int
	payload           any
}

func (t *tx) enqueue(ctx context.Context, o order) error {
	doc, err := postgres.Document("store.enqueue", o.payload)
	if err != nil {
		return err
	}
	arg := sqlcgen.OutboxInsertParams{Kind: o.kind, Key: postgres.Clean(o.key), Priority: int16(o.priority), Payload: observe.Mark(ctx, doc)}
	if o.dedupe != "" {
		dedupe := postgres.Clean(o.dedupe)
		arg.Dedupe = &dedupe
	}
	t.enqueued = true // or it was there already: then listeners look once in vain
	return t.later.OutboxInsert(ctx, arg)
}

func (t *tx) enqueueMessage(ctx context.Context, m protocol.Message) error {
	o := order{kind: soar.OutboxNotify, key: m.ID, dedupe: dedupeNotify + m.ID, priority: priorityNotify, payload: m}
	if m.Urgent {
		o.priority = priorityUrgent
	}
	return t.enqueue(ctx, o)
}

func (t *tx) enqueueUpdate(ctx context.Context, incidentID, update, updateID string, payload any) error {
	doc, err := postgres.Document("store.enqueue", payload)
	if err != nil {
		return err
	}
	return t.enqueue(ctx, order{
		kind: soar.OutboxIncidentUpdate, key: incidentID, dedupe: dedupeCommand + updateID, priority: priorityUpdate,
		payload: soar.IncidentUpdate{IncidentID: incidentID, Update: update, UpdateID: updateID, Payload: json.RawMessage(doc)},
	})
}

// OutboxClaim takes up to limit items of the kinds for the time of the lease; an
// item that is neither done, retried nor parked by then can be claimed again. An
// item waits while an older one with its key is open. Higher priority is first.
func (s *Store) OutboxClaim(ctx context.Context, kinds []string, limit int, lease time.Duration) ([]soar.OutboxItem, error) {
	var out []soar.OutboxItem
	err := s.read(ctx, "store.OutboxClaim", func(ctx context.Context) error {
		rows, err := s.queries.OutboxClaim(ctx, sqlcgen.OutboxClaimParams{Kinds: kinds, Most: int32(min(max(limit, 0), maxClaim)), Lease: lease})
		if err != nil {
			return err
		}
		slices.SortFunc(rows, func(a, b sqlcgen.OutboxClaimRow) int {
			return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
		})
		for _, r := range rows {
			out = append(out, soar.OutboxItem{ID: r.ID, Kind: r.Kind, Key: r.Key, Payload: r.Payload, Attempts: int(r.Attempts), CreatedAt: r.CreatedAt, Problem: r.Problem})
		}
		return nil
	})
	return out, err
}

// OutboxDone marks an item as carried out. Again is no error.
func (s *Store) OutboxDone(ctx context.Context, id int64) error {
	return s.read(ctx, "store.OutboxDone", func(ctx context.Context) error {
		_, err := s.queries.OutboxDone(ctx, id)
		return err
	})
}

// OutboxRetry gives an item back, to be claimed from next on; problem says why.
func (s *Store) OutboxRetry(ctx context.Context, id int64, problem string, next time.Time) error {
	return s.read(ctx, "store.OutboxRetry", func(ctx context.Context) error {
		_, err := s.queries.OutboxRetry(ctx, sqlcgen.OutboxRetryParams{ID: id, Problem: postgres.Short(problem), Next: next})
		return err
	})
}

// OutboxPark lays an item aside until a person looks at it. Items with the same
// key go on without it.
func (s *Store) OutboxPark(ctx context.Context, id int64, problem string) error {
	return s.read(ctx, "store.OutboxPark", func(ctx context.Context) error {
		_, err := s.queries.OutboxPark(ctx, sqlcgen.OutboxParkParams{ID: id, Problem: postgres.Short(problem)})
		return err
	})
}

// OutboxUnpark puts a parked item back in line, as if it had not been tried, and
// records in the system chain who wanted that.
func (s *Store) OutboxUnpark(ctx context.Context, id int64, event record.Payload) error {
	const op = "store.OutboxUnpark"
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		n, err := t.Queries.OutboxUnpark(ctx, id)
		if err == nil && n == 0 {
			return soar.Errorf(soar.CodeNotFound, op, "there is no parked item %d", id)
		}
		if err != nil {
			return err
		}
		t.enqueued = true
		return t.append(ctx, record.ChainSystem, event)
	})
}

// OutboxParked lists parked items, the longest parked first.
func (s *Store) OutboxParked(ctx context.Context, limit int) ([]soar.OutboxItem, error) {
	out := []soar.OutboxItem{}
	err := s.read(ctx, "store.OutboxParked", func(ctx context.Context) error {
		rows, err := s.queries.OutboxParked(ctx, int32(soar.Page{Limit: limit}.Size()))
		for _, r := range rows {
			out = append(out, soar.OutboxItem{ID: r.ID, Kind: r.Kind, Key: r.Key, Payload: r.Payload, Attempts: int(r.Attempts), CreatedAt: r.CreatedAt, Problem: r.Problem})
		}
		return err
	})
	return out, err
}

// OutboxStats says how many items wait, how old the oldest of them is, and how
// many are parked.
func (s *Store) OutboxStats(ctx context.Context) (waiting int, oldest time.Duration, parked int, err error) {
	err = s.read(ctx, "store.OutboxStats", func(ctx context.Context) error {
		row, err := s.queries.OutboxStats(ctx)
		waiting, parked = int(row.Waiting), int(row.Parked)
		oldest = time.Duration(row.OldestSeconds * float64(time.Second))
		return err
	})
	return waiting, oldest, parked, err
}

// OutboxListen gives a channel that gets a value when items were added, here or by
// another process, and is closed when ctx ends. It only saves waiting for the next
// poll: values may be missed, and several additions may give one.
func (s *Store) OutboxListen(ctx context.Context) (<-chan struct{}, error) {
	l := postgres.Listener{Pool: s.pool, Channel: outboxChannel, Deadline: s.deadline, Log: s.log}
	out, err := s.added.Listen(ctx, l)
	return out, postgres.Translate("store.OutboxListen", err)
}

// Purge deletes idempotency keys whose time is over and outbox items that were done
// longer than age ago, and says how many items. One call deletes at most 5,000 of
// them: call again while it does.
func (s *Store) Purge(ctx context.Context, age time.Duration) (int, error) {
	var deleted int64
	err := s.read(ctx, "store.Purge", func(ctx context.Context) error {
		_, err := s.queries.OncePurge(ctx)
		if err != nil {
			return err
		}
		deleted, err = s.queries.OutboxPurge(ctx, sqlcgen.OutboxPurgeParams{Age: age, Most: purgeBatch})
		return err
	})
	return int(deleted), err
}
