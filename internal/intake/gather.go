package intake

import (
	"context"
	"sync"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of one group. The bytes are those of the bodies as they came. More alerts
// would not be cheaper: from a few hundred on a statement's joins cost more than the
// commit that it saves.
const (
	groupAlerts = 200
	groupBytes  = 8 << 20
	groupsMost  = 2 // written at once: one is on its way to the disk while the next is put together
)

// gatherer stores the alerts of many senders in one transaction. Nobody waits for
// company: a sender that comes alone is written at once, and those who come while
// the disk is busy are the next group. Each is answered after the commit that
// holds its alerts.
type gatherer struct {
	insert func(context.Context, []soar.NewAlert) ([]soar.StoredAlert, error)

	mu      sync.Mutex
	waiting []*parcel
	writers int
}

// parcel is the alerts of one request. They are committed together.
type parcel struct {
	ctx    context.Context // for its values only: the group does not end with one sender
	alerts []soar.NewAlert
	bytes  int
	stored []soar.StoredAlert
	err    error
	done   chan struct{}
}

// store gives what became of each alert, once that is committed. When ctx ends
// first they may be stored all the same: sent again they are duplicates.
func (g *gatherer) store(ctx context.Context, alerts []soar.NewAlert) ([]soar.StoredAlert, error) {
	p := &parcel{ctx: ctx, alerts: alerts, done: make(chan struct{})}
	for _, a := range alerts {
		p.bytes += len(a.Raw)
	}
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	if g.writers < groupsMost {
		g.writers++
		go g.write()
	}
	g.mu.Unlock()
	select {
	case <-p.done:
		return p.stored, p.err
	case <-ctx.Done():
		return nil, soar.Wrap(soar.CodeUnavailable, "intake.store", ctx.Err(), "the sender did not wait for the answer")
	}
}

// write stores group after group until nobody waits.
func (g *gatherer) write() {
	for {
		group := g.next()
		if len(group) == 0 {
			return
		}
		g.commit(group)
	}
}

// next takes the senders that waited longest, within the bounds of a group but at
// least one. With none left the writer ends.
func (g *gatherer) next() []*parcel {
	g.mu.Lock()
	defer g.mu.Unlock()
	count, bytes, alerts := 0, 0, 0
	for _, p := range g.waiting {
		bytes, alerts = bytes+p.bytes, alerts+len(p.alerts)
		if count > 0 && (bytes > groupBytes || alerts > groupAlerts) {
			break
		}
		count++
	}
	group := g.waiting[:count:count]
	g.waiting = g.waiting[count:]
	if count == 0 {
		g.waiting = nil
		g.writers--
	}
	return group
}

// commit stores a group. When the database does not take it for what stands in it,
// each sender is stored alone, so that nobody pays for what another one sent.
func (g *gatherer) commit(group []*parcel) {
	var all []soar.NewAlert
	for _, p := range group {
		all = append(all, p.alerts...)
	}
	stored, err := g.insert(context.WithoutCancel(group[0].ctx), all)
	if err != nil && len(group) > 1 && soar.CodeOf(err) != soar.CodeUnavailable {
		for _, p := range group {
			g.commit([]*parcel{p})
		}
		return
	}
	for _, p := range group {
		if p.err = err; err == nil {
			p.stored, stored = stored[:len(p.alerts)], stored[len(p.alerts):]
		}
		close(p.done)
	}
}
