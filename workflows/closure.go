package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// closeLoop carries a closing out: the other runs are cancelled, their always
// steps run, and when all have ended the incident is closed. After that the
// workflow goes on only for containments that have a clock or a release order.
func (i *incident) closeLoop(ctx workflow.Context) {
	if err := workflow.Await(ctx, func() bool { return i.Case.Closing != nil && !i.Case.Ended() }); err != nil {
		return
	}
	closing := i.Case.Closing
	for _, run := range i.Case.LiveRuns() {
		if run.Ending == nil && run.Cancel == nil {
			run.Cancel = &state.Order{By: closing.By, Reason: "the incident is being closed"}
		}
	}
	i.Touch()
	if err := workflow.Await(ctx, func() bool { return len(i.Case.LiveRuns()) == 0 }); err != nil {
		return
	}
	if i.level < 3 || !i.Case.ByRules() {
		i.Case.MeetAll(closing.By, i.Now())
	}
	i.Case.Close(i.Now())
	if i.level >= 3 {
		i.desk().EndDuties(i.Now())
	}
	i.Touch()
	i.tellHeld()
}

// tellHeld reminds people of what stays in force after the end, and until when.
func (i *incident) tellHeld() {
	var lines []string
	for _, held := range i.Case.Containments {
		if held.State == state.ContainmentReleased {
			continue
		}
		until := "until somebody takes it back by hand"
		if held.Due() {
			until = "until its time is up"
		}
		lines = append(lines, fmt.Sprintf("- %s on %s, %s", held.Action, held.Target, until))
	}
	if len(lines) == 0 {
		return
	}
	i.Send(protocol.Message{
		Kind: interpreter.MessageNote, To: interpreter.Responders(i.Case.Incident), Urgent: i.Case.Closing.Resolution.NotIncident(),
		Subject: "Closed with containments in force: " + i.Case.Incident.ID,
		Body:    strings.Join(lines, "\n"),
	})
}

// autoCloseLoop closes the incident as resolved once every run has ended well,
// when its settings say so. A failed or cancelled run leaves it to people, and so
// does an escalation.
func (i *incident) autoCloseLoop(ctx workflow.Context) {
	if !i.Case.Settings.AutoClose {
		return
	}
	if err := workflow.Await(ctx, i.allWell); err != nil {
		return
	}
	i.Case.Closing = &state.Closing{
		Order:      state.Order{By: soar.System("auto_close"), Reason: "all playbooks ended well"},
		Resolution: soar.ResolutionResolved,
	}
	i.Touch()
}

func (i *incident) allWell() bool {
	c := i.Case
	if c.Closing != nil || c.Escalated() || len(c.Runs) == 0 || len(c.LiveRuns()) > 0 || c.UndoAll != nil || c.Match.Wanted > c.Match.Done || len(i.openDuty()) > 0 {
		return false
	}
	for _, run := range c.Runs {
		if run.Parent == "" && run.Status != soar.StepSucceeded {
			return false
		}
	}
	return true
}

// cancelRuns stops all runs, but not their always steps: a second time stops
// those too. With compensate, what the incident's playbooks did is taken back
// once the runs have ended. It also ends a pause, in which the always steps
// could not run.
func (i *incident) cancelRuns(order state.Order, compensate bool) int {
	runs := i.Case.LiveRuns()
	for _, run := range runs {
		run.Redo = nil
		run.StopAll = run.Cancel != nil
		run.Cancel = &order
	}
	if compensate {
		i.Case.UndoAll = &order
	}
	if i.Case.Incident.Paused {
		i.Case.Incident.Paused = false
		i.Case.Journal.TouchIncident()
	}
	text := fmt.Sprintf("Cancelled: %s", state.Plural(len(runs), "run"))
	if compensate {
		text += fmt.Sprintf(", and %s to be taken back", state.Plural(len(i.Case.Held()), "containment"))
	}
	i.Tell(state.Entry{Kind: protocol.EventIncidentCancelled, By: order.By, Text: text + ": " + order.Reason})
	return len(runs)
}
