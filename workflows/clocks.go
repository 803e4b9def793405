package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// startClocks starts two alarms for each objective of the policy: the warning
// and the breach. Clocks run on whatever else happens, also while the incident
// is paused.
func (i *incident) startClocks(ctx workflow.Context) {
	for _, name := range i.Case.ObjectiveNames() {
		workflow.GoNamed(ctx, "objective "+name, func(ctx workflow.Context) {
			i.alarm(ctx, name, dueAt, "due", i.breach)
		})
		workflow.GoNamed(ctx, "warning "+name, func(ctx workflow.Context) {
			i.alarm(ctx, name, warnAt, "warning at", i.warn)
		})
	}
}

func dueAt(o *state.Objective) *time.Time { return &o.DueAt }

func warnAt(o *state.Objective) *time.Time {
	if o.Warned {
		return nil
	}
	return o.WarnAt
}

// alarm rings at the time that at gives while the objective runs. When the time
// changes, as it does with the severity, the timer is cancelled and a new one
// started: a timer's summary cannot change.
func (i *incident) alarm(ctx workflow.Context, name string, at func(*state.Objective) *time.Time, what string, ring func(*state.Objective)) {
	next := func() *time.Time {
		if o := i.Case.Objective(name); o != nil && o.Running() && !i.Case.Ended() {
			return at(o)
		}
		return nil
	}
	for {
		if err := workflow.Await(ctx, func() bool { return next() != nil }); err != nil {
			return
		}
		due := *next()
		changed := func() bool { now := next(); return now == nil || !now.Equal(due) }
		summary := fmt.Sprintf("SLA %s - %s - %s %s", name, i.Case.Incident.Severity, what, due.Format("2006-01-02 15:04 UTC"))
		if interpreter.WaitUntil(ctx, due, summary, changed) {
			ring(i.Case.Objective(name))
			i.Case.Journal.TouchObjectives()
			i.Touch()
		}
	}
}

func (i *incident) breach(o *state.Objective) {
	o.Breached = true
	i.tellClock(o, protocol.EventObjectiveBreached, interpreter.MessageObjectiveBreached, "breached", true)
}

func (i *incident) warn(o *state.Objective) {
	o.Warned = true
	i.tellClock(o, protocol.EventObjectiveWarning, interpreter.MessageObjectiveWarning, "about to be breached", false)
}

func (i *incident) tellClock(o *state.Objective, event, message, what string, urgent bool) {
	incident := i.Case.Incident
	text := fmt.Sprintf("Objective %s (%s) is %s: due %s", o.Name, incident.Severity, what, o.DueAt.Format("2006-01-02 15:04 UTC"))
	i.Tell(state.Entry{Kind: event, By: soar.System("clock"), Text: text, Data: o.Objective})
	i.Send(protocol.Message{
		Kind: message, Urgent: urgent, To: interpreter.Responders(incident),
		Subject: incident.ID + ": objective " + o.Name + " " + what,
		Body:    text + "\nIncident " + incident.ID + ": " + incident.Title + "\nAgreed in " + o.Policy + ".",
	})
}
