package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/escalation"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// The levels of this code that can run. A change of the order of commands adds a
// level, and the code branches on incident.level; it is recorded once, at the
// start of each workflow run, so that continue-as-new moves an incident up.
const (
	lowestLevel = 1
	// 2: escalation policies, questions about approvals, duties and calendars.
	// 3: decisions that were committed in time are looked up before a request expires;
	// clocks pass over warnings that are overtaken; how each clock stands is a search
	// attribute.
	highestLevel = 3
)

// incident is one workflow run of one incident.
type incident struct {
	*interpreter.Machine
	flows    *Workflows
	level    workflow.Version
	updates  int // handled in this workflow run
	answered board
	tooLarge int // history length at which the state did not fit into a carry
}

// Incident is the workflow of one incident. It ends when the incident is closed
// and no containment waits for its release; any other outcome is a bug, save
// for a carry that cannot be read, which fails the workflow task.
func (w *Workflows) Incident(ctx workflow.Context, input protocol.IncidentInput) (protocol.IncidentResult, error) {
	level := workflow.GetVersion(ctx, "interpreter", lowestLevel, highestLevel)
	// A cancellation from Temporal's side must not tear at work in flight: it is
	// taken as an order, see awaitCancel.
	free, _ := workflow.NewDisconnectedContext(ctx)
	c := begin(free, input)
	i := &incident{Machine: interpreter.New(free, c, w.plans, w.exprs), flows: w, level: level}
	if err := i.handle(free); err != nil {
		return protocol.IncidentResult{}, err
	}
	i.start(ctx, free)
	return i.supervise(free)
}

// begin makes the case, or reads the one that the run before carried over.
func begin(ctx workflow.Context, input protocol.IncidentInput) *state.Case {
	if len(input.Carry) == 0 {
		return state.New(input, workflow.Now(ctx).UTC())
	}
	c, err := state.Decode(input.Carry)
	if err != nil {
		// The workflow task fails and is tried again: a newer worker may read it.
		panic("workflows: incident " + input.Incident.ID + ": " + err.Error())
	}
	return c
}

// start begins all that runs beside the updates. Their order is part of the
// level: it decides the order of commands.
func (i *incident) start(outer, free workflow.Context) {
	i.Escalates, i.AsksAgain, i.LooksUp = i.level >= 2, i.level >= 2, i.level >= 3
	i.Machine.Start()
	i.startClocks(free)
	workflow.GoNamed(free, "board", i.showLoop)
	workflow.GoNamed(free, "match", i.matchLoop)
	workflow.GoNamed(free, "close", i.closeLoop)
	workflow.GoNamed(free, "auto close", i.autoCloseLoop)
	workflow.GoNamed(free, "escalations", func(ctx workflow.Context) { escalation.Run(ctx, i.Machine) })
	workflow.GoNamed(free, "cancel", func(ctx workflow.Context) { i.awaitCancel(ctx, outer) })
}

// supervise waits for the end, or for the moment to continue as new.
func (i *incident) supervise(ctx workflow.Context) (protocol.IncidentResult, error) {
	for {
		if err := workflow.Await(ctx, func() bool { return i.over(ctx) || i.wantsContinue(ctx) }); err != nil {
			return protocol.IncidentResult{}, err
		}
		if i.over(ctx) {
			return i.result(), nil
		}
		if err := i.continueAsNew(ctx); err != nil {
			return protocol.IncidentResult{}, err
		}
	}
}

// over tells whether nothing is left to do or to write.
func (i *incident) over(ctx workflow.Context) bool {
	c := i.Case
	if !c.Ended() || len(c.LiveRuns()) > 0 || c.UndoAll != nil || c.Journal.Pending() || !i.Quiet() {
		return false
	}
	for _, held := range c.Containments {
		if held.Due() {
			return false
		}
	}
	return workflow.AllHandlersFinished(ctx)
}

func (i *incident) result() protocol.IncidentResult {
	return protocol.IncidentResult{
		Status: i.Case.Incident.Status, Resolution: i.Case.Incident.Resolution, Events: i.Case.Journal.Next - 1,
	}
}

// awaitCancel takes a cancellation of the workflow, as by Temporal's own UI, as
// the order to cancel the runs. The incident stays open: only closing ends it.
func (i *incident) awaitCancel(ctx, outer workflow.Context) {
	outer.Done().Receive(ctx, nil)
	i.cancelRuns(state.Order{By: soar.System("temporal"), Reason: "the workflow was cancelled in Temporal"}, false)
}

// refuse words a validator's refusal. It carries no stack and is not retried.
func refuse(text string) error {
	return temporal.NewNonRetryableApplicationError(text, string(soar.CodeConflict), nil)
}
