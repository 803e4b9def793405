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

// approval asks people and waits. What the clocks and the decisions did stands
// in the state; the coroutine only wakes up for it.
func (v *visit) approval(ctx workflow.Context) result {
	if v.rec.Approval == "" {
		if problem := v.request(); problem != "" {
			return failed(problem)
		}
	}
	asked := v.m.Case.Approval(v.rec.Approval)
	for asked.Open() {
		due, what := asked.NextDue()
		summary := fmt.Sprintf("Approval - %s at %s - %s", what, due.Format("2006-01-02 15:04 UTC"), asked.Title)
		fired, why := v.scope.awaitUntil(ctx, due, summary, func() bool { return !asked.Open() })
		switch {
		case why.is(rewalk):
			return halted(why)
		case why != nil:
			asked.End(soar.ApprovalCancelled, v.m.Now())
			v.ended(asked)
			return halted(why)
		case fired:
			v.overdue(asked, what)
		}
	}
	return v.decided(asked)
}

// request resolves what is bound and puts the question.
func (v *visit) request() string {
	a, now := v.step.Approval, v.m.Now()
	bound, err := v.bind(a.Bind)
	if err != nil {
		return "bind: " + err.Error()
	}
	asked := &state.Approval{
		Generation: v.rec.Generation, RemindEvery: a.RemindEvery,
		Approval: soar.Approval{
			ID:         state.DerivedID("APR-", v.m.Case.Incident.ID, v.rec.Key, v.rec.Generation),
			IncidentID: v.m.Case.Incident.ID, StepPath: v.rec.Key, Status: soar.ApprovalPending, Quorum: max(1, a.Quorum),
			Bound: bound, OnExpire: a.OnExpire, RequestedBy: v.requester(), RequestedAt: now, ExpiresAt: now.Add(a.ExpiresIn),
		},
	}
	vars := v.vars()
	asked.Title = clip(v.m.textOf(&a.Title, vars, v.rec.Title), maxTitle)
	asked.Exclude = v.excluded(a.Exclude)
	for _, who := range a.Approvers {
		asked.Approvers = append(asked.Approvers, v.m.who(who, vars))
	}
	asked.Escalations = v.m.escalations(a.Escalate, vars, now)
	if a.RemindEvery > 0 {
		first := now.Add(a.RemindEvery)
		asked.RemindAt = &first
	}
	if len(bound) > 0 {
		if asked.Digest, err = protocol.BoundDigest(v.at.run.Pin.Digest, bound); err != nil {
			return "bind: " + err.Error()
		}
	}
	v.rec.Approval = asked.ID
	v.m.Case.AddApproval(asked)
	v.tell(protocol.EventApprovalRequested, "Approval "+asked.ID+" requested: "+asked.Title, asked.Approval)
	v.ask(asked, MessageApprovalRequested, asked.Approvers)
	v.touch()
	return ""
}

// ask sends the question, or a reminder of it.
func (v *visit) ask(asked *state.Approval, kind string, to []soar.Approver) {
	v.m.Send(protocol.Message{
		Kind: kind, To: to, Urgent: v.m.Case.Incident.Severity == soar.SeverityCritical || kind == MessageEscalation,
		Subject: asked.ID + ": " + asked.Title, Body: v.question(asked),
	})
}

// overdue does what is due now: it reminds, asks more people, or ends the wait.
func (v *visit) overdue(asked *state.Approval, what string) {
	now := v.m.Now()
	switch what {
	case "remind":
		next := asked.RemindAt.Add(asked.RemindEvery)
		asked.RemindAt = &next
		v.tell(protocol.EventApprovalReminded, "Approval "+asked.ID+" still waits", nil)
		v.ask(asked, MessageReminder, asked.Approvers)
	case "escalate":
		for i := range asked.Escalations {
			if one := &asked.Escalations[i]; !one.Done && !one.At.After(now) {
				v.escalateTo(asked, one)
			}
		}
	default:
		v.expire(asked, now)
	}
	v.m.Case.TouchApproval(asked)
	v.m.Touch()
}

