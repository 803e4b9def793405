package interpreter

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

const maxCallDepth = 8 // digests pin what is called, so a cycle cannot be built; this bounds a chain

// call carries out another playbook, pinned by digest, as a run of its own
// inside this one. Its variables are the step's output.
func (v *visit) call(ctx workflow.Context) result {
	child := v.m.Case.Run(v.rec.Child)
	if child == nil {
		started, problem := v.startChild()
		if problem != "" {
			return failed(problem)
		}
		child = started
	}
	if !child.Status.Ended() {
		inner := v.m.placeOf(child)
		sc := v.scope.child()
		sc.run = child
		res := v.list(ctx, sc, inner.plan.Steps, inner)
		if res.stop.is(rewalk) {
			return res
		}
		v.m.endRun(child, res)
		if res.stop != nil && child.Ending == nil {
			return res
		}
	}
	return v.called(child)
}

// called turns the child's end into the step's. A close step in the child ends
// this run too, a fail step only fails the call.
func (v *visit) called(child *state.Run) result {
	if child.Ending != nil && !child.Ending.Failed && v.at.run.Ending == nil {
		v.at.run.Ending = &state.Ending{Key: v.rec.Key}
	}
	v.keepOutput(plainMap(child.Vars))
	if child.Status != soar.StepSucceeded {
		return result{status: child.Status, problem: "playbook " + child.Pin.Playbook + ": " + child.Error}
	}
	return succeeded()
}

func (v *visit) startChild() (*state.Run, string) {
	if len(v.m.Case.Lineage(v.rec.Key)) > maxCallDepth {
		return nil, "playbooks call one another more than 8 deep"
	}
	c := v.step.Call
	given, err := v.m.fields(c.With, v.vars())
	if err != nil {
		return nil, "with: " + err.Error()
	}
	called := v.m.plan(c.Digest)
	pin := protocol.RunPin{
		Playbook: c.Playbook, Version: called.Version, Digest: c.Digest, Input: given, By: v.at.run.Pin.By,
		Reason: "called by " + v.rec.Key,
	}
	child := v.m.Case.AddChild(pin, v.rec.Key, v.m.Now())
	v.rec.Child = child.ID
	v.touch()
	if problem := v.m.open(child); problem != "" {
		v.m.endRun(child, failed(problem))
		return child, ""
	}
	return child, ""
}

// placeOf is where the walk of a run begins.
func (m *Machine) placeOf(run *state.Run) *place {
	p := m.plan(run.Pin.Digest)
	return &place{run: run, plan: p, lay: m.layout(p)}
}

// open resolves the run's inputs and starts it, or says why it cannot start.
func (m *Machine) open(run *state.Run) string {
	p := m.plan(run.Pin.Digest)
	run.Pin.Version = p.Version
	run.Status, run.StartedAt = soar.StepRunning, m.Now()
	input, problem := m.inputs(p, run.Pin.Input)
	run.Input, run.Pin.Input = input, nil
	m.Case.TouchRun(run)
	m.Tell(state.Entry{
		Kind: protocol.EventPlaybookStarted, By: run.Pin.By, Text: "Playbook " + run.Pin.Playbook + " " + p.Version + " started as " + run.ID,
		Data: map[string]any{"run": run.ID, "playbook": run.Pin.Playbook, "version": p.Version, "digest": run.Pin.Digest, "reason": run.Pin.Reason},
	})
	return problem
}

// inputs takes what was given and fills in the defaults. A default may read the
// alert, the incident and the inputs before it.
func (m *Machine) inputs(p *plan.Plan, given map[string]any) (map[string]any, string) {
	input := map[string]any{}
	vars := m.basics()
	for _, in := range p.Inputs {
		vars["input"] = plainMap(input)
		value, ok := given[in.Name]
		if !ok && in.Default != nil {
			computed, err := m.value(*in.Default, vars)
			if err != nil {
				return input, "input " + in.Name + ": " + err.Error()
			}
			value, ok = computed, computed != nil
		}
		if !ok && in.Required {
			return input, "input " + in.Name + " is required and was not given"
		}
		input[in.Name] = plain(value)
	}
	if size(input) > maxArgs {
		return map[string]any{}, "the inputs are too large"
	}
	return input, ""
}
