package notify

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

const lateText = "Not told late: "

// dropAll notes of everything that a summary holds that it is over.
func (r *round) dropAll(ctx context.Context) error {
	held, err := r.s.o.Ledger.Summarised(ctx, r.m.ID)
	if err != nil {
		return err
	}
	for i := range held {
		about, err := r.s.look(ctx, messageOf(held[i]))
		if err != nil {
			return err
		}
		held[i].Problem = about.over
	}
	return r.drop(ctx, held)
}

// drop notes of messages that were held that they are not told any more, and why.
func (r *round) drop(ctx context.Context, held []soar.Notice) error {
	for _, row := range held {
		if row.State != soar.NoticeCoalesced || row.Problem == "" {
			continue // noted before
		}
		row.State, row.ChangedAt = soar.NoticeSkipped, r.s.now()
		r.s.count(row.Way, string(soar.NoticeSkipped))
		event := r.event(lateText+row.Problem, row)
		if err := r.note(ctx, row, &event); err != nil {
			return err
		}
	}
	return nil
}
