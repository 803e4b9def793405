package interpreter

import (
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// drives says which status a phase that is done leads to.
func drives(phase string) soar.IncidentStatus {
	switch phase {
	case "contain":
		return soar.StatusContained
	case "eradicate":
		return soar.StatusEradicated
	case "recover":
		return soar.StatusRecovered
	default:
		return ""
	}
}

// followPhases moves the incident on when a phase is done: every step of it that
// was or may still be reached has ended well, and one at least did its work. It
// is asked whenever a step or a run has ended, because also a switch that goes
// elsewhere may settle it.
func (m *Machine) followPhases(run *state.Run, step string) {
	for _, phase := range []string{"contain", "eradicate", "recover"} {
		status := drives(phase)
		if m.Case.Incident.Status.MayBecome(status) && m.phaseDone(phase) {
			m.Case.Advance(status, actor(run), step, m.Now())
			m.Touch()
		}
	}
}

// tally counts the outermost steps of one phase.
type tally struct {
	phase string
	well  int
	open  int // running, or may still run
	bad   int
}

func (m *Machine) phaseDone(phase string) bool {
	t := &tally{phase: phase}
	for _, run := range m.Case.Runs {
		if run.Pin.Digest == "" || run.Input == nil && run.Status == soar.StepFailed {
			continue
		}
		at := m.placeOf(run)
		if at.lay.hasPhase[phase] {
			t.steps(at.plan.Steps, at, !run.Status.Ended())
		}
	}
	return t.well > 0 && t.open == 0 && t.bad == 0
}

func (t *tally) steps(steps []*plan.Step, at *place, live bool) {
	for _, s := range steps {
		rec := at.record(s)
		switch {
		case s.Phase == t.phase:
			t.count(rec, live)
		case rec == nil:
			if live && t.below(s) {
				t.open++
			}
		default:
			t.inside(s, rec, at, live && !rec.Status.Ended())
		}
	}
}

func (t *tally) count(rec *state.Record, live bool) {
	switch {
	case rec == nil:
		if live {
			t.open++
		}
	case !rec.Status.Ended():
		t.open++
	case rec.Status == soar.StepSucceeded || rec.Status == soar.StepApproved:
		t.well++
	case rec.Status == soar.StepFailed || rec.Status == soar.StepCancelled || rec.Status == soar.StepCompensated:
		t.bad++
	}
}

// inside looks at the steps below one that is of another phase: of a switch only
// those of the chosen branch, of a loop those of each turn. A loop that
// succeeded is compacted: what it did of the phase went well.
func (t *tally) inside(s *plan.Step, rec *state.Record, at *place, live bool) {
	switch s.Kind {
	case plan.KindSwitch:
		if rec.Branch != nil && *rec.Branch >= 0 {
			t.steps(s.Switch[*rec.Branch].Steps, at, live)
		} else if live && t.below(s) {
			t.open++
		}
	case plan.KindForEach, plan.KindRepeat:
		switch {
		case !t.below(s):
		case rec.Status == soar.StepSucceeded:
			t.well++
		case live:
			t.open++
		case rec.Status == soar.StepFailed || rec.Status == soar.StepCancelled:
			t.bad++
		}
	default:
		for _, children := range s.Children() {
			t.steps(children, at, live)
		}
	}
}

// below tells whether the step or one below it is of the phase.
func (t *tally) below(s *plan.Step) bool {
	found := false
	plan.Walk([]*plan.Step{s}, func(inner *plan.Step) bool {
		found = found || inner.Phase == t.phase
		return !found
	})
	return found
}
