package escalation

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const pinPause = 15 * time.Second // between tries while the store is away

// desk carries out the escalations of one incident.
type desk struct {
	*interpreter.Machine
	known map[string]bool // escalations and tasks that have a coroutine
}

// Run starts a coroutine for each escalation of the case, also for those that come
// later, until ctx ends. It makes no command while there is none.
func Run(ctx workflow.Context, m *interpreter.Machine) {
	d := &desk{Machine: m, known: map[string]bool{}}
	for {
		var fresh *state.Escalating
		find := func() bool { fresh = d.fresh(); return fresh != nil }
		if err := workflow.Await(ctx, find); err != nil {
			return
		}
		one := fresh
		d.known[one.ID] = true
		workflow.GoNamed(ctx, "escalation "+one.ID, func(ctx workflow.Context) { d.carryOut(ctx, one) })
		for _, id := range one.Tasks {
			d.watch(ctx, id)
		}
	}
}

func (d *desk) fresh() *state.Escalating {
	for _, one := range d.Case.Escalations {
		if !d.known[one.ID] && !d.Case.Ended() {
			return one
		}
	}
	return nil
}

// carryOut goes through the policy until the escalation is over.
func (d *desk) carryOut(ctx workflow.Context, one *state.Escalating) {
	for one.Pinned == nil && !one.Over() {
		d.pin(ctx, one)
	}
	for !one.Over() {
		due, some := one.Progress.Due(*one.Pinned)
		changed := func() bool {
			now, still := one.Progress.Due(*one.Pinned)
			return one.Over() || still != some || !now.Equal(due)
		}
		if !some {
			if err := workflow.Await(ctx, changed); err != nil {
				return
			}
			continue
		}
		if interpreter.WaitUntil(ctx, due, summary(one, due), changed) {
			d.advance(ctx, one)
		}
	}
}

func summary(one *state.Escalating, due time.Time) string {
	what := "step " + fmt.Sprint(one.Progress.Next+1)
	switch {
	case one.Progress.Status == soar.EscalationAcknowledged:
		what = "acknowledgement goes stale"
	case one.Progress.Next >= one.Steps:
		what = "nobody acknowledged"
	}
	return "Escalation " + one.Policy + " - " + what + " at " + due.Format("15:04 UTC")
}

// pin looks the policy up. The store's absence is waited out; a policy that is not
// there needs people at once.
func (d *desk) pin(ctx workflow.Context, one *state.Escalating) {
	if one.Wake != nil {
		interpreter.WaitUntil(ctx, *one.Wake, "Store is away: look escalation policy "+one.Policy+" up again", one.Over)
		one.Wake = nil
	}
	if err := workflow.Await(ctx, func() bool { return !d.Draining() || one.Over() }); err != nil || one.Over() {
		return
	}
	var policy protocol.EscalationPolicy
	err := d.Lookup(ctx, protocol.ActivityEscalationPolicy, protocol.EscalationRequest{Policy: one.Policy}, &policy)
	switch {
	case one.Over():
	case err != nil:
		wake := d.Now().Add(pinPause)
		one.Wake = &wake
		workflow.GetLogger(ctx).Warn("An escalation policy cannot be looked up now.", "incident", d.Case.Incident.ID, "policy", one.Policy, "error", err)
	case len(policy.Steps) == 0:
		d.unknown(one)
	default:
		one.Pinned = &policy
		d.Case.TouchEscalation(one)
		d.Touch()
	}
}

func (d *desk) unknown(one *state.Escalating) {
	incident := d.Case.Incident
	problem := "there is no escalation policy " + one.Policy
	d.Case.FailEscalation(one, problem, d.Now())
	d.Send(protocol.Message{
		Kind: interpreter.MessageNeedsDecision, Urgent: true, To: interpreter.Responders(incident), About: one.ID,
		Subject: "Escalation failed in " + incident.ID + ": " + problem,
		Body:    one.Reason + "\nIncident " + incident.ID + ": " + incident.Title + "\nNobody else is told: start another policy, or call the people yourself.",
	})
}
