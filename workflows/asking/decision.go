package asking

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/quorum"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// MayDecide says why a decision cannot count now, or nil.
func (d Desk) MayDecide(decision soar.Decision) error {
	if decision.IncidentID != "" && decision.IncidentID != d.Case.Incident.ID {
		return fmt.Errorf("the decision is for incident %s", decision.IncidentID)
	}
	a := d.Case.Approval(decision.ApprovalID)
	if a == nil {
		return fmt.Errorf("there is no approval %s in incident %s", decision.ApprovalID, d.Case.Incident.ID)
	}
	return a.MayDecide(decision)
}

// TakeDecision counts a decision that MayDecide let pass.
func (d Desk) TakeDecision(decision soar.Decision) protocol.Reply {
	return d.take(decision, d.M.Now(), "")
}

// TakeCommitted counts what people decided in time and the incident was not told of,
// as while Temporal was away. Each is what its update would have been: when that is
// delivered after all, it is answered as one that was done.
func (d Desk) TakeCommitted(a *state.Approval, committed []soar.Decision) {
	for _, decision := range committed {
		same := func(known soar.Decision) bool { return known.ID == decision.ID }
		if slices.ContainsFunc(a.Decisions, same) || d.MayDecide(decision) != nil {
			continue
		}
		now := d.M.Now()
		d.Case.Acknowledge(decision.By, now)
		reply := d.take(decision, decision.At, " (decided in time, at "+decision.At.UTC().Format(time.RFC3339)+"; the incident hears of it now)")
		d.Case.WorkOn(decision.By, now)
		d.Case.Remember(decision.ID, reply)
		d.M.Touch()
	}
}

// take counts a decision as made at an instant.
func (d Desk) take(decision soar.Decision, at time.Time, note string) protocol.Reply {
	a := d.Case.Approval(decision.ApprovalID)
	a.Decide(decision, at)
	d.Case.TouchApproval(a)
	word := "no"
	if decision.Approve {
		word = "yes"
	}
	text := fmt.Sprintf("%s said %s to approval %s: %s%s", decision.By, word, a.ID, decision.Reason, note)
	d.tell(a, decision.By, protocol.EventApprovalDecision, text, decision)
	if a.Open() {
		return protocol.Reply{Message: fmt.Sprintf("approval %s: %d of %d", a.ID, quorum.Count(a.Approval).Have, a.Quorum)}
	}
	return protocol.Reply{Message: fmt.Sprintf("approval %s is %s", a.ID, a.Status)}
}
