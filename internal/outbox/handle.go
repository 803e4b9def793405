package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Results that a Meter is told.
const (
	resultDone  = "done"
	resultRetry = "retry"
	resultPark  = "park"
)

// handle carries out one item and settles it.
func (d *Dispatcher) handle(ctx context.Context, item soar.OutboxItem) {
	began := d.Now()
	err := d.carryOut(ctx, item)
	result, settleErr := d.settle(ctx, item, err)
	if settleErr != nil {
		// The lease ends by itself, and the item comes again.
		d.Logger.WarnContext(ctx, "outbox item cannot be settled", "id", item.ID, "kind", item.Kind, "result", result, "error", settleErr)
	}
	if err != nil {
		d.Logger.WarnContext(ctx, "outbox item failed", "id", item.ID, "kind", item.Kind, "key", item.Key, "attempt", item.Attempts, "result", result, "error", err)
	}
	if d.Meter != nil {
		d.Meter.Handled(item.Kind, result, began.Sub(item.CreatedAt), d.Now().Sub(began))
	}
}

// carryOut runs the handler within nine tenths of the lease: it must be over
// before somebody else may claim the item. A panic fails this one item.
func (d *Dispatcher) carryOut(ctx context.Context, item soar.OutboxItem) (err error) {
	handler, ok := d.Handlers[item.Kind]
	if !ok {
		return soar.Errorf(soar.CodeInternal, "outbox.handle", "no handler for kind %q", item.Kind)
	}
	ctx, cancel := context.WithTimeout(ctx, d.Lease-d.Lease/10)
	defer cancel()
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("handler of %s panicked: %v\n%s", item.Kind, caught, debug.Stack())
		}
	}()
	return handler(ctx, item)
}

func (d *Dispatcher) settle(ctx context.Context, item soar.OutboxItem, err error) (string, error) {
	// Also at the end, when ctx is cancelled: what was done must be known.
	stopped := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	switch {
	case err == nil:
		return resultDone, d.Queue.OutboxDone(ctx, item.ID)
	case permanent(err) && item.Attempts >= d.ParkAfter:
		return resultPark, d.Queue.OutboxPark(ctx, item.ID, err.Error())
	default:
		wait := max(d.Backoff(item.Attempts), retryAfter(err))
		if stopped {
			wait = 0 // we gave it up, not the world: another process may have it at once
		}
		return resultRetry, d.Queue.OutboxRetry(ctx, item.ID, err.Error(), d.Now().Add(wait))
	}
}

// permanent tells errors that the same item will give again.
func permanent(err error) bool {
	switch soar.CodeOf(err) {
	case soar.CodeInvalid, soar.CodeNotFound, soar.CodeConflict, soar.CodeDenied, soar.CodeUnauthenticated:
		return true
	default:
		return false
	}
}

func retryAfter(err error) time.Duration {
	if coded, ok := errors.AsType[*soar.Error](err); ok {
		return coded.RetryAfter
	}
	return 0
}

// Bounds of Backoff.
const (
	backoffFirst = time.Second
	backoffMost  = 5 * time.Minute
)

// Backoff gives a wait that doubles from one second to five minutes, of which the
// upper half is spread by random, a number from 0 up to 1: many items that failed
// together must not come back together. With nil nothing is spread.
func Backoff(random func() float64) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		wait := backoffMost
		if attempt < 10 { // 2^9 seconds are more than the most
			wait = min(backoffMost, backoffFirst<<max(0, attempt-1))
		}
		if random == nil {
			return wait
		}
		return wait/2 + time.Duration(random()*float64(wait/2))
	}
}
