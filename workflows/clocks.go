package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/clocks"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// startClocks starts two alarms for each objective of the policy: the warning
// and the breach. Clocks run on whatever else happens, also while the incident
// is paused.
func (i *incident) startClocks(ctx workflow.Context) {
	names := i.Case.ObjectiveNames()
	if i.Case.ByRules() {
		names = objective.NamesOf(i.Case.Policy)
		workflow.GoNamed(ctx, "objectives", i.advanceLoop)
	}
	for _, name := range names {
		i.startAlarms(ctx, name)
	}
	for _, o := range i.Case.Objectives {
		if o.Duty != nil { // carried over from the run before
			i.startAlarms(ctx, o.Name)
		}
	}
}

func (i *incident) startAlarms(ctx workflow.Context, name string) {
	workflow.GoNamed(ctx, "objective "+name, func(ctx workflow.Context) {
		i.ring(ctx, name, dueAt, "due", i.breach)
	})
	workflow.GoNamed(ctx, "warning "+name, func(ctx workflow.Context) {
		i.ring(ctx, name, i.warnAt, "warning at", i.warn)
	})
}

func dueAt(o *state.Objective) *time.Time { return &o.DueAt }

// warnAt gives the next warning. A clock that is due warns no more: what comes is
// its breach.
func (i *incident) warnAt(o *state.Objective) *time.Time {
	if i.level >= 3 && !i.Now().Before(o.DueAt) {
		return nil
	}
	if o.Rule != "" {
		if o.Rung < len(o.Warns) {
			return &o.Warns[o.Rung]
		}
		return nil
	}
	if o.Warned {
		return nil
	}
	return o.WarnAt
}

// ring rings at the time that at gives while the objective runs. When the time
// changes, as it does with the severity, the timer is cancelled and a new one
// started: a timer's summary cannot change.
func (i *incident) ring(ctx workflow.Context, name string, at func(*state.Objective) *time.Time, what string, act func(*state.Objective)) {
	next := func() *time.Time {
		if o := i.Case.Objective(name); o != nil && o.Running() && !o.Paused() && !i.Case.Ended() {
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
		summary := fmt.Sprintf("SLA %s - %s - %s %s", name, i.Case.Incident.Severity, what, soar.Minute(due))
		if i.Case.ByRules() {
			summary = clocks.Summary(name, i.Case.Incident.Severity, what, due)
		}
		if interpreter.WaitUntil(ctx, due, summary, changed) {
			act(i.Case.Objective(name))
			i.Case.Journal.TouchObjectives()
			i.Touch()
		}
	}
}

// advanceLoop looks at the rules on every change of state.
func (i *incident) advanceLoop(ctx workflow.Context) {
	desk := i.desk()
	for seen := -1; ; {
		if err := workflow.Await(ctx, func() bool { return i.Changes() != seen }); err != nil {
			return
		}
		seen = i.Changes()
		if desk.Advance(ctx, i.Now()) > 0 {
			i.Touch()
		}
		opened, changed := desk.AdvanceDuties(ctx, i.Now())
		i.openDuties(ctx, opened)
		if changed {
			i.Touch()
		}
	}
}

func (i *incident) desk() clocks.Desk {
	return clocks.Desk{Case: i.Case, Evaluate: i.flows.exprs.Evaluate, Count: i.flows.counter, Duties: i.flows.duties, Ends: i.level >= 3}
}

func (i *incident) breach(o *state.Objective) {
	o.Breached = true
	var actions []protocol.ObjectiveAction
	if rule := i.Case.Rule(o); rule != nil {
		actions = rule.OnBreach
	}
	late := clocks.Late(o, o.DueAt, i.Now())
	if missed := len(o.Warns) - o.Rung; i.level >= 3 && missed > 0 {
		o.Rung = len(o.Warns)
		late += "; " + state.Plural(missed, "warning") + " before it left out"
	}
	i.tellClock(o, alarm{protocol.EventObjectiveBreached, interpreter.MessageObjectiveBreached, "breached", late, true}, actions)
}

// warn tells the warning that is due; of several, the last, which also speaks for
// those before it.
func (i *incident) warn(o *state.Objective) {
	o.Warned = true
	var actions []protocol.ObjectiveAction
	late := ""
	if rule := i.Case.Rule(o); rule != nil {
		actions = rule.OnWarning
	}
	if o.Rung < len(o.Warns) {
		first := o.Rung
		for i.level >= 3 && o.Rung+1 < len(o.Warns) && !i.Now().Before(o.Warns[o.Rung+1]) {
			o.Rung++
		}
		late = clocks.Late(o, o.Warns[o.Rung], i.Now())
		if missed := o.Rung - first; missed > 0 {
			late += "; " + state.Plural(missed, "warning") + " before it left out"
		}
		o.Rung++
		o.WarnAt = &o.Warns[min(o.Rung, len(o.Warns)-1)]
	}
	i.tellClock(o, alarm{protocol.EventObjectiveWarning, interpreter.MessageObjectiveWarning, "about to be breached", late, false}, actions)
}

// alarm is what an alarm tells.
type alarm struct {
	event, message, what, late string
	urgent                     bool
}

// tellClock tells an alarm to the record and to people, and carries out what the
// rule says.
func (i *incident) tellClock(o *state.Objective, a alarm, actions []protocol.ObjectiveAction) {
	incident := i.Case.Incident
	noun := "Objective"
	if o.Duty != nil {
		noun = "Duty"
	}
	text := fmt.Sprintf(noun+" %s (%s) is %s: due %s%s", o.Name, incident.Severity, a.what, soar.Minute(o.DueAt), a.late)
	i.Tell(state.Entry{Kind: a.event, By: soar.System("clock"), Text: text, Data: o.Objective})
	to := interpreter.Responders(incident)
	for _, action := range actions {
		for _, role := range action.Notify {
			to = append(to, soar.Approver{Role: role})
		}
	}
	what := a.what
	i.Send(protocol.Message{
		Kind: a.message, Urgent: a.urgent, To: to,
		Subject: incident.ID + ": objective " + o.Name + " " + what,
		Body:    text + "\nIncident " + incident.ID + ": " + incident.Title + "\nAgreed in " + o.Policy + ".",
	})
	for _, action := range actions {
		if len(action.Declare) > 0 {
			i.Case.Declare(protocol.Declare{Facts: action.Declare}, soar.System("clock"), "", i.Now())
		}
		if action.Escalate != "" {
			i.Case.Escalate(soar.Escalation{Policy: action.Escalate, Reason: text, StartedBy: soar.System("clock")}, i.Now())
		}
	}
}
