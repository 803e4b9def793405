package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const (
	defaultEvents = 4_000   // the server suggests it at 4,096 and ends the workflow at 51,200
	maxHistory    = 4 << 20 // bytes; the server suggests it at 4 MiB and ends the workflow at 50
	maxSettling   = 20      // rounds of letting answers out before it goes on regardless
)

// wantsContinue tells whether the history has grown enough to start a new one. A
// workflow run that did no work does not: it would never get anywhere.
func (i *incident) wantsContinue(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	length, events := info.GetCurrentHistoryLength(), i.Case.Settings.ContinueAfterEvents
	if events <= 0 {
		events = defaultEvents
	}
	if i.Worked() == 0 || i.tooLarge > 0 && length < i.tooLarge+events {
		return false
	}
	return length >= events || info.GetCurrentHistorySize() >= maxHistory || info.GetContinueAsNewSuggested()
}

// continueAsNew lets no activity start, waits until nothing is in flight, and
// gives the error that starts the next workflow run. It gives nil when something
// ended the incident meanwhile or the state does not fit into a payload.
//
// Draining must go on when it gives the error: the other coroutines get one more
// turn after this one has returned, and would start what the next run starts.
func (i *incident) continueAsNew(ctx workflow.Context) error {
	i.Drain(true)
	if err := i.settle(ctx); err != nil {
		return err
	}
	if i.over(ctx) {
		i.Drain(false)
		return nil
	}
	i.Case.Continued++
	carry, err := i.Case.Encode()
	if err != nil {
		i.Case.Continued--
		i.stayWith(ctx, err)
		i.Drain(false)
		return nil
	}
	next := protocol.IncidentInput{Incident: i.Case.Incident, Settings: i.Case.Settings, Carry: carry}
	return workflow.NewContinueAsNewError(ctx, protocol.WorkflowIncident, next)
}

// settle waits for stillness, and then one workflow task longer: an update that
// is answered in the very task that continues as new may be applied twice
// (temporal#6375). Should one still slip through, the carried list of updates
// that were done answers it without doing it again.
func (i *incident) settle(ctx workflow.Context) error {
	still := func() bool { return i.Quiet() && workflow.AllHandlersFinished(ctx) }
	for range maxSettling {
		if err := workflow.Await(ctx, still); err != nil {
			return err
		}
		before := i.updates
		timer := workflow.NewTimerWithOptions(ctx, time.Millisecond, workflow.TimerOptions{Summary: "Let answers out before continuing as new"})
		if err := timer.Get(ctx, nil); err != nil {
			return err
		}
		if still() && i.updates == before {
			return nil
		}
	}
	return workflow.Await(ctx, still)
}

// stayWith goes on in this history when the state does not fit into a payload,
// and says so: the history has room for some rounds, and people can end runs.
func (i *incident) stayWith(ctx workflow.Context, err error) {
	i.tooLarge = workflow.GetInfo(ctx).GetCurrentHistoryLength()
	text := "The incident's state cannot be carried into a new history: " + err.Error()
	if errors.Is(err, state.ErrCarryTooLarge) {
		text = "The incident's state is too large to be carried into a new history; end runs that are not needed"
	}
	by := soar.System("workflow")
	i.Tell(state.Entry{Kind: protocol.EventStateTooLarge, By: by, Text: text})
	i.Send(protocol.Message{
		Kind: interpreter.MessageNeedsDecision, Urgent: true, To: interpreter.Responders(i.Case.Incident),
		Subject: "Incident " + i.Case.Incident.ID + " is too large", Body: text + ". (" + err.Error() + ")",
	})
}
