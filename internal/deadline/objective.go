package deadline

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Names of the objectives that are met by the incident itself.
const (
	Acknowledge = "acknowledge" // somebody took it
	Contain     = "contain"     // status contained or later
	Resolve     = "resolve"     // ended
)

// Names lists the objectives in the order of an incident's life.
func Names() []string { return []string{Acknowledge, Contain, Resolve} }

// Objectives gives the clocks of one severity, counted from openedAt, in the
// order of the policy. A severity without clocks, and an unknown one, has none.
func Objectives(policy protocol.ObjectivePolicy, severity soar.Severity, openedAt time.Time) []soar.Objective {
	var objectives []soar.Objective
	for _, clock := range policy.Clocks[severity] {
		objective := soar.Objective{Name: clock.Name, DueAt: openedAt.UTC().Add(clock.Within), Policy: policy.Name + " " + policy.Version}
		if clock.WarnAt > 0 && clock.WarnAt < 1 {
			warn := openedAt.UTC().Add(time.Duration(float64(clock.Within) * clock.WarnAt))
			objective.WarnAt = &warn
		}
		objectives = append(objectives, objective)
	}
	return objectives
}

// Recompute gives the clocks after the severity changed. Clocks still run from
// openedAt. What is settled stays as it was: an objective that was met was met
// under the clock of its time, and a breach is a fact that a milder severity does
// not undo. A running objective that the new severity does not have is dropped.
func Recompute(policy protocol.ObjectivePolicy, severity soar.Severity, openedAt time.Time, before []soar.Objective) []soar.Objective {
	after := Objectives(policy, severity, openedAt)
	for _, old := range before {
		if old.MetAt == nil && !old.Breached {
			continue
		}
		at := slices.IndexFunc(after, func(o soar.Objective) bool { return o.Name == old.Name })
		if at < 0 {
			after = append(after, old)
			continue
		}
		after[at] = old
	}
	return after
}

// Meet says that what the objective asks for happened at this time, and gives a
// changed copy. Met after it was due is a breach, however late somebody noticed.
// Only the first time counts; an unknown name changes nothing.
func Meet(objectives []soar.Objective, name string, at time.Time) []soar.Objective {
	changed := slices.Clone(objectives)
	for i := range changed {
		if changed[i].Name == name && changed[i].MetAt == nil {
			met := at.UTC()
			changed[i].MetAt = &met
			changed[i].Breached = changed[i].Breached || met.After(changed[i].DueAt)
		}
	}
	return changed
}

// Breach marks what is overdue at now and gives a changed copy with the names
// that were not marked before.
func Breach(objectives []soar.Objective, now time.Time) (changed []soar.Objective, names []string) {
	changed = slices.Clone(objectives)
	for i, objective := range changed {
		if objective.MetAt == nil && !objective.Breached && !now.Before(objective.DueAt) {
			changed[i].Breached = true
			names = append(names, objective.Name)
		}
	}
	return changed, names
}

// Next gives the first instant after now at which an open objective warns or is
// due; ok is false when there is none.
func Next(objectives []soar.Objective, now time.Time) (at time.Time, ok bool) {
	for _, objective := range objectives {
		if objective.MetAt != nil || objective.Breached {
			continue
		}
		for _, instant := range []*time.Time{objective.WarnAt, &objective.DueAt} {
			if instant != nil && instant.After(now) && (!ok || instant.Before(at)) {
				at, ok = *instant, true
			}
		}
	}
	return at, ok
}

// Due gives the earliest due time of what is still open, which is what managers
// sort by; ok is false when nothing is open. A breached objective is still open
// until it is met.
func Due(objectives []soar.Objective) (at time.Time, ok bool) {
	for _, objective := range objectives {
		if objective.MetAt == nil && (!ok || objective.DueAt.Before(at)) {
			at, ok = objective.DueAt, true
		}
	}
	return at, ok
}

// State sums up all objectives at now in one word, worst first: breached,
// warning, running, met. No objectives at all are met.
func State(objectives []soar.Objective, now time.Time) string {
	order := []string{"met", "running", "warning", "breached"}
	worst := 0
	for _, objective := range objectives {
		state := objective.State()
		if state == "running" && objective.WarnAt != nil && !now.Before(*objective.WarnAt) {
			state = "warning"
		}
		if state == "running" || state == "warning" {
			if !now.Before(objective.DueAt) {
				state = "breached"
			}
		}
		worst = max(worst, slices.Index(order, state))
	}
	return order[worst]
}
