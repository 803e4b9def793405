package state

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Names of objectives.
const (
	ObjectiveAcknowledge = "acknowledge"
	ObjectiveContain     = "contain"
	ObjectiveResolve     = "resolve"
)

// Objective is one clock.
type Objective struct {
	soar.Objective
	Warned bool        `json:"warned,omitempty"`
	Warns  []time.Time `json:"warns,omitempty"` // of its rule
	Rung   int         `json:"rung,omitempty"`  // how many of Warns have rung or were passed over
	Since  *time.Time  `json:"since,omitempty"` // when it was counted to be due when it is
}

// Running tells whether the clock is still to be met or breached.
func (o *Objective) Running() bool {
	return o.MetAt == nil && !o.Breached && o.Ended == nil && o.Counts()
}

// Objective gives the clock of this name, or nil.
func (c *Case) Objective(name string) *Objective {
	for _, objective := range c.Objectives {
		if objective.Name == name {
			return objective
		}
	}
	return nil
}

// ObjectiveNames gives the names of all clocks that the policy has for any
// severity, sorted.
func (c *Case) ObjectiveNames() []string {
	names := map[string]bool{}
	for _, severity := range slices.Sorted(maps.Keys(c.Policy.Clocks)) {
		for _, clock := range c.Policy.Clocks[severity] {
			names[clock.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// SetObjectives computes the clocks for the incident's severity, counted from
// the moment it was opened, for a policy from before there were rules; rules are
// followed by package clocks. What was met or breached stays so; a clock that the
// severity does not have goes away, unless it was met or breached.
func (c *Case) SetObjectives(now time.Time) {
	if c.ByRules() {
		return
	}
	var clocks []*Objective
	for _, clock := range c.Policy.Clocks[c.Incident.Severity] {
		objective := c.newObjective(clock)
		if former := c.Objective(clock.Name); former != nil {
			objective.MetAt, objective.Breached = former.MetAt, former.Breached
			objective.Warned = former.Warned && objective.WarnAt != nil && !now.Before(*objective.WarnAt)
		}
		clocks = append(clocks, objective)
	}
	for _, former := range c.Objectives {
		kept := slices.ContainsFunc(clocks, func(o *Objective) bool { return o.Name == former.Name })
		if !kept && !former.Running() {
			clocks = append(clocks, former)
		}
	}
	c.Objectives = clocks
	c.Journal.TouchObjectives()
}

func (c *Case) newObjective(clock protocol.ObjectiveClock) *Objective {
	objective := &Objective{Objective: soar.Objective{
		Name: clock.Name, DueAt: c.Incident.OpenedAt.Add(clock.Within), Policy: c.Policy.Name + " " + c.Policy.Version,
	}}
	if clock.WarnAt > 0 && clock.WarnAt < 1 {
		warn := c.Incident.OpenedAt.Add(time.Duration(float64(clock.Within) * clock.WarnAt))
		objective.WarnAt = &warn
	}
	return objective
}

// ByRules tells whether the policy has rules; older ones have clocks only.
func (c *Case) ByRules() bool { return len(c.Policy.Rules) > 0 }

// Rule gives the rule that a clock is counted by, or nil.
func (c *Case) Rule(o *Objective) *protocol.ObjectiveRule {
	at := slices.IndexFunc(c.Policy.Rules, func(r protocol.ObjectiveRule) bool { return r.ID == o.Rule })
	if at < 0 {
		return nil
	}
	return &c.Policy.Rules[at]
}

// MeetObjective marks the clock as met now, in time or late, and tells so. It
// does nothing when there is no such clock, it was met before, it rests, its rule
// has a condition of its own, or it is a duty, which only its sending meets.
func (c *Case) MeetObjective(name string, by soar.Actor, now time.Time) {
	objective := c.Objective(name)
	if objective == nil || objective.MetAt != nil || objective.Ended != nil || objective.Paused() || objective.Duty != nil {
		return
	}
	if rule := c.Rule(objective); rule != nil && rule.Stop != "" {
		return
	}
	objective.MetAt = &now
	c.TellMet(objective, by, now)
}

// TellMet puts into the journal that a clock was met, in time or late, and by how
// much.
func (c *Case) TellMet(objective *Objective, by soar.Actor, now time.Time) {
	text := "Objective " + objective.Name + " met in time"
	if objective.Breached || now.After(objective.DueAt) {
		text = "Objective " + objective.Name + " met late"
	}
	if margin := objective.By().Abs().Round(time.Second); objective.Rule != "" {
		text += ", by " + margin.String()
	}
	c.Tell(now, Entry{Kind: protocol.EventObjectiveMet, By: by, Text: text, Data: objective.Objective})
	c.Journal.TouchObjectives()
}

// MeetAll meets what is not met yet: what closing did before the end of an incident
// ended its clocks, and does to those of a policy without rules.
func (c *Case) MeetAll(by soar.Actor, now time.Time) {
	for _, objective := range c.Objectives {
		if objective.MetAt == nil {
			c.MeetObjective(objective.Name, by, now)
		}
	}
}

// NextDeadline gives the nearest due time of a running clock; false when no
// clock runs.
func (c *Case) NextDeadline() (time.Time, bool) {
	var next time.Time
	for _, objective := range c.Objectives {
		if objective.Running() && !objective.Paused() && (next.IsZero() || objective.DueAt.Before(next)) {
			next = objective.DueAt
		}
	}
	return next, !next.IsZero()
}

// ObjectiveState sums the clocks up: breached when one is, else warning when
// one has warned and still runs, else running, else unmet when one was not met when
// the incident ended, else met. Empty when there are no clocks.
func (c *Case) ObjectiveState() string {
	state := ""
	for _, objective := range c.Objectives {
		switch {
		case objective.Breached:
			return "breached"
		case !objective.Counts() || objective.Ended != nil && objective.Ended.As == soar.EndedDropped:
		case objective.Ended != nil:
			state = "unmet"
		case objective.Running() && objective.Warned:
			state = "warning"
		case objective.Running() && state != "warning":
			state = "running"
		case state == "":
			state = "met"
		}
	}
	return state
}

// Standing says in a word how the clock stands: running, warning, breached (due
// and still open), paused, met, met_late, unmet or dropped; for a duty that does not
// count, its own state.
func (o *Objective) Standing() string {
	switch {
	case !o.Counts():
		return o.Duty.State
	case o.MetAt != nil && (o.Breached || o.MetAt.After(o.DueAt)):
		return "met_late"
	case o.MetAt != nil:
		return "met"
	case o.Ended != nil:
		return string(o.Ended.As)
	case o.Breached:
		return "breached"
	case o.Paused():
		return "paused"
	case o.Warned:
		return "warning"
	default:
		return "running"
	}
}

// Standings gives how the clocks stand that count, each word once, sorted.
func (c *Case) Standings() []string {
	words := map[string]bool{}
	for _, objective := range c.Objectives {
		if objective.Counts() {
			words[objective.Standing()] = true
		}
	}
	return slices.Sorted(maps.Keys(words))
}
