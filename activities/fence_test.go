package activities

import (
	"context"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// running is one attempt that a test holds at a point.
type running struct {
	stopper *stopper
	ended   chan struct{}
	result  protocol.ActionResult
	err     error
}

// holdAt starts an attempt and waits until it stands at the named point.
func (b *bench) holdAt(r protocol.ActionRequest, where string) *running {
	b.t.Helper()
	held := &running{stopper: newStopper(0), ended: make(chan struct{})}
	held.stopper.name = where
	go func() {
		defer close(held.ended)
		held.result, held.err = b.acts.run(held.stopper.in(context.WithoutCancel(b.t.Context())), r, never)
	}()
	select {
	case <-held.stopper.reached:
	case <-time.After(20 * time.Second):
		b.t.Fatalf("%s was not reached", where)
	}
	return held
}

func (h *running) wake(t *testing.T) {
	t.Helper()
	close(h.stopper.resume)
	select {
	case <-h.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
}

// F23: an attempt that was stopped before it told the ledger wakes up when another
// one has taken over but has not sent yet. The older one loses.
func TestOlderAttemptLoses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.step = stopHere
	r := request("directory.reset_password", user("clerk-17"))
	older := b.holdAt(r, "LedgerMove sent before")
	newer := b.holdAt(r, "LedgerMove sent before")
	older.wake(t)
	_ = wantType(t, older.err, errorUnknown)
	if len(b.lab.Effects()) != 0 {
		t.Error("the older attempt sent")
	}
	b.state(r, soar.LedgerIntent)
	newer.wake(t)
	if newer.err != nil || newer.result.Outcome != protocol.OutcomeDone || len(b.lab.Effects()) != 1 {
		t.Errorf("%+v, %v, %d effects", newer.result, newer.err, len(b.lab.Effects()))
	}
}

// What an overtaken attempt believes to know must not undo what the newer one is
// doing: "nothing happened" is true of its own call only.
func TestOvertakenAttemptSettlesNothing(t *testing.T) {
	t.Parallel()
	rows := map[string]connector.Class{"nothing happened": connector.Transient, "refused for good": connector.Permanent, "no answer": connector.Unknown}
	for name, class := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := make(chan int, 8)
			calls <- 1
			b, r := oddBench(t, manifest.Action{Risk: soar.RiskChange, Target: "host", Idempotent: true}, func(ctx context.Context, c connector.Call) (connector.Result, error) {
				call := <-calls
				calls <- call + 1
				if err := c.Sent(ctx); err != nil {
					return connector.Result{}, &connector.Error{Class: connector.Transient, Message: "not sent", Err: err}
				}
				stopHere(ctx, "sent")
				if call == 1 {
					return connector.Result{}, &connector.Error{Class: class, Message: "odd"}
				}
				return connector.Result{}, nil
			})
			b.store.step = stopHere
			older := b.holdAt(r, "sent")
			newer := b.holdAt(r, "sent")
			older.wake(t)
			b.state(r, soar.LedgerSent)
			_ = wantType(t, older.err, errorUnknown)
			newer.wake(t)
			if result := b.must(r); result.Outcome != protocol.OutcomeDone {
				t.Errorf("%+v", result)
			}
			b.state(r, soar.LedgerConfirmed)
		})
	}
}
