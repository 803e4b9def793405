package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Defaults of Options.
const (
	DefaultConcurrency = 8
	DefaultPoll        = 2 * time.Second
	DefaultLease       = time.Minute
	DefaultGrace       = 10 * time.Second
	DefaultParkAfter   = 3
)

// settleWithin bounds writing down how an item ended.
const settleWithin = 5 * time.Second

// Queue is where the items are. *store.Store is one.
type Queue interface {
	OutboxClaim(ctx context.Context, kinds []string, limit int, lease time.Duration) ([]soar.OutboxItem, error)
	OutboxListen(ctx context.Context) (<-chan struct{}, error)
	Settler
}

// Settler writes down how an item ended.
type Settler interface {
	OutboxDone(ctx context.Context, id int64) error
	OutboxRetry(ctx context.Context, id int64, problem string, next time.Time) error
	OutboxPark(ctx context.Context, id int64, problem string) error
}

// Meter is told what happens, for metrics. It must be quick and safe for many
// goroutines.
type Meter interface {
	// Handled tells of one attempt: result is done, retry or park.
	Handled(kind, result string, waited, took time.Duration)
}

// Handler carries out one item. A nil error means done. An error with
// soar.CodeInvalid, CodeNotFound, CodeConflict, CodeDenied or CodeUnauthenticated
// is permanent: tried a few times, then parked. Every other error is retried for
// ever, not before its RetryAfter.
type Handler func(ctx context.Context, item soar.OutboxItem) error

// Options of New. Queue and Handlers are needed; the rest has defaults.
type Options struct {
	Queue       Queue
	Handlers    map[string]Handler              // by kind; other kinds are left to others
	Backoff     func(attempt int) time.Duration // how long to wait after this attempt, from 1; nil: Backoff(nil)
	Now         func() time.Time                // nil: time.Now
	Concurrency int                             // handlers at once
	Poll        time.Duration                   // when nothing wakes it
	Lease       time.Duration                   // a handler is cancelled before its lease ends
	Grace       time.Duration                   // time for running handlers when Run ends
	ParkAfter   int                             // attempts at what fails permanently
	Meter       Meter                           // nil: none
	Logger      *slog.Logger                    // nil: slog.Default
}

// Dispatcher carries out items until it is stopped.
type Dispatcher struct {
	Options
	kinds []string
	free  chan struct{} // one token per handler that may start
	wake  chan struct{} // something may be claimable now
	busy  sync.WaitGroup
	last  atomic.Int64 // Unix nanoseconds of the last claim that the queue answered
}

// New makes a dispatcher.
func New(o Options) *Dispatcher {
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency)
	o.Poll = cmp.Or(o.Poll, DefaultPoll)
	o.Lease = cmp.Or(o.Lease, DefaultLease)
	o.Grace = cmp.Or(o.Grace, DefaultGrace)
	o.ParkAfter = cmp.Or(o.ParkAfter, DefaultParkAfter)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Backoff == nil {
		o.Backoff = Backoff(nil)
	}
	d := &Dispatcher{Options: o, free: make(chan struct{}, o.Concurrency), wake: make(chan struct{}, 1)}
	for kind := range o.Handlers {
		d.kinds = append(d.kinds, kind)
	}
	slices.Sort(d.kinds)
	for range o.Concurrency {
		d.free <- struct{}{}
	}
	return d
}

// Run carries out items until ctx ends. Then it claims no more, gives running
// handlers the grace, cancels those that are left, and returns when all are back.
// A queue that is away is no reason to end.
func (d *Dispatcher) Run(ctx context.Context) {
	// Handlers outlive ctx by the grace; their items are settled with it too.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var listening sync.WaitGroup
	listening.Go(func() { d.listen(ctx) })
	d.loop(ctx, work)
	stop := time.AfterFunc(d.Grace, cancel)
	defer stop.Stop()
	d.busy.Wait()
	listening.Wait()
}

func (d *Dispatcher) loop(ctx, work context.Context) {
	ticker := time.NewTicker(d.Poll)
	defer ticker.Stop()
	for {
		for d.step(ctx, work) {
		}
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-ticker.C:
		}
	}
}

// step waits for free handlers, claims as many items, and starts them. It says
// whether there may be more.
func (d *Dispatcher) step(ctx, work context.Context) bool {
	n := d.take(ctx)
	if n == 0 {
		return false
	}
	// With work's context: items claimed while ctx ends would wait for their lease.
	items, err := d.Queue.OutboxClaim(work, d.kinds, n, d.Lease)
	if err != nil {
		d.Logger.WarnContext(ctx, "outbox items cannot be claimed", "error", err)
	} else {
		d.last.Store(d.Now().UnixNano())
	}
	for range n - len(items) {
		d.free <- struct{}{}
	}
	for _, item := range items {
		d.busy.Go(func() {
			defer d.release()
			d.handle(work, item)
		})
	}
	return len(items) == n
}

// LastClaim tells when the queue was last asked for items and answered; zero when
// it never did.
func (d *Dispatcher) LastClaim() time.Time {
	nanos := d.last.Load()
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}

// take waits for one free handler and takes all that are free; 0 when ctx ends.
func (d *Dispatcher) take(ctx context.Context) int {
	if ctx.Err() != nil {
		return 0
	}
	select {
	case <-ctx.Done():
		return 0
	case <-d.free:
	}
	n := 1
	for {
		select {
		case <-d.free:
			n++
		default:
			return n
		}
	}
}

// release frees a handler; an item that waited behind this one may go now.
func (d *Dispatcher) release() {
	d.free <- struct{}{}
	d.nudge()
}

func (d *Dispatcher) nudge() {
	select {
	case d.wake <- struct{}{}:
	default: // one is waiting already
	}
}

// listen passes on what the queue says; while it cannot, the poll has to do.
func (d *Dispatcher) listen(ctx context.Context) {
	for ctx.Err() == nil {
		added, err := d.Queue.OutboxListen(ctx)
		if err != nil {
			d.Logger.WarnContext(ctx, "outbox cannot listen, it polls", "error", err)
			pause(ctx, d.Poll)
			continue
		}
		for range added {
			d.nudge()
		}
	}
}

func pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
