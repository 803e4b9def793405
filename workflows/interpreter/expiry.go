package interpreter

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// nextDue gives the next moment at which something is to be done about a request,
// and what. After its expiry it is only looked at whether it has expired: who was
// not there in time is reminded of nothing.
func (v *visit) nextDue(asked *state.Approval) (time.Time, string) {
	if v.m.LooksUp && !asked.ExpiresAt.After(v.m.Now()) {
		return asked.Expiry(), "expires"
	}
	return asked.NextDue()
}

// overdue does what is due. A request does not expire on the workflow's clock alone:
// people are answered when the store has their decision, and the workflow may hear of
// it later, since Temporal or the worker was away. So the store is asked first.
func (v *visit) overdue(ctx workflow.Context, asked *state.Approval, what string) {
	if what == "expires" && v.m.LooksUp && !v.undecided(ctx, asked) {
		return
	}
	v.m.Asking().Overdue(asked, what, actor(v.at.run))
}

// undecided counts what was committed in time, and tells whether that leaves the
// request open. While the store does not say, nothing expires: it is asked again.
func (v *visit) undecided(ctx workflow.Context, asked *state.Approval) bool {
	committed, err := v.m.committed(ctx, asked)
	switch now := v.m.Now(); {
	case !asked.Open() || v.scope.stopped() != nil: // meanwhile
		return false
	case err != nil:
		workflow.GetLogger(ctx).Warn("It cannot be told now who decided in time.", "incident", asked.IncidentID, "approval", asked.ID, "error", err)
		wake := now.Add(flushPause(asked.Looks))
		asked.LookAt, asked.Looks = &wake, asked.Looks+1
		return false
	case committed.Left > 0: // people still decide, by the clock that they are judged by
		wake := now.Add(max(committed.Left, time.Second))
		asked.LookAt = &wake
		return false
	default:
		v.m.Asking().TakeCommitted(asked, committed.Decisions)
		return asked.Open()
	}
}

// committed asks the store. The bounds are those of the journal, see flushLoop.
func (m *Machine) committed(ctx workflow.Context, asked *state.Approval) (committed protocol.CommittedDecisions, err error) {
	m.flying++
	defer func() {
		m.flying--
		m.worked++
		m.Touch()
	}()
	request := protocol.DecisionsRequest{IncidentID: asked.IncidentID, ApprovalID: asked.ID, ExpiresAt: asked.ExpiresAt}
	err = workflow.ExecuteLocalActivity(soon(ctx, "Look up who decided "+asked.ID), protocol.ActivityDecisions, request).Get(ctx, &committed)
	return committed, err
}
