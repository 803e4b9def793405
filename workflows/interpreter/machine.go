package interpreter

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// PlanSource gives the plan with this digest. It must be a pure function of the
// digest: the same bytes for the same digest in every process, for ever.
type PlanSource func(digest string) (*plan.Plan, error)

// Expressions evaluates an expression that was checked when its playbook was
// compiled. The result is plain data: nil, bool, int, float64, string, []any or
// map[string]any. It must depend on its arguments only.
type Expressions interface {
	Evaluate(source string, vars map[string]any) (any, error)
}

// Machine runs the playbooks of one case inside one workflow run.
type Machine struct {
	Case      *state.Case
	Escalates bool // escalation policies are carried out; set before Start
	AsksAgain bool // approvals are asked anew when what would run changed; set before Start
	LooksUp   bool // before an approval expires, the store is asked who decided in time; set before Start

	ctx      workflow.Context // never cancelled
	plans    PlanSource
	exprs    Expressions
	loaded   map[string]*plan.Plan // by digest: one copy, because layouts know steps by identity
	layouts  map[string]*layout    // by plan digest
	walks    map[string]*walk      // by id of the root run, while it is walked
	running  map[string]bool       // root runs that have a coroutine
	values   map[string]known      // by step key, see env.go
	alert    map[string]any        // the first alert as expressions see it
	draining bool
	kept     map[string]bool // containments that have a keeper
	asking   map[string]bool // approvals that are asked anew, by step key
	flying   int             // activities under way
	worked   int             // activities that ended in this workflow run
	changes  int             // grows with every change of the case
}

// New makes the machine of one workflow run. ctx must not be cancelled from
// outside: work in flight is waited for, never cut off by Temporal.
func New(ctx workflow.Context, c *state.Case, plans PlanSource, exprs Expressions) *Machine {
	return &Machine{
		Case: c, ctx: ctx, plans: plans, exprs: exprs,
		loaded: map[string]*plan.Plan{}, layouts: map[string]*layout{}, walks: map[string]*walk{}, running: map[string]bool{}, values: map[string]known{}, kept: map[string]bool{}, asking: map[string]bool{},
	}
}

// Start begins or goes on with everything that stands in the case: the journal,
// the containments' clocks and the runs.
func (m *Machine) Start() {
	workflow.GoNamed(m.ctx, "journal", m.flushLoop)
	workflow.GoNamed(m.ctx, "undo all", m.undoAllLoop)
	for _, held := range m.Case.Containments {
		if held.Due() {
			m.keep(held)
		}
	}
	for _, run := range m.Case.LiveRuns() {
		m.StartRun(run)
	}
}

// Now is the workflow's time in UTC.
func (m *Machine) Now() time.Time { return workflow.Now(m.ctx).UTC() }

// Tell puts an event into the journal.
func (m *Machine) Tell(e state.Entry) {
	m.Case.Tell(m.Now(), e)
	m.Touch()
}

// Touch says that the case changed: waits look at their conditions again.
func (m *Machine) Touch() { m.changes++ }

// Changes grows with every change of the case.
func (m *Machine) Changes() int { return m.changes }

// Worked counts the activities that ended in this workflow run. A run that did
// no work must not continue as new, or it would do so for ever.
func (m *Machine) Worked() int { return m.worked }

// Drain stops new activities from starting, or lets them start again.
func (m *Machine) Drain(on bool) { m.draining = on }

// Draining tells whether new activities wait.
func (m *Machine) Draining() bool { return m.draining }

// Quiet tells whether nothing is in flight and all that can be written is
// written: the case stands still until something comes from outside. While the
// record's store is away, what waits for it is carried along.
func (m *Machine) Quiet() bool {
	return m.flying == 0 && (!m.Case.Journal.Pending() || m.Case.Journal.Wake != nil)
}

// plan gives a plan or stops the workflow task: the incident waits until a
// build that has the plan takes over, and nothing is lost.
func (m *Machine) plan(digest string) *plan.Plan {
	if p := m.loaded[digest]; p != nil {
		return p
	}
	p, err := m.plans(digest)
	if err != nil || p == nil {
		panic(&PlanMissing{Digest: digest, Err: err})
	}
	m.loaded[digest] = p
	return p
}

// PlanMissing is what a workflow task fails with when a plan cannot be had.
type PlanMissing struct {
	Digest string
	Err    error
}

// Error says which plan.
func (e *PlanMissing) Error() string {
	text := "the plan with digest " + e.Digest + " cannot be read; the incident waits until it can"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *PlanMissing) Unwrap() error { return e.Err }

// actor is the playbook as the one who does something.
func actor(run *state.Run) soar.Actor {
	return soar.Actor{Kind: soar.ActorPlaybook, ID: run.Pin.Playbook, Name: run.Pin.Playbook + " " + run.Pin.Version}
}
