package timeline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Change is what a person says about the incident after its opening. Whoever says
// something has acknowledged the incident.
type Change struct {
	At       time.Time
	Severity soar.Severity // empty fields stay as they are
	Category soar.Category
	Status   soar.IncidentStatus
	Facts    map[string]any
	Sent     string // regime/stage whose notice was sent at At
	Waived   string // regime, or regime/stage
}

// Play lets time pass from the opening until a moment, takes the changes in as they
// come, and gives what rings, by time. Duties of which it is not known whether they
// apply do not ring. Where Compute looks ahead from one moment, Play follows pauses,
// other severities, facts and notices as the incident's workflow does.
func Play(r Request, changes []Change, until time.Time) (Timeline, error) {
	p := &player{builder: builder{request: r, out: Timeline{Moments: []Moment{}, Quiet: []Quiet{}, Faults: []string{}}}, duties: map[string]*stage{}}
	p.builder.request.Incident.Facts = maps.Clone(r.Incident.Facts)
	p.engine = objective.Engine{Policy: r.Policy, Evaluate: Evaluate, Count: Counter(r.Policy)}
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(x, y Change) int { return x.At.Compare(y.At) })
	now := r.Incident.OpenedAt
	if err := p.look(now); err != nil {
		return p.out, err
	}
	for {
		rings, at := p.next(now)
		if len(changes) > 0 && (len(rings) == 0 || changes[0].At.Before(at)) {
			rings, at = nil, changes[0].At
		} else if len(rings) == 0 {
			break
		}
		if at.After(until) {
			break
		}
		if now = at; len(rings) == 0 {
			p.take(changes[0])
			changes = changes[1:]
		}
		for _, ring := range rings {
			ring(now)
		}
		if err := p.look(now); err != nil {
			return p.out, err
		}
	}
	slices.Sort(p.out.Faults)
	p.out.Faults = slices.Compact(p.out.Faults)
	return p.out, nil
}

// player holds the clocks while time passes.
type player struct {
	builder
	engine objective.Engine
	clocks []objective.Clock
	duties map[string]*stage
	order  []string // names of duties as they opened
	sent   map[string]time.Time
}

// stage is one open stage of a duty.
type stage struct {
	protocol.DutyClock
	rung   int
	silent bool // it was due, sent or waived
}

// same tells whether a new computation rings when the one before does.
func (s *stage) same(fresh protocol.DutyClock) bool {
	return s.Duty != nil && s.Duty.State == fresh.Duty.State && s.DueAt.Equal(fresh.DueAt) && slices.EqualFunc(s.Warns, fresh.Warns, time.Time.Equal)
}

// look brings clocks and duties up to date with the incident.
func (p *player) look(now time.Time) error {
	situation, err := objective.Situate(p.request.Incident, p.request.Playbooks)
	if err != nil {
		return err
	}
	p.clocks, _ = p.engine.Advance(p.clocks, situation, now)
	for _, clock := range p.clocks {
		if clock.Fault != "" {
			p.out.Faults = append(p.out.Faults, clock.Fault)
		}
	}
	if p.request.Library == nil || len(p.request.Incident.Facts) == 0 {
		return nil
	}
	incident := p.request.Incident
	answer := Duties(p.request.Library)(protocol.DutyQuery{OpenedAt: incident.OpenedAt, Facts: incident.Facts, Sent: p.sent})
	p.out.Faults = append(p.out.Faults, answer.Faults...)
	for _, fresh := range answer.Stages {
		known := p.duties[fresh.Name]
		if known == nil {
			known = &stage{}
			p.duties[fresh.Name] = known
			p.order = append(p.order, fresh.Name)
		}
		if known.silent || known.same(fresh) {
			continue
		}
		known.DutyClock, known.rung = fresh, 0
		for known.rung < len(fresh.Warns) && !now.Before(fresh.Warns[known.rung]) {
			known.rung++
		}
	}
	return nil
}

// last gives the warning that is next at now: of several that have passed, the last
// speaks for all.
func last(warns []time.Time, rung int, now time.Time) int {
	for rung+1 < len(warns) && !now.Before(warns[rung+1]) {
		rung++
	}
	return rung
}

