package interpreter

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// needPerson says that nobody knows whether the action had its effect. It is
// not tried again blindly and not taken for failed: a person looks and says.
func (v *visit) needPerson(problem string) {
	v.rec.Person, v.rec.Error = true, "the outcome is not known: "+problem
	v.tell(protocol.EventStepNeedsPerson, v.rec.Title+": "+v.rec.Error, nil)
	v.m.Send(protocol.Message{
		Kind: MessageNeedsDecision, Urgent: true, To: v.m.responders(),
		Subject: "Did it happen? " + v.rec.Action + " in " + v.m.Case.Incident.ID,
		Body: v.rec.Action + " on " + v.rec.Target + ": " + v.rec.Error +
			"\nLook at the target, then mark step " + v.rec.Key + " as done, try it again, or skip it.",
	})
	v.touch()
}

// askPerson waits for the word of a person. over is false when the action is to
// be tried again, under a new key.
func (v *visit) askPerson(ctx workflow.Context) (res result, over bool) {
	if why := v.scope.await(ctx, func() bool { return v.rec.Verdict != nil }); why != nil {
		return halted(why), true
	}
	verdict := v.rec.Verdict
	v.rec.Verdict, v.rec.Person, v.rec.Error = nil, false, ""
	if verdict.Done {
		v.tellVerdict(verdict, "it happened")
		request := protocol.ActionRequest{Key: v.effectKey()}
		if expires := v.step.Action.ExpiresIn; expires > 0 {
			until := v.m.Now().Add(expires)
			request.ExpiresAt = &until
		}
		return v.done(protocol.ActionResult{Outcome: protocol.OutcomeDone}, request), true
	}
	v.tellVerdict(verdict, "tried again")
	v.rec.Generation++
	v.touch()
	return result{}, false
}

func (v *visit) tellVerdict(verdict *state.Verdict, what string) {
	v.m.Tell(state.Entry{
		Kind: protocol.EventStepResolved, By: verdict.By, Step: v.rec.Key,
		Text: v.rec.Title + ": " + what + ": " + verdict.Reason, Data: map[string]any{"done": verdict.Done, "reason": verdict.Reason},
	})
}

// Kinds of messages.
const (
	MessageReminder          = "reminder"
	MessageEscalation        = "escalation"
	MessageTaskAssigned      = "task_assigned"
	MessageNeedsDecision     = "needs_decision"
	MessageObjectiveWarning  = "objective_warning"
	MessageObjectiveBreached = "objective_breached"
	MessageNote              = "note"
)

// Send puts a message to people into the journal.
func (m *Machine) Send(message protocol.Message) {
	message.Body = clip(message.Body, 4000)
	m.Case.Send(message)
	m.Touch()
}

// responders are those who work on the incident: its owner, when there is one,
// and the SOC's lead.
func (m *Machine) responders() []soar.Approver {
	return Responders(m.Case.Incident)
}

// Responders are those who work on an incident: its owner, when there is one,
// and the SOC's lead.
func Responders(incident soar.Incident) []soar.Approver { return state.Responders(incident) }
