package interpreter

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// undoRetry is how an undo is tried again: patiently, for about an hour.
func undoRetry() plan.Retry {
	return plan.Retry{
		MaxAttempts: 15, Initial: 5 * time.Second, Backoff: 2, Maximum: 5 * time.Minute,
		On: []string{protocol.ErrorTransient, protocol.ErrorLimited},
	}
}

// keep watches one containment until it is released: by its clock, or by order.
// Only its keeper ever takes it back, so it happens once.
func (m *Machine) keep(held *state.Containment) {
	if m.kept[held.ID] {
		return
	}
	m.kept[held.ID] = true
	workflow.GoNamed(m.ctx, "containment "+held.ID, func(ctx workflow.Context) {
		defer delete(m.kept, held.ID)
		for held.Due() {
			if held.Release == nil {
				m.awaitClock(ctx, held)
			}
			if held.Release != nil {
				m.undo(ctx, held)
			}
		}
	})
}

// awaitClock waits for the end of the containment's time or for an order. While
// the incident is paused the clock gives no order: nothing automatic happens.
func (m *Machine) awaitClock(ctx workflow.Context, held *state.Containment) {
	until := *held.Until
	moved := func() bool { return held.Release != nil || held.Until == nil || !held.Until.Equal(until) }
	summary := fmt.Sprintf("Release %s %s - due %s", held.Action, held.Target, soar.Minute(until))
	if !WaitUntil(ctx, until, summary, moved) {
		return
	}
	block(ctx, func() bool { return moved() || !m.Case.Incident.Paused })
	if !moved() {
		held.Release = &state.Release{Order: state.Order{By: soar.System("clock"), Reason: "its time is up"}, Clock: true}
	}
}

// Release orders a containment to be taken back now.
func (m *Machine) Release(held *state.Containment, order state.Release) {
	held.Release = &order
	if held.State == state.ContainmentReleaseFailed {
		held.State = state.ContainmentActive
	}
	m.Touch()
	m.keep(held)
}

// Keep starts the clock of a containment whose time was moved.
func (m *Machine) Keep(held *state.Containment) {
	m.Touch()
	if held.Due() {
		m.keep(held)
	}
}

// undo takes the containment back, or says that it could not.
func (m *Machine) undo(ctx workflow.Context, held *state.Containment) {
	order := held.Release
	run := m.Case.RunOf(held.StepPath)
	e := &errand{
		retry: undoRetry(), attempt: time.Minute, total: time.Hour, title: "Undo " + held.Action + " " + held.Target,
		wake: &held.Wake, rounds: new(int), flying: new(bool),
		request: protocol.ActionRequest{
			IncidentID: m.Case.Incident.ID, RunID: runIDOf(run), StepKey: held.StepPath, Playbook: held.Playbook,
			PlaybookDigest: held.Digest, Connector: held.Connector, Action: held.Name, Args: orEmpty(held.UndoArgs), Risk: undoRisk,
			Target: held.Target, Undoes: held.ID,
			Key: protocol.IdempotencyKey(m.Case.Incident.ID, held.StepPath, "undo:"+held.ID+":"+held.Undo, held.Target, held.Attempts),
		},
	}
	reply, _, err := m.carryOut(ctx, e)
	held.Release = nil
	if err == nil && reply.Outcome == protocol.OutcomeDone {
		m.released(held, order)
		return
	}
	problem := reply.Error
	if err != nil {
		problem = describe(err)
	}
	m.releaseFailed(held, order, problem)
}

func runIDOf(run *state.Run) string {
	if run == nil {
		return ""
	}
	return run.ID
}

func (m *Machine) released(held *state.Containment, order *state.Release) {
	now := m.Now()
	held.State, held.ReleasedAt, held.Automatic = state.ContainmentReleased, &now, order.Clock
	m.Case.TouchContainment(held)
	m.Tell(state.Entry{
		Kind: protocol.EventReleased, By: order.By, Step: held.StepPath,
		Text: held.Action + " on " + held.Target + " was taken back: " + order.Reason, Data: held.Containment,
	})
	if !order.Compensate {
		return
	}
	if _, rec := m.Case.Record(held.StepPath); rec != nil && rec.Status == soar.StepSucceeded {
		m.Case.EndStep(rec, soar.StepCompensated, order.Reason, now)
		m.Tell(state.Entry{Kind: protocol.EventStepCompensated, By: order.By, Step: held.StepPath, Text: rec.Title + ": compensated"})
	}
}

func (m *Machine) releaseFailed(held *state.Containment, order *state.Release, problem string) {
	held.State = state.ContainmentReleaseFailed
	held.Attempts++
	m.Case.TouchContainment(held)
	text := held.Action + " on " + held.Target + " could not be taken back: " + problem
	m.Tell(state.Entry{Kind: protocol.EventReleaseFailed, By: order.By, Step: held.StepPath, Text: text, Data: held.Containment})
	m.Send(protocol.Message{
		Kind: MessageNeedsDecision, Urgent: true, To: m.responders(),
		Subject: "Still held: " + held.Target + " in " + m.Case.Incident.ID,
		Body:    text + "\nTake it back by hand, or order its release again.",
	})
}

// undoLost tells that an effect cannot be taken back by the product.
func (m *Machine) undoLost(held *state.Containment, run *state.Run, err error) {
	text := held.Action + " on " + held.Target + " cannot be taken back by itself: " + err.Error()
	m.Tell(state.Entry{Kind: protocol.EventReleaseFailed, By: actor(run), Step: held.StepPath, Text: text})
	m.Send(protocol.Message{
		Kind: MessageNeedsDecision, Urgent: true, To: m.responders(),
		Subject: "No undo for " + held.Target + " in " + m.Case.Incident.ID, Body: text,
	})
}
