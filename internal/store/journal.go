package store

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// JournalWrite takes over what an incident's workflow reports, in one
// transaction: new events into the record, views into the projection, messages
// into the outbox. Events up to the last one written are skipped, so a batch may
// come again and batches may overlap; a batch that is altogether older than what
// is written changes nothing, since its views are older too. An event that leaves
// a gap is a conflict; a view of another incident is invalid.
func (s *Store) JournalWrite(ctx context.Context, b protocol.JournalBatch) (protocol.JournalReceipt, error) {
	const op = "store.JournalWrite"
	if err := checkJournal(op, b); err != nil {
		return protocol.JournalReceipt{}, err
	}
	rows, err := newViews(op, b)
	if err != nil {
		return protocol.JournalReceipt{}, err
	}
	var receipt protocol.JournalReceipt
	err = s.write(ctx, op, func(ctx context.Context, t *tx) error {
		incident, err := t.IncidentLock(ctx, b.IncidentID)
		if err != nil {
			return postgres.Missing(op, err, "incident", b.IncidentID)
		}
		receipt.LastSeq = incident.JournalSeq
		fresh, stale, err := newEvents(op, b.Events, incident.JournalSeq)
		if err != nil || stale {
			return err
		}
		if len(fresh) > 0 {
			receipt.LastSeq = fresh[len(fresh)-1].Seq
			if err := t.later.JournalSeq(ctx, sqlcgen.JournalSeqParams{ID: b.IncidentID, JournalSeq: receipt.LastSeq}); err != nil {
				return err
			}
		}
		if err := rows.write(ctx, t); err != nil {
			return err
		}
		if err := t.append(ctx, b.IncidentID, payloads(fresh)...); err != nil {
			return err
		}
		for _, message := range b.Messages {
			message.IncidentID = b.IncidentID
			if err := t.enqueueMessage(ctx, message); err != nil {
				return err
			}
		}
		return nil
	})
	return receipt, err
}

// newEvents gives the events that are not written yet, and whether all that the
// batch says is older than what is.
func newEvents(op string, events []protocol.TimelineEvent, last int64) (fresh []protocol.TimelineEvent, stale bool, err error) {
	for i, e := range events {
		if e.Seq > last {
			fresh = events[i:]
			break
		}
	}
	if len(fresh) == 0 {
		return nil, len(events) > 0 && events[len(events)-1].Seq < last, nil
	}
	if fresh[0].Seq != last+1 {
		return nil, false, soar.Errorf(soar.CodeConflict, op, "event %d is expected next, got %d", last+1, fresh[0].Seq)
	}
	return fresh, false, nil
}

func payloads(events []protocol.TimelineEvent) []record.Payload {
	out := make([]record.Payload, 0, len(events))
	for _, e := range events {
		out = append(out, record.Payload{At: e.At, Kind: e.Kind, By: e.By, Step: e.Step, Text: e.Text, Data: e.Data})
	}
	return out
}

// checkJournal refuses what would mix up incidents or lose order.
func checkJournal(op string, b protocol.JournalBatch) error {
	for i, e := range b.Events {
		if e.Seq < 1 || i > 0 && e.Seq != b.Events[i-1].Seq+1 {
			return soar.Errorf(soar.CodeInvalid, op, "events are not numbered one after the other at %d", e.Seq)
		}
	}
	var named []string
	if b.Incident != nil {
		named = append(named, b.Incident.ID)
	}
	for _, a := range b.Approvals {
		named = append(named, a.IncidentID)
	}
	for _, t := range b.Tasks {
		named = append(named, t.IncidentID)
	}
	for _, c := range b.Containments {
		named = append(named, c.IncidentID)
	}
	for _, id := range named {
		if id != b.IncidentID {
			return soar.Errorf(soar.CodeInvalid, op, "the journal of incident %.80q holds a view of %.80q", b.IncidentID, id)
		}
	}
	for _, m := range b.Messages {
		if m.ID == "" {
			return soar.Errorf(soar.CodeInvalid, op, "a message needs an id")
		}
	}
	return nil
}
