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

// Workflows holds what the incident workflow reads that is not in its history:
// plans and compiled expressions, both pure functions of their names.
type Workflows struct {
	plans PlanSource
	exprs interpreter.Expressions

	counter clocks.Counter
	duties  func(protocol.DutyQuery) protocol.Duties
}

// Notify gives the workflows the duties to notify. Without it no duty opens.
func (w *Workflows) Notify(duties func(protocol.DutyQuery) protocol.Duties) *Workflows {
	w.duties = duties
	return w
}

// CountBy gives the workflows what counts working time. Without it, clocks in a
// calendar run without rest and say so.
func (w *Workflows) CountBy(counter clocks.Counter) *Workflows {
	w.counter = counter
	return w
}

// New makes the workflows over plans and a cache of compiled expressions. Both
// may be shared by all workers of a process.
func New(plans PlanSource, programs *expression.Cache) *Workflows {
	return &Workflows{plans: plans, exprs: compiled{programs}}
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
