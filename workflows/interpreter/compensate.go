package interpreter

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/workflows/state"
)

// compensate takes back what the step's subtree did, last first. One that cannot
// be taken back is told and left; the rest goes on. Only a re-walk interrupts
// it, and the walk after that goes on here.
func (v *visit) compensate(ctx workflow.Context) *stop {
	order := state.Release{Order: state.Order{By: actor(v.at.run), Reason: "step " + v.rec.Title + " failed"}, Compensate: true}
	for {
		held := v.m.Case.Under(v.rec.Key)
		if len(held) == 0 {
			return nil
		}
		v.m.takeBack(ctx, held[0], order, func() bool { return v.again })
		if v.again {
			return v.rewalk
		}
	}
}

// takeBack orders the release and waits for its end, or until given up.
func (m *Machine) takeBack(ctx workflow.Context, held *state.Containment, order state.Release, given func() bool) {
	if held.Release == nil {
		m.Release(held, order)
	}
	block(ctx, func() bool { return held.Release == nil || given() })
}

// undoAllLoop takes everything back, last first, once all runs have ended, when
// somebody cancelled the incident's runs with that wish.
func (m *Machine) undoAllLoop(ctx workflow.Context) {
	for {
		block(ctx, func() bool { return m.Case.UndoAll != nil && len(m.Case.LiveRuns()) == 0 })
		order := state.Release{Order: *m.Case.UndoAll, Compensate: true}
		held := m.Case.Held()
		if len(held) == 0 {
			m.Case.UndoAll = nil
			m.Touch()
			continue
		}
		m.takeBack(ctx, held[0], order, never)
	}
}
