package desk

import (
	"context"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Click opens the modal of a button, or acknowledges an incident.
func (d *Desk) Click(ctx context.Context, c slack.Click) error {
	const op = "desk.Click"
	if c.Action == card.Report {
		return d.open(ctx, c.Event, d.look().Report())
	}
	ref, err := card.ParseRef(c.Value)
	if err != nil {
		return err
	}
	if ref.Channel, ref.TS = c.Channel, c.Message; ref.Channel != "" && ref.TS == "" {
		ref.Channel = ""
	}
	switch c.Action {
	case card.Approve, card.Deny, card.Ask, card.Answer, card.See:
		return d.clickApproval(ctx, c, ref)
	case card.DoTask:
		return d.clickTask(ctx, c, ref)
	case card.Claim:
		return d.clickHand(ctx, c, ref, protocol.TaskClaim)
	case card.GiveUp:
		return d.clickHand(ctx, c, ref, protocol.TaskRelease)
	case card.AckInc:
		return d.clickAcknowledge(ctx, c, ref)
	default:
		return soar.Errorf(soar.CodeInvalid, op, "this button means nothing to us")
	}
}

func (d *Desk) open(ctx context.Context, e slack.Event, view slackgo.ModalViewRequest) error {
	if err := card.ValidateModal(view); err != nil {
		return soar.Wrap(soar.CodeInternal, "desk.open", err, "what you asked for cannot be shown in Slack; use the command line")
	}
	return d.Chat.OpenView(ctx, e.Trigger, view)
}

func (d *Desk) clickApproval(ctx context.Context, c slack.Click, ref card.Ref) error {
	const op = "desk.Click"
	shown, err := d.approvalCard(ctx, c.Person, ref.Approval, shared(c.Channel))
	if err != nil {
		return err
	}
	a, look := shown.Approval, d.look()
	if c.Action == card.See {
		ref.Digest = a.Digest // is shown now
		shown.Shared = false
		return d.open(ctx, c.Event, look.Decide(shown, ref))
	}
	if stale := d.stale(a, ref); stale != nil {
		d.refresh(ctx, ref, look.Approval(shown))
		return stale
	}
	shown.Shared = false // a modal is one person's
	switch c.Action {
	case card.Approve:
		if !look.Approvable(a) {
			return soar.Errorf(soar.CodeConflict, op, "there is more in %s than a card can show: look at it with \"tocsin approval show\" and approve it there", a.ID)
		}
		return d.open(ctx, c.Event, look.Approve(shown, ref))
	case card.Deny:
		return d.open(ctx, c.Event, look.Deny(shown, ref))
	case card.Ask:
		return d.open(ctx, c.Event, look.Ask(shown, ref))
	default:
		return d.openAnswer(ctx, c, shown, ref)
	}
}

func (d *Desk) openAnswer(ctx context.Context, c slack.Click, shown card.ApprovalCard, ref card.Ref) error {
	for _, question := range shown.Approval.Questions {
		if question.ID == ref.Question && question.AnsweredAt == nil {
			return d.open(ctx, c.Event, d.look().Answer(shown, question, ref))
		}
	}
	d.refresh(ctx, ref, d.look().Approval(shown))
	return soar.Errorf(soar.CodeConflict, "desk.Click", "that question of %s has been answered", shown.Approval.ID)
}

// stale says why what a card showed is no longer so, or nil.
func (d *Desk) stale(a soar.Approval, ref card.Ref) error {
	const op = "desk.Click"
	switch {
	case a.Digest != ref.Digest:
		return soar.Errorf(soar.CodeConflict, op, "what %s would run is no longer what this card showed: look at it again", a.ID)
	case !d.look().Open(a):
		return soar.Errorf(soar.CodeConflict, op, "%s", d.look().How(a))
	default:
		return nil
	}
}

// refresh brings a card that was clicked up to date: it may be one that nobody follows.
func (d *Desk) refresh(ctx context.Context, ref card.Ref, m card.Message) {
	if ref.Channel == "" || ref.TS == "" {
		return
	}
	if err := d.Chat.Update(ctx, slack.Posted{Channel: ref.Channel, TS: ref.TS}, m); err != nil {
		d.Logger.WarnContext(ctx, "a stale card was not brought up to date", "channel", ref.Channel, "error", err)
	}
}

func (d *Desk) clickTask(ctx context.Context, c slack.Click, ref card.Ref) error {
	shown, err := d.taskCard(ctx, c.Person, ref.Task, shared(c.Channel))
	if err != nil {
		return err
	}
	if shown.Task.Status != soar.TaskOpen {
		d.refresh(ctx, ref, d.look().Task(shown))
		return soar.Errorf(soar.CodeConflict, "desk.Click", "task %s is %s already", shown.Task.ID, shown.Task.Status)
	}
	shown.Shared = false
	return d.open(ctx, c.Event, d.look().Complete(shown, ref))
}

// clickHand takes a task on or gives it back, and brings the card up to date: also when
// that is refused, since somebody else may have been faster.
func (d *Desk) clickHand(ctx context.Context, c slack.Click, ref card.Ref, do string) error {
	_, refusal := d.Incidents.HandTask(ctx, c.Person, incidents.HandRequest{TaskID: ref.Task, RequestID: c.Key, Do: do})
	shown, err := d.taskCard(ctx, c.Person, ref.Task, shared(c.Channel))
	switch {
	case refusal != nil && soar.CodeOf(refusal) != soar.CodeConflict:
		return refusal
	case err == nil && ref.Channel == "":
		err = d.publish(ctx, c.Event)
	case err == nil:
		d.refresh(ctx, ref, d.look().Task(shown))
	}
	if refusal == nil && err != nil {
		d.Logger.WarnContext(ctx, "a task changed hands and is not shown so", "task", ref.Task, "error", err)
	}
	return refusal
}

func (d *Desk) clickAcknowledge(ctx context.Context, c slack.Click, ref card.Ref) error {
	if _, err := d.acknowledge(ctx, c.Event, ref.Incident); err != nil {
		return err
	}
	incident, err := d.incident(ctx, c.Person, ref.Incident)
	if err == nil {
		d.refresh(ctx, ref, d.look().Incident(card.IncidentCard{Incident: incident, Shared: shared(c.Channel)}))
	}
	return nil // it is acknowledged; the card follows
}

func (d *Desk) acknowledge(ctx context.Context, e slack.Event, incidentID string) (string, error) {
	reply, err := d.Incidents.Command(ctx, e.Person, incidents.CommandRequest{
		IncidentID: incidentID, Name: protocol.UpdateAcknowledge, Payload: protocol.Control{}, RequestID: e.Key,
	})
	switch soar.CodeOf(err) {
	case "":
	case soar.CodeInternal, soar.CodeUnavailable:
		return "", soar.Wrap(soar.CodeUnavailable, "desk.acknowledge", err, "It is not known whether it is recorded that %s is in your hands: %s. Look with /tocsin status %s, or do it again: twice does no harm.",
			incidentID, strings.TrimSuffix(soar.MessageOf(err), "."), incidentID)
	default:
		return "", err
	}
	return fmt.Sprintf("%s is in your hands: %s", incidentID, reply.Message), nil
}
