package asking

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// Kinds of messages about approvals.
const (
	MessageRequested  = "approval_requested"
	MessageReminder   = "reminder"
	MessageEscalation = "escalation"
	MessageChanged    = "approval_changed"
	MessageQuestion   = "approval_question"
	MessageAnswer     = "approval_answer"
)

// machine is what the interpreter's is here.
type machine interface {
	Now() time.Time
	Tell(state.Entry)
	Send(protocol.Message)
	Touch()
}

// Desk is where the requests of one case are looked after. Evaluate must depend on
// its arguments only.
type Desk struct {
	M        machine
	Case     *state.Case
	Evaluate func(source string, vars map[string]any) (any, error)
	Once     bool // reminders that were missed while nobody was there are one
}

// Overdue does what is due now: it reminds, asks more people, or ends the wait. By
// is the playbook that asks.
func (d Desk) Overdue(a *state.Approval, what string, by soar.Actor) {
	now := d.M.Now()
	switch what {
	case "remind":
		next := a.RemindAt.Add(a.RemindEvery)
		for d.Once && !next.After(now) {
			next = next.Add(a.RemindEvery)
		}
		a.RemindAt = &next
		d.tell(a, by, protocol.EventApprovalReminded, "Approval "+a.ID+" still waits", nil)
		d.Ask(a, MessageReminder, a.Asked())
	case "escalate":
		for i := range a.Escalations {
			if one := &a.Escalations[i]; !one.Done && !one.At.After(now) {
				d.escalateTo(a, one, by)
			}
		}
	default:
		d.expire(a, by)
	}
	d.touch(a)
}

// escalateTo lets one more approver decide, and tells them. Who gets the role only
// after this moment does not. A policy lets nobody decide: whom it tells see to it that
// somebody does.
func (d Desk) escalateTo(a *state.Approval, one *state.Escalation, by soar.Actor) {
	one.Done = true
	if one.Policy != "" {
		d.Case.Escalate(soar.Escalation{Policy: one.Policy, Reason: "Approval " + a.ID + " waits: " + a.Title, StepPath: a.StepPath, StartedBy: by}, d.M.Now())
		d.M.Touch()
		return
	}
	later := one.To
	later.Since = d.M.Now()
	a.Approvers = append(a.Approvers, later)
	d.tell(a, by, protocol.EventApprovalEscalated, "Approval "+a.ID+" went to "+one.To.Name(), one.To)
	d.Ask(a, MessageEscalation, []soar.Approver{one.To})
}

// expire ends the wait. On escalate it is put to everybody left and waits once
// more as long; no expiry ever grants anything.
func (d Desk) expire(a *state.Approval, by soar.Actor) {
	now := d.M.Now()
	if a.OnExpire != "escalate" || a.Extended {
		a.End(soar.ApprovalExpired, now)
		return
	}
	a.Extended, a.LookAt, a.Looks = true, nil, 0
	a.ExpiresAt = now.Add(a.ExpiresAt.Sub(a.RequestedAt))
	for i := range a.Escalations {
		if one := &a.Escalations[i]; !one.Done {
			d.escalateTo(a, one, by)
		}
	}
	d.tell(a, by, protocol.EventApprovalEscalated, "Approval "+a.ID+" was not decided in time and waits until "+a.ExpiresAt.Format(time.RFC3339), nil)
	d.Ask(a, MessageEscalation, append(state.Responders(d.Case.Incident), a.Asked()...))
}

// Ask sends the question, or a reminder of it.
func (d Desk) Ask(a *state.Approval, kind string, to []soar.Approver) {
	d.M.Send(protocol.Message{
		Kind: kind, To: plainly(to), Urgent: d.Case.Incident.Severity == soar.SeverityCritical || kind == MessageEscalation,
		Subject: a.ID + ": " + a.Title, Body: question(a), About: a.ID, At: d.M.Now(),
	})
}

// plainly leaves out since when somebody is asked: a message is for whoever it is now.
func plainly(to []soar.Approver) []soar.Approver {
	out := make([]soar.Approver, 0, len(to))
	for _, who := range to {
		who.Since = time.Time{}
		out = append(out, who)
	}
	return out
}

func (d Desk) tell(a *state.Approval, by soar.Actor, kind, text string, data any) {
	d.M.Tell(state.Entry{Kind: kind, By: by, Step: a.StepPath, Text: text, Data: data})
}

func (d Desk) touch(a *state.Approval) {
	d.Case.TouchApproval(a)
	d.M.Touch()
}

// question is the text that approvers read. Values come from alerts: they are
// quoted as JSON, one action a line.
func question(a *state.Approval) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\nIncident %s, playbook %s. Expires %s.\n", a.Title, a.IncidentID, a.Playbook, soar.Minute(a.ExpiresAt))
	for i, action := range a.Bound {
		if i == 20 {
			fmt.Fprintf(&out, "and %d more\n", len(a.Bound)-i)
			break
		}
		args, err := json.Marshal(action.Args)
		if err != nil {
			args = []byte("{}")
		}
		fmt.Fprintf(&out, "- %s %s\n", action.Action, soar.Shorten(string(args), 300))
	}
	return out.String()
}
