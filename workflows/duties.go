package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/clocks"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// openDuties starts the alarms of duties that are new and tells the record and
// people of them: one message for each regime, with the drafts of its notices.
func (i *incident) openDuties(ctx workflow.Context, opened []*state.Objective) {
	var regimes []string
	lines := map[string][]string{}
	for _, o := range opened {
		i.startAlarms(ctx, o.Name)
		text := clocks.Opened(o)
		i.Tell(state.Entry{Kind: protocol.EventDutyOpened, By: soar.System("clock"), Text: text, Data: o.Objective})
		if len(lines[o.Duty.Regime]) == 0 {
			regimes = append(regimes, o.Duty.Regime)
		}
		lines[o.Duty.Regime] = append(lines[o.Duty.Regime], "- "+text+clocks.Caution(o))
	}
	for _, regime := range regimes {
		i.Send(protocol.Message{
			Kind: interpreter.MessageNote, Urgent: true, About: regime, To: append(interpreter.Responders(i.Case.Incident), soar.Approver{Role: soar.RoleLegal}),
			Subject: i.Case.Incident.ID + ": a duty to notify may apply: " + regime,
			Body: strings.Join(lines[regime], "\n") + "\nConfirm it or waive it, with a reason: tocsin duty confirm " + i.Case.Incident.ID + " " + regime +
				"\nThis is not legal advice: have counsel confirm what applies.",
		})
	}
}

// handleDuties registers what people say about duties.
func (i *incident) handleDuties(ctx workflow.Context) error {
	return install(ctx, i, update[protocol.DutyCommand]{
		name: protocol.UpdateDuty, about: "Say that a duty to notify applies, that it does not, or that a notice was sent, with its proof.",
		check: func(c protocol.DutyCommand) error { return clocks.CheckDuty(i.Case, c) },
		do: func(c protocol.DutyCommand) protocol.Reply {
			kind, text := clocks.DoDuty(i.Case, c, i.Now())
			i.tellBy(c.By, kind, "", text, c)
			return reply("%s", text)
		},
	})
}

// openDuty names duties that somebody owes and nobody has sent or waived.
func (i *incident) openDuty() []string {
	if i.level >= 3 {
		return clocks.Owed(i.Case)
	}
	var names []string
	for _, o := range i.Case.Objectives {
		if o.Duty != nil && o.Duty.State == soar.DutyRunning && o.MetAt == nil {
			names = append(names, o.Name)
		}
	}
	return names
}

// mayEnd refuses an end that would let the clock of a duty stop unseen.
func (i *incident) mayEnd(resolution soar.Resolution) error {
	if open := i.openDuty(); len(open) > 0 && !resolution.NotIncident() {
		return fmt.Errorf("%s not sent: %s; send or waive first", state.Plural(len(open), "duty notice"), strings.Join(open, ", "))
	}
	return nil
}
