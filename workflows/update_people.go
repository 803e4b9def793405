package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// handleAlerts registers what comes in: alerts, notes and events.
func (i *incident) handleAlerts(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.AddAlert]{
			name: protocol.UpdateAddAlert, about: "Put one more alert into the incident and match playbooks again.", last: whileOpen,
			do: i.addAlert,
		}),
		install(ctx, i, update[protocol.Note]{
			name: protocol.UpdateNote, about: "Add a remark to the timeline.", last: whileEnded,
			check: func(n protocol.Note) error {
				if strings.TrimSpace(n.Text) == "" {
					return fmt.Errorf("the note is empty")
				}
				return nil
			},
			do: func(n protocol.Note) protocol.Reply {
				i.tellBy(n.By, protocol.EventNote, "", n.Text, map[string]any{"text": n.Text})
				return reply("noted")
			},
		}),
		install(ctx, i, update[protocol.Event]{
			name: protocol.UpdateEvent, about: "Send an event that a wait step may be waiting for.",
			check: func(e protocol.Event) error {
				if e.Name == "" {
					return fmt.Errorf("the event has no name")
				}
				return nil
			},
			do: i.addEvent,
		}),
	)
}

func (i *incident) addAlert(a protocol.AddAlert) protocol.Reply {
	i.Case.AddAlert(a.Alert)
	i.Case.WantMatch(a.Alert)
	text := fmt.Sprintf("Alert %s from %s added: %s", a.Alert.ID, a.Alert.Source, a.Alert.Title)
	i.tellBy(a.By, protocol.EventAlertAdded, "", text, map[string]any{"alert": a.Alert.ID, "fingerprint": a.Alert.Fingerprint})
	return reply("alert %s added", a.Alert.ID)
}

func (i *incident) addEvent(e protocol.Event) protocol.Reply {
	i.Case.AddEvent(e.Name, e.Data, e.By, i.Now())
	i.tellBy(e.By, protocol.EventReceived, "", "Event "+e.Name, map[string]any{"name": e.Name, "data": e.Data})
	return reply("event %s received", e.Name)
}

// handleDecisions registers what people answer: approvals.
func (i *incident) handleDecisions(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.Decide]{
			name: protocol.UpdateDecide, about: "A person's decision on an approval, as recorded.",
			check: func(d protocol.Decide) error { return i.Asking().MayDecide(d.Decision) },
			do:    func(d protocol.Decide) protocol.Reply { return i.Asking().TakeDecision(d.Decision) },
		}),
		install(ctx, i, update[protocol.Ask]{
			name: protocol.UpdateAsk, about: "Ask for information about an approval; its clock runs on.",
			check: func(q protocol.Ask) error { return i.Asking().MayAsk(q) },
			do:    func(q protocol.Ask) protocol.Reply { return i.Asking().TakeQuestion(q) },
		}),
		install(ctx, i, update[protocol.Answer]{
			name: protocol.UpdateAnswer, about: "Answer a question about an approval.",
			check: func(a protocol.Answer) error { return i.Asking().MayAnswer(a) },
			do:    func(a protocol.Answer) protocol.Reply { return i.Asking().TakeAnswer(a) },
		}),
	)
}

// handleDeclare registers changes of the incident itself.
func (i *incident) handleDeclare(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.Declare]{
			name: protocol.UpdateDeclare, about: "Change title, severity, impact, urgency, category, status, owner, TLP or facts.",
			check: i.mayDeclare, do: i.declare,
		}),
		install(ctx, i, update[protocol.Control]{
			name: protocol.UpdateAcknowledge, about: "Say that somebody has taken the incident on.",
			check: func(c protocol.Control) error {
				if c.By.Kind != soar.ActorPerson {
					return fmt.Errorf("only a person can acknowledge an incident")
				}
				return nil
			},
			do: func(c protocol.Control) protocol.Reply {
				i.Case.AcknowledgeEscalation("", c.By, i.Now())
				return reply("acknowledged at %s", soar.Minute(*i.Case.Incident.AcknowledgedAt))
			},
		}),
	)
}

// mayDeclare refuses what a step may do quietly: setting back the status.
func (i *incident) mayDeclare(d protocol.Declare) error {
	if err := i.Case.CheckDeclare(d); err != nil {
		return err
	}
	now := i.Case.Incident.Status
	if d.Status != "" && d.Status != now && !now.MayBecome(d.Status) {
		return fmt.Errorf("the incident is %s: it does not go back to %s", now, d.Status)
	}
	return nil
}

func (i *incident) declare(d protocol.Declare) protocol.Reply {
	changed := i.Case.Declare(d, d.By, "", i.Now())
	i.Asking().Follow(d.By)
	if len(changed) == 0 {
		return reply("nothing changed")
	}
	return reply("changed: %s", strings.Join(changed, ", "))
}
