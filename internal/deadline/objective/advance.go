package objective

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Clock is one objective with what is still to ring.
type Clock struct {
	soar.Objective
	Warns []time.Time // of the rule, one for each share
	Rung  int         // how many of them have rung
}

// Kind is what happened to a clock.
type Kind string

// Kinds of changes.
const (
	Started Kind = "started"
	Counted Kind = "counted anew"
	Paused  Kind = "paused"
	Resumed Kind = "resumed"
	Met     Kind = "met"
	Dropped Kind = "dropped"        // no rule fits any more
	Ended   Kind = "ended"          // with the incident, unmet or not needed: see Objective.Ended
	Failed  Kind = "cannot be read" // a condition or the calendar; the clock runs on as it was
)

// Change is what Advance did to one clock.
type Change struct {
	Kind  Kind
	Clock Clock // as it is after the change
}

// Engine holds the ways in which Advance asks. Evaluate computes an expression over
// the situation's variables; Count answers a query, as the function Count does. Ends
// makes the end of an incident end what it does not meet; without it closing meets
// what is named after a status, and the rest stays as it is.
type Engine struct {
	Ends     bool
	Policy   protocol.ObjectivePolicy
	Evaluate func(source string, vars map[string]any) (any, error)
	Count    func(Query) (Instants, error)
}

// Advance brings clocks up to date with the situation at now: it starts, pauses,
// resumes and stops them, and counts them anew when another rule holds. What was
// met stays met and a breach stays a breach. It is to be called on every change of
// state; nothing that it does depends on how often.
func (e Engine) Advance(clocks []Clock, s Situation, now time.Time) ([]Clock, []Change) {
	step := step{Engine: e, situation: s, now: now.UTC()}
	var after []Clock
	for _, name := range NamesOf(e.Policy) {
		at := slices.IndexFunc(clocks, func(c Clock) bool { return c.Name == name })
		var clock *Clock
		if at >= 0 {
			copied := clocks[at]
			copied.Pauses = slices.Clone(copied.Pauses)
			clock = &copied
		}
		if clock = step.one(name, clock); clock != nil {
			after = append(after, *clock)
		}
	}
	return after, step.changes
}

// step is one call of Advance.
type step struct {
	Engine
	situation Situation
	now       time.Time
	changes   []Change
}

func (s *step) tell(kind Kind, clock *Clock) {
	s.changes = append(s.changes, Change{Kind: kind, Clock: *clock})
}

// one advances the clock of one objective; nil is none, before and after.
func (s *step) one(name string, clock *Clock) *Clock {
	if clock != nil && (clock.MetAt != nil || clock.Ended != nil) {
		return clock
	}
	if s.over() && clock == nil {
		return nil
	}
	rule := Choose(s.Policy, name, s.situation)
	switch {
	case rule == nil && clock != nil && s.over():
		s.end(rule, clock)
		return clock
	case rule == nil && clock != nil && !clock.Breached:
		s.tell(Dropped, clock)
		return nil
	case rule == nil:
		return clock
	case clock == nil:
		return s.start(rule)
	}
	before := *clock
	if clock.Rule != rule.ID && !clock.Breached {
		s.recount(rule, clock)
	}
	s.stop(rule, clock)
	if clock.MetAt == nil && s.over() {
		s.end(rule, clock)
	} else if clock.MetAt == nil && !clock.Breached {
		s.pause(rule, clock)
	}
	if clock.Fault != before.Fault && clock.Fault != "" {
		s.tell(Failed, clock)
	}
	return clock
}

func (s *step) start(rule *protocol.ObjectiveRule) *Clock {
	clock := &Clock{Objective: soar.Objective{Name: rule.Objective, Policy: s.Policy.Name + " " + s.Policy.Version}}
	from := s.situation.Incident.OpenedAt.UTC()
	if rule.Start != "" {
		// A start that cannot be read starts the clock: too early is the safe side.
		if !s.holds(rule.Start, clock, true) {
			return nil
		}
		from = s.now
	}
	clock.StartedAt = &from
	s.follow(rule, clock)
	s.stop(rule, clock)
	if clock.MetAt == nil {
		s.tell(Started, clock)
		s.pause(rule, clock)
	}
	return clock
}

// follow counts the clock by a rule.
func (s *step) follow(rule *protocol.ObjectiveRule, clock *Clock) {
	clock.Rule, clock.Calendar = rule.ID, rule.Calendar
	s.count(rule, clock)
}

