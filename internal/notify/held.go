package notify

import (
	"context"
	"strconv"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	lookEvery = 5 * time.Second
	atOnce    = 100 // recipients of one look
)

// messageOf gives the message that a notice is of, as far as a summary needs it.
func messageOf(n soar.Notice) protocol.Message {
	return protocol.Message{
		ID: n.MessageID, IncidentID: n.IncidentID, Kind: n.Kind, Subject: n.Subject, Body: n.Body, Urgent: n.Urgent, About: n.About, Audience: n.Audience, At: n.PlannedAt,
	}
}

// Run sends summaries of what is held, when it is due, and follows alerts that are
// open, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	place := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if _, err := s.Gather(ctx); err != nil && ctx.Err() == nil {
				s.o.Log.WarnContext(ctx, "what is held for people could not be sent", "error", err)
			}
			var err error
			if place, _, err = s.Follow(ctx, place); err != nil && ctx.Err() == nil {
				s.o.Log.WarnContext(ctx, "open alerts could not be followed", "error", err)
			}
		}
	}
}

// Gather puts one summary for each recipient with something due into the outbox and
// says how many.
func (s *Service) Gather(ctx context.Context) (summaries int, err error) {
	now := s.now()
	people, err := s.o.Ledger.Due(ctx, now, atOnce)
	if err != nil {
		return 0, err
	}
	for _, person := range people {
		summary := protocol.Message{
			ID:   "summary/" + soar.NoticeKey(person, strconv.FormatInt(now.UnixMicro(), 10), kindSummary),
			Kind: kindSummary, To: []soar.Approver{{Person: person}}, Subject: "Several messages", At: now,
		}
		count, err := s.o.Ledger.Gather(ctx, person, now, summary)
		if err != nil {
			return summaries, err
		}
		if count > 0 {
			summaries++
			s.count("", string(soar.NoticeCoalesced))
		}
	}
	return summaries, nil
}
