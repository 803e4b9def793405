package timeline

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// What rings.
const (
	Warning = "warning"
	DueTime = "due"
)

// Moment is one instant at which a clock rings.
type Moment struct {
	At        time.Time `json:"at"` // in the zone that the clock counts in
	Zone      string    `json:"zone"`
	What      string    `json:"what"`              // warning | due
	Clock     string    `json:"clock"`             // contain, or eu-gdpr-33 notification
	Day       string    `json:"day,omitempty"`     // set when the limit is the end of this day
	If        string    `json:"if,omitempty"`      // what is not known yet
	To        string    `json:"to,omitempty"`      // whom a duty tells
	Why       string    `json:"why"`               // rule, or how it was counted
	Source    string    `json:"source,omitempty"`  // of a duty
	Assumed   bool      `json:"assumed,omitempty"` // counts from the opening, because nobody declared the moment
	Projected bool      `json:"projected,omitempty"`
}

// Quiet is a clock that does not run, and why.
type Quiet struct {
	Clock string `json:"clock"`
	State string `json:"state"`
	Why   string `json:"why"`
}

// Timeline is the answer.
type Timeline struct {
	Moments []Moment `json:"moments"` // by time
	Quiet   []Quiet  `json:"quiet"`   // duties that are open without a clock
	Faults  []string `json:"faults"`  // facts and conditions that cannot be read
}

// Request is what to compute.
type Request struct {
	Incident  soar.Incident // severity, category, facts, opened at
	Playbooks []string
	Policy    protocol.ObjectivePolicy
	Library   *duty.Library // nil: no duties
	Certain   bool          // leave out what depends on something that is not known
}

// Compute lists the moments.
func Compute(r Request) (Timeline, error) {
	b := &builder{request: r, out: Timeline{Moments: []Moment{}, Quiet: []Quiet{}, Faults: []string{}}}
	if err := b.objectives(); err != nil {
		return b.out, err
	}
	if r.Library != nil {
		b.duties()
	}
	slices.SortStableFunc(b.out.Moments, func(x, y Moment) int { return x.At.Compare(y.At) })
	slices.Sort(b.out.Faults)
	b.out.Faults = slices.Compact(b.out.Faults)
	return b.out, nil
}

// Counter counts working time by the calendars of a policy.
func Counter(policy protocol.ObjectivePolicy) func(objective.Query) (objective.Instants, error) {
	return func(q objective.Query) (objective.Instants, error) {
		working, err := working(policy, q.Calendar)
		if err != nil {
			return objective.Instants{}, err
		}
		return objective.Count(q, working)
	}
}

func working(policy protocol.ObjectivePolicy, name string) (objective.Time, error) {
	if name == "" {
		return objective.Always{}, nil
	}
	raw, there := policy.Calendars[name]
	if !there {
		return nil, fmt.Errorf("the policy has no calendar %q", name)
	}
	var spec calendar.Spec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, fmt.Errorf("calendar %s cannot be read: %w", name, err)
	}
	return calendar.New(spec)
}

// Evaluate compiles and runs a condition of a policy.
func Evaluate(source string, vars map[string]any) (any, error) {
	program, problems := expression.Compile(source, objective.Environment(), nil)
	if len(problems) > 0 {
		return nil, fmt.Errorf("column %d: %s", problems[0].Column, problems[0].Message)
	}
	return program.Eval(vars)
}

type builder struct {
	request Request
	out     Timeline
}

func (b *builder) objectives() error {
	r := b.request
	situation, err := objective.Situate(r.Incident, r.Playbooks)
	if err != nil {
		return err
	}
	engine := objective.Engine{Policy: r.Policy, Evaluate: Evaluate, Count: Counter(r.Policy)}
	clocks, _ := engine.Advance(nil, situation, r.Incident.OpenedAt)
	for _, clock := range clocks {
		if clock.Fault != "" {
			b.out.Faults = append(b.out.Faults, clock.Fault)
		}
		if clock.MetAt != nil || clock.Paused() {
			continue
		}
		zone := b.zone(clock.Calendar)
		moment := Moment{Zone: zone.String(), Clock: clock.Name, Why: "rule " + clock.Rule + " of " + clock.Policy}
		for _, warn := range clock.Warns {
			moment.At, moment.What = warn.In(zone), Warning
			b.out.Moments = append(b.out.Moments, moment)
		}
		moment.At, moment.What = clock.DueAt.In(zone), DueTime
		if beyond := b.beyond(clock.Calendar, moment.At); beyond != "" {
			moment.Why += "; " + beyond + ", so it may be later"
		}
		b.out.Moments = append(b.out.Moments, moment)
	}
	return nil
}

// beyond tells that a calendar of the policy does not know its holidays up to a moment.
func (b *builder) beyond(name string, at time.Time) string {
	if counted, err := working(b.request.Policy, name); err == nil {
		if c, ok := counted.(*calendar.Calendar); ok {
			return c.Beyond(calendar.DateOf(at))
		}
	}
	return ""
}

// zone gives the zone of a calendar of the policy, and UTC for none.
func (b *builder) zone(name string) *time.Location {
	if counted, err := working(b.request.Policy, name); err == nil {
		if c, ok := counted.(*calendar.Calendar); ok {
			return c.Zone()
		}
	}
	return time.UTC
}

func (b *builder) duties() {
	library := b.request.Library
	incident := duty.Incident{OpenedAt: b.request.Incident.OpenedAt, Declared: b.request.Incident.Facts}
	for i := range library.Regimes {
		regime := &library.Regimes[i]
		if !library.InScope(regime) {
			continue
		}
		outcome, faults := library.Outcome(regime, incident, true)
		b.out.Faults = append(b.out.Faults, faults...)
		if outcome.Applies == duty.No && regime.Status == duty.InForce || b.request.Certain && outcome.Applies != duty.Yes {
			continue
		}
		for n := range outcome.Dues {
			b.stage(outcome, n)
		}
	}
}

func (b *builder) stage(outcome duty.Outcome, n int) {
	due, stage, regime := outcome.Dues[n], outcome.Regime.Stages[n], outcome.Regime
	name := regime.ID + " " + stage.ID
	if due.State == duty.NotDue || b.request.Certain && due.If != "" {
		return
	}
	if due.State != duty.Running {
		why := due.Why
		if due.State == duty.NotRunning {
			why = string(regime.Status) + ": " + regime.Remark
		}
		b.out.Quiet = append(b.out.Quiet, Quiet{Clock: name, State: string(due.State), Why: why})
		return
	}
	moment := Moment{Zone: due.At.Location().String(), Clock: name, If: condition(outcome, due), To: stage.Recipient, Why: due.Why,
		Source: regime.Source, Assumed: due.Assumed, Projected: due.Projected}
	for _, warn := range b.request.Library.Warns(due) {
		moment.At, moment.What = warn.In(due.At.Location()), Warning
		b.out.Moments = append(b.out.Moments, moment)
	}
	moment.At, moment.What = due.At, DueTime
	if !due.Day.IsZero() {
		moment.Day = due.Day.String()
	}
	b.out.Moments = append(b.out.Moments, moment)
}

// condition joins what is not known about the regime and about the stage.
func condition(outcome duty.Outcome, due duty.Due) string {
	switch {
	case outcome.Applies != duty.Unknown:
		return due.If
	case due.If == "":
		return outcome.Regime.When.String()
	default:
		return outcome.Regime.When.String() + "; " + due.If
	}
}