func (s *step) count(rule *protocol.ObjectiveRule, clock *Clock) {
	query := Query{Calendar: rule.Calendar, Start: *clock.StartedAt, Pauses: clock.Pauses, Within: rule.Within, WarnAt: rule.WarnAt}
	instants, err := s.Count(query)
	if err != nil {
		clock.Fault = "calendar " + rule.Calendar + " cannot be counted in, so the clock runs without rest: " + err.Error()
		query.Calendar = ""
		instants, _ = Count(query, Always{}) // it never fails
	}
	clock.DueAt, clock.Warns = instants.Due, instants.Warns
	clock.Rung = min(clock.Rung, len(clock.Warns))
	clock.next()
}

// next sets WarnAt to the next warning, or the last.
func (c *Clock) next() {
	if len(c.Warns) == 0 {
		c.WarnAt = nil
		return
	}
	at := c.Warns[min(c.Rung, len(c.Warns)-1)]
	c.WarnAt = &at
}

// Ring says that a warning rang.
func (c *Clock) Ring() {
	c.Rung++
	c.next()
}

// recount moves a running clock to another rule and keeps how it was counted. What
// has rung does not ring again, save for warnings that now lie ahead.
func (s *step) recount(rule *protocol.ObjectiveRule, clock *Clock) {
	clock.History = append(slices.Clone(clock.History), soar.ObjectiveChange{
		At: s.now, Why: "severity " + string(s.situation.Incident.Severity) + ", category " + string(s.situation.Incident.Category), Rule: clock.Rule, DueAt: clock.DueAt,
	})
	s.follow(rule, clock)
	clock.Rung = 0
	for clock.Rung < len(clock.Warns) && !s.now.Before(clock.Warns[clock.Rung]) {
		clock.Rung++
	}
	clock.next()
	s.tell(Counted, clock)
}

// stop meets the clock when its condition holds. A condition that cannot be read
// does not stop it.
func (s *step) stop(rule *protocol.ObjectiveRule, clock *Clock) {
	met := s.happened(rule.Objective)
	if rule.Stop != "" {
		met = s.holds(rule.Stop, clock, false)
	}
	if !met {
		return
	}
	at := s.now
	if clock.Paused() {
		s.resume(rule, clock)
	}
	clock.MetAt = &at
	s.tell(Met, clock)
}

// happened says whether what an objective is named after has happened.
func (s *step) happened(name string) bool {
	incident := s.situation.Incident
	switch name {
	case Acknowledge:
		return incident.AcknowledgedAt != nil
	case Triage:
		return incident.Status != soar.StatusReported
	case Contain:
		return s.reached(soar.StatusContained)
	case Eradicate:
		return s.reached(soar.StatusEradicated)
	case Recover:
		return s.reached(soar.StatusRecovered)
	case Close, Resolve:
		return incident.Status.Ended()
	default:
		return false
	}
}

// reached tells whether the incident is or was in a status. Closing as resolved says
// that nothing of it is left to do; any other closing says nothing about it.
func (s *step) reached(wanted soar.IncidentStatus) bool {
	incident, order := s.situation.Incident, soar.IncidentStatuses()
	if s.over() && incident.Resolution != soar.ResolutionResolved {
		return false
	}
	return slices.Index(order, incident.Status) >= slices.Index(order, wanted)
}

// pause begins or ends a rest of the clock. A condition that cannot be read does
// not rest it.
func (s *step) pause(rule *protocol.ObjectiveRule, clock *Clock) {
	rest := rule.Pause != "" && s.holds(rule.Pause, clock, false)
	switch {
	case rest && !clock.Paused():
		clock.Pauses = append(clock.Pauses, soar.ObjectivePause{From: s.now})
		s.tell(Paused, clock)
	case !rest && clock.Paused():
		s.resume(rule, clock)
		s.tell(Resumed, clock)
	}
}

// resume ends the pause and counts the rest from now.
func (s *step) resume(rule *protocol.ObjectiveRule, clock *Clock) {
	at := s.now
	clock.Pauses[len(clock.Pauses)-1].To = &at
	s.count(rule, clock)
}

// holds evaluates a condition; otherwise is the answer when it cannot be.
func (s *step) holds(source string, clock *Clock, otherwise bool) bool {
	value, err := s.Evaluate(source, s.situation.Vars)
	answer, ok := value.(bool)
	switch {
	case err != nil:
		clock.Fault = "condition " + source + ": " + err.Error()
		return otherwise
	case !ok:
		clock.Fault = "condition " + source + " gives neither true nor false"
		return otherwise
	default:
		return answer
	}
}
