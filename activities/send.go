package activities

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	maxSends  = 2               // calls of one attempt: the first, and one more where that does no harm
	callGrace = 2 * time.Second // a connector has after its time is over
)

// gate is the connector's Sent: the last point at which an action can be held
// back. What it found is read when it is closed.
type gate struct {
	t *attempt

	mu       sync.Mutex
	closed   bool // the call is over or given up; what comes later is too late
	told     bool // bytes may have left
	lost     bool // another attempt took over
	frozen   *soar.Freeze
	storeErr error
}

// pass asks the kill switch once more and moves the entry to sent, unless a later
// attempt has it.
func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errors.New("the call was given up")
	}
	if g.told {
		return nil // a connector that makes several calls tells once
	}
	if g.t.action.Risk.Writes() {
		freeze, err := g.t.deps.Store.FreezeGet(ctx)
		if err != nil {
			g.storeErr = err
			return err
		}
		if guard.Frozen(freeze, g.t.ref()) {
			g.frozen = &freeze
			return errors.New("the kill switch is on")
		}
	}
	return g.note(ctx)
}

func (g *gate) note(ctx context.Context) error {
	from := soar.LedgerIntent
	if g.t.maybe {
		from = soar.LedgerSent
	}
	ours, err := g.t.moveFenced(ctx, soar.LedgerSent, soar.LedgerChange{}, nil, from)
	if err != nil {
		g.storeErr = err
		return err
	}
	if !ours {
		g.lost = true
		return errors.New("another attempt took over")
	}
	g.told = true
	return nil
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// send makes the call and settles the entry by how it ended.
func (t *attempt) send(ctx context.Context) (protocol.ActionResult, bool, error) {
	t.sends++
	g := &gate{t: t}
	result, err := t.call(ctx, t.request.Action, t.request.Args, g)
	defer t.release()
	failure := connector.Classify(err, g.told || t.maybe)
	switch {
	case failure == nil:
		return t.confirm(ctx, g, result)
	case g.lost:
		return t.stale()
	case g.storeErr != nil:
		return protocol.ActionResult{}, false, passOn(g.storeErr)
	case g.frozen != nil:
		return t.frozen(ctx, g.frozen)
	case guard.AfterCall(string(failure.Class)).Ask:
		return t.unclear(ctx, g, failure)
	case t.maybe:
		return t.stillUnclear(ctx, failure)
	default:
		return t.notDone(ctx, failure)
	}
}

// stale ends an attempt that a later one has overtaken. What it answers is not
// read by anybody; what it knows is in the ledger.
func (t *attempt) stale() (protocol.ActionResult, bool, error) {
	return protocol.ActionResult{}, false, again(errorUnknown, "another attempt at "+t.ref()+" took over", 0)
}

// frozen ends an attempt that the kill switch stopped at the last moment.
func (t *attempt) frozen(ctx context.Context, freeze *soar.Freeze) (protocol.ActionResult, bool, error) {
	reason := "the kill switch was turned on: " + freeze.Reason
	if !t.maybe {
		return t.refused(ctx, guard.Verdict{Rule: guard.RuleFreeze, Reason: reason})
	}
	t.sends = maxSends
	return t.ask(ctx, reason)
}

// call runs the connector with its time, and bears that it crashes or hangs.
func (t *attempt) call(ctx context.Context, action string, args map[string]any, g *gate) (result connector.Result, err error) {
	limit := t.request.Timeout
	if limit <= 0 {
		limit = t.action.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	t.release = cancel // by the caller: evidence may still be streaming
	call := connector.Call{Action: action, Args: args, Key: t.request.Key, IncidentID: t.request.IncidentID}
	if g != nil {
		call.Sent = g.pass
		defer g.close()
	}
	type reply struct {
		result connector.Result
		err    error
	}
	replies := make(chan reply, 1)
	go func() {
		result, err := bearing(ctx, t.instance, call)
		replies <- reply{result, err}
	}()
	late, stop := lateness(ctx)
	defer stop()
	select {
	case r := <-replies:
		return r.result, r.err
	case <-late:
		return connector.Result{}, fmt.Errorf("the connector did not come back: %w", ctx.Err())
	}
}

// lateness fires a moment after ctx has ended.
func lateness(ctx context.Context) (late <-chan struct{}, stop func()) {
	fired, ended := make(chan struct{}), make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
			return
		}
		if wait(context.WithoutCancel(ctx), callGrace) == nil {
			close(fired)
		}
	}()
	return fired, func() { close(ended) }
}

// bearing turns a crash of a connector into an error that says nothing of the
// effect; what it printed may hold anything, so it stays out.
func bearing(ctx context.Context, instance connector.Instance, call connector.Call) (result connector.Result, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the connector crashed")
		}
	}()
	return instance.Do(ctx, call)
}

// notDone settles a call of which it is sure that nothing happened: back to the
// intent when another attempt will come, failed otherwise.
func (t *attempt) notDone(ctx context.Context, failure *connector.Error) (protocol.ActionResult, bool, error) {
	class := string(failure.Class)
	change := soar.LedgerChange{Error: failure.Message}
	if guard.AfterCall(class).Retry && !t.last(class) {
		if t.entry.State == soar.LedgerSent {
			event := t.outcomeEvent("did not happen and is tried again", soar.LedgerIntent, failure)
			ours, err := t.settle(ctx, soar.LedgerIntent, change, event, soar.LedgerSent)
			if err != nil {
				return protocol.ActionResult{}, false, passOn(err)
			}
			if !ours {
				return t.stale()
			}
		}
		return protocol.ActionResult{}, false, again(class, failure.Message, failure.RetryAfter)
	}
	event := t.outcomeEvent("failed", soar.LedgerFailed, failure)
	ours, err := t.settle(ctx, soar.LedgerFailed, change, event, soar.LedgerIntent, soar.LedgerSent)
	if err == nil && !ours {
		return t.stale()
	}
	return failed(failure.Class, failure.Message), ours, passOn(err)
}

// unclear is a call without a clear answer: the connector is asked, once.
func (t *attempt) unclear(ctx context.Context, g *gate, failure *connector.Error) (protocol.ActionResult, bool, error) {
	if t.entry.State == soar.LedgerIntent && !g.told {
		// A connector that does not know whether it sent anything has not told
		// the ledger either. It is taken for sent.
		ours, err := t.taken(ctx)
		if err != nil {
			return protocol.ActionResult{}, false, passOn(err)
		}
		if !ours {
			return t.stale()
		}
	}
	return t.ask(ctx, failure.Message)
}

// taken moves an intent to sent after the call.
func (t *attempt) taken(ctx context.Context) (ours bool, err error) {
	return t.moveFenced(context.WithoutCancel(ctx), soar.LedgerSent, soar.LedgerChange{}, nil, soar.LedgerIntent)
}

// stillUnclear is a repeated call that surely did nothing: the earlier one is as
// unclear as before. Another attempt may clear it up; the last one asks, and then
// leaves it to a person.
func (t *attempt) stillUnclear(ctx context.Context, failure *connector.Error) (protocol.ActionResult, bool, error) {
	if guard.AfterCall(string(failure.Class)).Retry && !t.last(errorUnknown) {
		return protocol.ActionResult{}, false, again(errorUnknown, failure.Message, failure.RetryAfter)
	}
	t.sends = maxSends
	return t.ask(ctx, failure.Message)
}