// escalateTo lets one more approver decide, and tells them.
func (v *visit) escalateTo(asked *state.Approval, one *state.Escalation) {
	one.Done = true
	asked.Approvers = append(asked.Approvers, one.To)
	v.tell(protocol.EventApprovalEscalated, "Approval "+asked.ID+" went to "+nameOf(one.To), one.To)
	v.ask(asked, MessageEscalation, []soar.Approver{one.To})
}

// expire ends the wait. On escalate it is put to everybody left and waits once
// more as long; no expiry ever grants anything.
func (v *visit) expire(asked *state.Approval, now time.Time) {
	if asked.OnExpire != "escalate" || asked.Extended {
		asked.End(soar.ApprovalExpired, now)
		return
	}
	asked.Extended = true
	asked.ExpiresAt = now.Add(v.step.Approval.ExpiresIn)
	for i := range asked.Escalations {
		if one := &asked.Escalations[i]; !one.Done {
			v.escalateTo(asked, one)
		}
	}
	v.tell(protocol.EventApprovalEscalated, "Approval "+asked.ID+" was not decided in time and waits until "+asked.ExpiresAt.Format(time.RFC3339), nil)
	v.ask(asked, MessageEscalation, append(v.m.responders(), asked.Approvers...))
}

// ended tells how the request ended.
func (v *visit) ended(asked *state.Approval) {
	v.m.Case.TouchApproval(asked)
	v.tell(protocol.EventApprovalEnded, "Approval "+asked.ID+" is "+string(asked.Status), map[string]any{
		"approval": asked.ID, "status": asked.Status,
	})
}

// decided turns the request's end into the step's.
func (v *visit) decided(asked *state.Approval) result {
	v.ended(asked)
	switch asked.Status {
	case soar.ApprovalApproved:
		return result{status: soar.StepApproved}
	case soar.ApprovalDenied:
		return result{status: soar.StepDenied, problem: lastReason(asked)}
	case soar.ApprovalExpired:
		return expired(asked)
	default:
		return result{status: soar.StepCancelled, problem: "the request was cancelled"}
	}
}

func lastReason(asked *state.Approval) string {
	if n := len(asked.Decisions); n > 0 {
		return "denied by " + asked.Decisions[n-1].By.String() + ": " + asked.Decisions[n-1].Reason
	}
	return "denied"
}

func expired(asked *state.Approval) result {
	switch asked.OnExpire {
	case "deny":
		return result{status: soar.StepDenied, problem: "nobody decided in time, which counts as no"}
	case "escalate":
		return result{status: soar.StepExpired, problem: "nobody decided in time, nor after the escalation"}
	default:
		return failed("nobody decided in time")
	}
}

// requester is who wants the bound actions: the person who started the run or
// this repeat, else the playbook.
func (v *visit) requester() soar.Actor {
	if v.rec.By != nil {
		return *v.rec.By
	}
	if root := v.m.Case.RootOf(v.at.run); root.Pin.By.Kind == soar.ActorPerson {
		return root.Pin.By
	}
	return actor(v.at.run)
}

// excluded names the people who may not decide. The requester is everybody who
// had a hand in asking: for the run, for this repeat, for the incident.
func (v *visit) excluded(rules []string) []soar.Actor {
	var out []soar.Actor
	add := func(a soar.Actor) {
		for _, known := range out {
			if known.Same(a) {
				return
			}
		}
		if a.Kind == soar.ActorPerson && a.ID != "" {
			out = append(out, a)
		}
	}
	for _, rule := range rules {
		switch rule {
		case "requester":
			add(v.requester())
			add(v.m.Case.RootOf(v.at.run).Pin.By)
			add(v.m.Case.Incident.OpenedBy)
		case "playbook_author":
			add(soar.Actor{Kind: soar.ActorPerson, ID: v.at.plan.Owner})
		}
	}
	return out
}

func (m *Machine) who(w plan.Who, vars map[string]any) soar.Approver {
	return soar.Approver{Role: soar.Role(w.Role), Person: m.textOf(w.Person, vars, "")}
}

func (m *Machine) escalations(later []plan.After, vars map[string]any, from time.Time) []state.Escalation {
	var out []state.Escalation
	for _, after := range later {
		out = append(out, state.Escalation{At: from.Add(after.After), To: m.who(after.To, vars)})
	}
	return out
}

func nameOf(who soar.Approver) string {
	if who.Person != "" {
		return who.Person
	}
	return string(who.Role)
}
