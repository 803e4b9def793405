package interpreter

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// StartRun walks a root run in a coroutine of its own, of which there is one.
func (m *Machine) StartRun(run *state.Run) {
	if m.running[run.ID] {
		return
	}
	m.running[run.ID] = true
	workflow.GoNamed(m.ctx, "run "+run.ID, func(ctx workflow.Context) {
		m.walkRun(ctx, run)
		delete(m.running, run.ID)
	})
}

// Rewalk lets a root run start over after its redos were applied: at once when
// it has ended, else when all its coroutines have returned.
func (m *Machine) Rewalk(root *state.Run) {
	m.Touch()
	if w := m.walks[root.ID]; w != nil {
		w.again = true
	}
	m.StartRun(root)
}

// walkRun walks the run until it ends and no redo is left.
func (m *Machine) walkRun(ctx workflow.Context, run *state.Run) {
	for !run.Status.Ended() || len(run.Redo) > 0 {
		m.redo(run)
		w := &walk{m: m, root: run, rewalk: &stop{cause: rewalk, text: "the run starts over"}}
		m.walks[run.ID] = w
		res := m.walkOnce(ctx, w, run)
		delete(m.walks, run.ID)
		if !w.again {
			m.endRun(run, res)
		}
	}
}

func (m *Machine) walkOnce(ctx workflow.Context, w *walk, run *state.Run) result {
	sc := &scope{walk: w, run: run}
	if run.Status == soar.StepPending {
		if res := m.begin(ctx, sc, run); res.bad() {
			return res
		}
	}
	at := m.placeOf(run)
	return w.list(ctx, sc, at.plan.Steps, at)
}

// begin pins the playbook when only its name was given, and opens the run.
func (m *Machine) begin(ctx workflow.Context, sc *scope, run *state.Run) result {
	for run.Pin.Digest == "" {
		if res := m.pin(ctx, sc, run); res.bad() {
			return res
		}
	}
	if problem := m.open(run); problem != "" {
		return failed(problem)
	}
	return succeeded()
}

// pin asks for the playbook's active version. The store's absence is waited
// out; anything else fails the run.
func (m *Machine) pin(ctx workflow.Context, sc *scope, run *state.Run) result {
	if why := sc.await(ctx, func() bool { return !m.draining }); why != nil {
		return halted(why)
	}
	var pin protocol.RunPin
	err := m.Lookup(ctx, protocol.ActivityPin, protocol.PinRequest{Playbook: run.Pin.Playbook}, &pin)
	switch {
	case err == nil && pin.Digest == "":
		return failed("playbook " + run.Pin.Playbook + " has no active version")
	case err == nil:
		run.Pin.Digest, run.Pin.Version = pin.Digest, pin.Version
		return succeeded()
	case !StoreAway(err):
		return failed("playbook " + run.Pin.Playbook + " cannot be pinned: " + describe(err))
	}
	_, why := sc.awaitUntil(ctx, m.Now().Add(outagePause(1)), "Store is away: pin "+run.Pin.Playbook+" again", never)
	if why != nil {
		return halted(why)
	}
	return succeeded()
}

// Lookup asks an activity that reads the store. It is tried for a minute; the
// caller waits longer pauses out itself, so that the workflow can continue as
// new between them.
func (m *Machine) Lookup(ctx workflow.Context, name string, request, reply any) error {
	m.flying++
	defer func() { m.flying--; m.worked++ }()
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: time.Minute,
		Summary:                Summary(lookupTitle(name)),
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	})
	return workflow.ExecuteActivity(ctx, name, request).Get(ctx, reply)
}

// lookupTitle is what managers read in Temporal's UI.
func lookupTitle(name string) string {
	switch name {
	case protocol.ActivityMatch:
		return "Look for playbooks that fit"
	case protocol.ActivityEscalationPolicy:
		return "Look the escalation policy up"
	default:
		return "Look the playbook's version up"
	}
}

// endRun gives a run its last status and tells it. A failed run needs people.
func (m *Machine) endRun(run *state.Run, res result) {
	status, problem := runStatus(run, res)
	m.Case.EndRun(run, status, problem, m.Now())
	text := "Playbook " + run.Pin.Playbook + " (" + run.ID + "): " + string(status)
	if problem != "" {
		text += ": " + problem
	}
	m.Tell(state.Entry{Kind: protocol.EventPlaybookEnded, By: actor(run), Text: text, Data: map[string]any{
		"run": run.ID, "status": status, "error": problem,
	}})
	if status == soar.StepFailed && run.Parent == "" {
		m.Send(protocol.Message{
			Kind: MessageNeedsDecision, Urgent: true, To: m.responders(),
			Subject: "Playbook " + run.Pin.Playbook + " failed in " + m.Case.Incident.ID,
			Body:    text + "\nThe incident stays open. Try the failed step again, skip it, or close the incident.",
		})
	}
	m.followPhases(run, "")
}

func runStatus(run *state.Run, res result) (soar.StepStatus, string) {
	switch {
	case run.Ending != nil && run.Ending.Failed:
		return soar.StepFailed, run.Ending.Reason
	case run.Ending != nil:
		return soar.StepSucceeded, ""
	case res.stop != nil:
		return soar.StepCancelled, res.stop.text
	case res.bad():
		return soar.StepFailed, res.problem
	default:
		return soar.StepSucceeded, ""
	}
}

// redo applies what people asked of ended steps.
func (m *Machine) redo(run *state.Run) {
	for _, redo := range m.Case.ApplyRedo(run, m.Now()) {
		kind, text := protocol.EventStepRetried, "Tried again: "+redo.Reason
		if redo.Skip {
			kind, text = protocol.EventStepSkipped, "Skipped: "+redo.Reason
		}
		m.Tell(state.Entry{Kind: kind, By: redo.By, Step: redo.Key, Text: text})
	}
}
