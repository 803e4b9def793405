package interpreter

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
)

// flushLoop writes the journal whenever something waits: all that happened
// since the workflow last stood still goes in one batch. It is the only writer.
//
// A local activity costs one event and no round trip, but holds the workflow
// task, and updates wait behind it. So it is tried twice in a row only; then the
// pause is a timer, up to a minute, in which people can act and the workflow can
// continue as new with what is unwritten. Nothing is ever dropped.
func (m *Machine) flushLoop(ctx workflow.Context) {
	journal := &m.Case.Journal
	for {
		block(ctx, journal.Pending)
		if journal.Wake != nil {
			WaitUntil(ctx, *journal.Wake, "Store is away: write the record again", never)
			journal.Wake = nil
		}
		m.flushOnce(ctx)
	}
}

func (m *Machine) flushOnce(ctx workflow.Context) {
	taken := m.Case.Take()
	m.flying++
	err := m.write(ctx, taken.Batch)
	m.flying--
	m.worked++
	if err == nil {
		m.Case.Done(taken)
		return
	}
	workflow.GetLogger(ctx).Warn("The record cannot be written now.", "incident", m.Case.Incident.ID, "error", err)
	m.Case.Back(taken, m.Now().Add(flushPause(m.Case.Journal.Failures)))
}

func (m *Machine) write(ctx workflow.Context, batch protocol.JournalBatch) error {
	var receipt protocol.JournalReceipt
	return workflow.ExecuteLocalActivity(soon(ctx, "Write the record"), protocol.ActivityJournal, batch).Get(ctx, &receipt)
}

// soon bounds a local activity that asks the store: it ends before updates that wait
// behind it give up.
func soon(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    4 * time.Second,
		ScheduleToCloseTimeout: 9 * time.Second,
		Summary:                summary,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 1, MaximumAttempts: 2},
	})
}

// flushPause grows from a second to a minute.
func flushPause(failures int) time.Duration {
	return min(time.Second<<min(failures, 6), time.Minute)
}
