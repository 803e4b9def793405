package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/workflows/clocks"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
)

// PlanSource gives the plan with a digest; see the package comment for what it
// must promise.
type PlanSource = interpreter.PlanSource

// Sources is what the incident workflow reads that is not in its history.
type Sources struct {
	Plans    PlanSource        // pure function of the digest
	Programs *expression.Cache // pure function of the source text

	// Calendars counts working time and Duties looks up the duties to notify. They
	// are data of the worker and may differ between two workers: both are asked in
	// side effects only, so that a replay finds the answer of the first time. Without
	// them, clocks in a calendar run without rest and say so, and no duty opens.
	Calendars clocks.Counter
	Duties    func(protocol.DutyQuery) protocol.Duties
}

// Workflows is the incident workflow over its sources.
type Workflows struct {
	plans PlanSource
	exprs interpreter.Expressions

	counter clocks.Counter
	duties  func(protocol.DutyQuery) protocol.Duties
}

// New makes the workflows. The sources may be shared by all workers of a process.
func New(from Sources) *Workflows {
	return &Workflows{plans: from.Plans, exprs: compiled{from.Programs}, counter: from.Calendars, duties: from.Duties}
}

// registry is a Temporal worker, or a test environment, or a replayer.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register makes the incident workflow known under its name in protocol.
func (w *Workflows) Register(to registry) {
	to.RegisterWorkflowWithOptions(w.Incident, workflow.RegisterOptions{Name: protocol.WorkflowIncident})
}

// compiled evaluates by cached programs.
type compiled struct{ programs *expression.Cache }

// Evaluate compiles the source, or takes it from the cache, and runs it.
func (c compiled) Evaluate(source string, vars map[string]any) (any, error) {
	program, err := c.programs.Program(source)
	if err != nil {
		return nil, err
	}
	return program.Eval(vars)
}
