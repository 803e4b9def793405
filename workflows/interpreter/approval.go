package interpreter

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/asking"
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
		due, what := v.nextDue(asked)
		summary := fmt.Sprintf("Approval - %s at %s - %s", what, soar.Minute(due), asked.Title)
		fired, why := v.scope.awaitUntil(ctx, due, summary, func() bool { return !asked.Open() })
		switch {
		case why.is(rewalk):
			return halted(why)
		case why != nil:
			asked.End(soar.ApprovalCancelled, v.m.Now())
			v.ended(asked)
			return halted(why)
		case fired:
			v.overdue(ctx, asked, what)
		}
	}
	return v.decided(asked)
}

// request resolves what is bound and puts the question.
func (v *visit) request() string {
	a, now := v.step.Approval, v.m.Now()
	bound, shown, err := v.bind(a.Bind)
	if err != nil {
		return "bind: " + err.Error()
	}
	asked := &state.Approval{
		Generation: v.rec.Generation, RemindEvery: a.RemindEvery,
		Approval: soar.Approval{
			ID:         protocol.DerivedID("APR-", v.m.Case.Incident.ID, v.rec.Key, v.rec.Generation),
			IncidentID: v.m.Case.Incident.ID, StepPath: v.rec.Key, Status: soar.ApprovalPending, Quorum: max(1, a.Quorum),
			Bound: bound, Shown: shown, OnExpire: a.OnExpire, RequestedBy: v.requester(), RequestedAt: now, ExpiresAt: now.Add(a.ExpiresIn),
			Playbook: v.at.run.Pin.Playbook + " " + v.at.run.Pin.Version, PlaybookDigest: v.at.run.Pin.Digest,
			NoAuthors: slices.Contains(a.Exclude, "playbook_author"),
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
	if v.former != nil {
		asked.Replaces, asked.Again = v.former.ID, v.former.Again+1
		v.tell(protocol.EventApprovalAgain, "Approval "+v.former.ID+" is asked again as "+asked.ID+": what would run changed", nil)
	}
	v.m.Asking().Judge(asked)
	v.rec.Approval = asked.ID
	v.m.Case.AddApproval(asked)
	v.tell(protocol.EventApprovalRequested, "Approval "+asked.ID+" requested: "+asked.Title, asked.Approval)
	v.m.Asking().Ask(asked, asking.MessageRequested, asked.Asked())
	v.touch()
	return ""
}

// ended tells how the request ended.
func (v *visit) ended(asked *state.Approval) {
	v.m.Case.TouchApproval(asked)
	v.tell(protocol.EventApprovalEnded, "Approval "+asked.ID+" is "+string(asked.Status), map[string]any{
		"approval": asked.ID, "status": asked.Status,
	})
}

// Asking is where the machine's requests for approval are looked after.
func (m *Machine) Asking() asking.Desk {
	return asking.Desk{M: m, Case: m.Case, Evaluate: m.exprs.Evaluate, Once: m.LooksUp}
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
	who := "nobody decided in time"
	if n := len(asked.Decisions); n > 0 {
		who = fmt.Sprintf("%d of those asked decided in time, which is not enough", n)
	}
	switch asked.OnExpire {
	case "deny":
		return result{status: soar.StepDenied, problem: who + ", and counts as no"}
	case "escalate":
		return result{status: soar.StepExpired, problem: who + ", nor after the escalation"}
	default:
		return failed(who)
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
	return soar.Approver{Role: soar.Role(w.Role), Person: m.textOf(w.Person, vars, ""), Roster: w.Roster}
}

func (m *Machine) escalations(later []plan.After, vars map[string]any, from time.Time) []state.Escalation {
	var out []state.Escalation
	for _, after := range later {
		out = append(out, state.Escalation{At: from.Add(after.After), To: m.who(after.To, vars), Policy: after.Policy})
	}
	return out
}
