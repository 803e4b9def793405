package activities

import (
	"context"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// How long, and how often, the ledger is told how a call ended when the store
// stumbles: an answer that is not written down may have to be asked for again.
const (
	settleTime  = 10 * time.Second
	settleTries = 4
	settlePause = 250 * time.Millisecond
)

// move changes the entry's state. It is not ours when the entry is in none of the
// states from, which means that another attempt was faster.
func (t *attempt) move(ctx context.Context, to soar.LedgerState, change soar.LedgerChange, event *record.Payload, from ...soar.LedgerState) (ours bool, err error) {
	entry, err := t.deps.Store.LedgerMove(ctx, t.request.Key, from, to, change, event)
	if conflict(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t.entry = entry
	return true, nil
}

// moveFenced also demands that no later attempt has taken over.
func (t *attempt) moveFenced(ctx context.Context, to soar.LedgerState, change soar.LedgerChange, event *record.Payload, from ...soar.LedgerState) (ours bool, err error) {
	fence := t.entry.Attempts
	change.Fence = &fence
	return t.move(ctx, to, change, event, from...)
}

// settle is moveFenced for how a call ended: also when the attempt's time is over
// and when the store stumbles.
func (t *attempt) settle(ctx context.Context, to soar.LedgerState, change soar.LedgerChange, event record.Payload, from ...soar.LedgerState) (ours bool, err error) {
	fence := t.entry.Attempts
	change.Fence = &fence
	return t.insist(ctx, to, change, event, from...)
}

// insist moves although the attempt's own time may be over. A good answer is
// written down without a fence: whoever has it knows the truth.
func (t *attempt) insist(ctx context.Context, to soar.LedgerState, change soar.LedgerChange, event record.Payload, from ...soar.LedgerState) (ours bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	for range settleTries {
		ours, err = t.move(ctx, to, change, &event, from...)
		if err == nil || t.deps.Wait(ctx, settlePause) != nil {
			return ours, err
		}
	}
	return ours, err
}