// next gives the clocks that ring first, not before now. What rings at one instant
// rings before anything follows from it.
func (p *player) next(now time.Time) (rings []func(time.Time), first time.Time) {
	offer := func(at time.Time, act func(time.Time)) {
		if at.Before(now) {
			at = now // it was over when the clock came
		}
		if len(rings) == 0 || at.Before(first) {
			rings, first = nil, at
		}
		if at.Equal(first) {
			rings = append(rings, act)
		}
	}
	for i := range p.clocks {
		clock := &p.clocks[i]
		if clock.MetAt != nil || clock.Breached || clock.Paused() {
			continue
		}
		if rung := last(clock.Warns, clock.Rung, now); rung < len(clock.Warns) && now.Before(clock.DueAt) {
			offer(clock.Warns[rung], func(at time.Time) { p.ringObjective(clock, Warning, at); clock.Rung = rung; clock.Ring() })
		}
		offer(clock.DueAt, func(at time.Time) { clock.Breached = true; p.ringObjective(clock, DueTime, at) })
	}
	for _, name := range p.order {
		duty := p.duties[name]
		if duty.silent || !duty.Counts() {
			continue
		}
		if rung := last(duty.Warns, duty.rung, now); rung < len(duty.Warns) && now.Before(duty.DueAt) {
			offer(duty.Warns[rung], func(at time.Time) { duty.rung = rung + 1; p.ringDuty(duty, Warning, at) })
		}
		offer(duty.DueAt, func(at time.Time) { duty.silent = true; p.ringDuty(duty, DueTime, at) })
	}
	return rings, first
}

func (p *player) ringObjective(clock *objective.Clock, what string, at time.Time) {
	zone := p.zone(clock.Calendar)
	p.out.Moments = append(p.out.Moments, Moment{At: at.In(zone), Zone: zone.String(), What: what, Clock: clock.Name, Why: "rule " + clock.Rule + " of " + clock.Policy})
	for _, rule := range p.request.Policy.Rules {
		if rule.ID != clock.Rule {
			continue
		}
		actions := rule.OnBreach
		if what == Warning {
			actions = rule.OnWarning
		}
		for _, action := range actions {
			p.declare(action.Declare)
		}
	}
}

func (p *player) ringDuty(duty *stage, what string, at time.Time) {
	zone, err := time.LoadLocation(duty.Duty.Zone)
	if err != nil {
		zone = time.UTC
	}
	p.out.Moments = append(p.out.Moments, Moment{At: at.In(zone), Zone: zone.String(), What: what, Clock: duty.Name, Day: duty.Duty.Day, If: duty.Duty.If,
		To: duty.Duty.To, Why: duty.Duty.Why, Source: duty.Duty.Source, Assumed: duty.Duty.Assumed})
}

func (p *player) declare(facts map[string]any) {
	if len(facts) == 0 {
		return
	}
	if p.request.Incident.Facts == nil {
		p.request.Incident.Facts = map[string]any{}
	}
	maps.Copy(p.request.Incident.Facts, facts)
}

// take makes a change.
func (p *player) take(change Change) {
	incident := &p.request.Incident
	if incident.AcknowledgedAt == nil {
		incident.AcknowledgedAt = &change.At
	}
	if change.Severity != "" {
		incident.Severity = change.Severity
	}
	if change.Category != "" {
		incident.Category = change.Category
	}
	p.declare(change.Facts)
	if incident.Status.MayBecome(change.Status) {
		incident.Status = change.Status
	}
	for name, duty := range p.duties {
		switch {
		case name == change.Sent:
			if p.sent == nil {
				p.sent = map[string]time.Time{}
			}
			duty.silent, p.sent[name] = true, change.At
		case change.Waived != "" && (name == change.Waived || duty.Duty.Regime == change.Waived):
			duty.silent = true
		}
	}
}

// String gives a moment as one line, to compare and to print.
func (m Moment) String() string {
	return fmt.Sprintf("%s %s %s", m.At.UTC().Format(time.RFC3339), m.What, m.Clock)
}
