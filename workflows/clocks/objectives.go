package clocks

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// Counter counts working time by the calendars of a policy; see package
// internal/deadline/timeline.
type Counter func(protocol.ObjectivePolicy) func(objective.Query) (objective.Instants, error)

// Desk keeps the clocks of one case.
type Desk struct {
	Case     *state.Case
	Evaluate func(source string, vars map[string]any) (any, error)
	Count    Counter                                  // nil: working time cannot be counted
	Duties   func(protocol.DutyQuery) protocol.Duties // nil: there are no duties
	Ends     bool                                     // see objective.Engine
}

// counted is what the side effect records.
type counted struct {
	objective.Instants
	Error string `json:"error,omitempty"`
}

// count answers a query of the engine.
func (d Desk) count(ctx workflow.Context) func(objective.Query) (objective.Instants, error) {
	return func(q objective.Query) (objective.Instants, error) {
		if q.Calendar == "" {
			return objective.Count(q, objective.Always{})
		}
		var answer counted
		effect := workflow.SideEffect(ctx, func(workflow.Context) any {
			if d.Count == nil {
				return counted{Error: "this worker has no calendars"}
			}
			instants, err := d.Count(d.Case.Policy)(q)
			if err != nil {
				return counted{Error: err.Error()}
			}
			return counted{Instants: instants}
		})
		if err := effect.Get(&answer); err != nil {
			return objective.Instants{}, err
		}
		if answer.Error != "" {
			return objective.Instants{}, errors.New(answer.Error)
		}
		return answer.Instants, nil
	}
}

// Advance brings the objectives up to date with the case and tells what changed.
// It gives how many did.
func (d Desk) Advance(ctx workflow.Context, now time.Time) int {
	playbooks := d.Case.Playbooks()
	situation, err := objective.Situate(d.Case.Incident, playbooks)
	if err != nil {
		// Facts that no expression can read: conditions do, and say so one by one.
		situation = objective.Situation{Incident: d.Case.Incident, Playbooks: playbooks}
	}
	engine := objective.Engine{Ends: d.Ends, Policy: d.Case.Policy, Evaluate: d.Evaluate, Count: d.count(ctx)}
	var before []objective.Clock
	var duties []*state.Objective
	for _, o := range d.Case.Objectives {
		if o.Duty != nil {
			duties = append(duties, o)
			continue
		}
		before = append(before, objective.Clock{Objective: o.Objective, Warns: o.Warns, Rung: o.Rung})
	}
	after, changes := engine.Advance(before, situation, now)
	if len(changes) == 0 {
		return 0
	}
	var kept []*state.Objective
	for _, clock := range after {
		kept = append(kept, d.keep(clock, now))
	}
	kept = append(kept, duties...)
	d.Case.Objectives = kept
	for _, change := range changes {
		d.tell(change, now)
	}
	d.Case.Journal.TouchObjectives()
	return len(changes)
}

// keep gives a clock as the case has it. Since says from when on it is due when it
// is due now.
func (d Desk) keep(clock objective.Clock, now time.Time) *state.Objective {
	o := &state.Objective{Objective: clock.Objective, Warned: clock.Rung > 0, Warns: clock.Warns, Rung: clock.Rung, Since: &now}
	if former := d.Case.Objective(clock.Name); former != nil && former.DueAt.Equal(clock.DueAt) {
		o.Since = former.Since
	}
	return o
}

// tell puts a change into the journal. That a clock started is not worth a line:
// its due time stands beside it.
func (d Desk) tell(change objective.Change, now time.Time) {
	o := change.Clock.Objective
	due := soar.Minute(o.DueAt)
	entry := state.Entry{Kind: protocol.EventObjectiveChanged, By: soar.System("clock"), Data: o}
	switch change.Kind {
	case objective.Met:
		d.Case.TellMet(&state.Objective{Objective: o}, soar.System("clock"), now)
		return
	case objective.Counted:
		was := o.History[len(o.History)-1]
		entry.Text = fmt.Sprintf("Objective %s is counted anew by %s: due %s, before that %s (%s)", o.Name, o.Rule, due, soar.Minute(was.DueAt), was.Rule)
	case objective.Paused:
		entry.Text = fmt.Sprintf("Objective %s rests; it was due %s", o.Name, due)
	case objective.Resumed:
		entry.Text = fmt.Sprintf("Objective %s runs on: due %s", o.Name, due)
	case objective.Dropped:
		entry.Text = fmt.Sprintf("Objective %s no longer holds: no rule of the policy fits", o.Name)
	case objective.Ended:
		entry.Text = fmt.Sprintf("Objective %s ends %s: %s", o.Name, o.Ended.As, o.Ended.Why)
	case objective.Failed:
		entry.Text = fmt.Sprintf("Objective %s runs on although %s", o.Name, o.Fault)
	default:
		return
	}
	d.Case.Tell(now, entry)
}

// Priority gives the short name of a severity in timers: P1 is critical.
func Priority(severity soar.Severity) string {
	switch severity {
	case soar.SeverityCritical:
		return "P1"
	case soar.SeverityHigh:
		return "P2"
	case soar.SeverityMedium:
		return "P3"
	case soar.SeverityLow:
		return "P4"
	default:
		return "P5"
	}
}

// Summary names a timer as Temporal's UI shows it: "contain P1, due 22 Nov 09:38 UTC".
func Summary(clock string, severity soar.Severity, what string, at time.Time) string {
	return fmt.Sprintf("%s %s, %s %s", clock, Priority(severity), what, at.UTC().Format("2 Jan 15:04 UTC"))
}

// Late says how late something was told, or "" when it was told in time. What was
// over before the clock was counted so, by a start, another severity or a new fact,
// is not late because nothing ran.
func Late(o *state.Objective, due, now time.Time) string {
	late := now.Sub(due)
	switch {
	case late < time.Minute:
		return ""
	case o.Since != nil && due.Before(*o.Since):
		return ", over by " + late.Round(time.Second).String() + " when the clock was counted"
	default:
		return ", told " + late.Round(time.Second).String() + " late: nothing ran at that time"
	}
}
