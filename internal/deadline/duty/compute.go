package duty

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
)

// State says how far the clock of a stage is.
type State string

// States of a stage.
const (
	Running      State = "running"        // it has a due time
	Waiting      State = "waiting"        // what starts it has not happened
	NoFixedTerm  State = "no_fixed_term"  // due without a number: no clock
	NotRunning   State = "not_running"    // the regime is proposed or voluntary
	NotDue       State = "not_due"        // its condition does not hold
	CannotBeDone State = "cannot_compute" // the calendar has no answer; Why says it
)

// Due is when one stage must be done.
type Due struct {
	Stage     string
	State     State
	If        string        // a condition that is not known yet; empty: none
	At        time.Time     // the last moment, in the zone that days are counted in
	Day       calendar.Date // set when the limit is the end of this day
	Nominal   time.Time     // before relief; At when there was none
	NominalOn calendar.Date // Day before relief
	Capped    bool          // a cap came before the term
	Projected bool          // counts from a submission that has not happened, taken to happen at its own limit
	Assumed   bool          // counts from a moment that nobody declared
	Start     time.Time
	StartedBy string // the fact that the clock runs from, or that it waits for
	Why       string // how it was counted, in words
}

// Outcome is what a regime says about an incident.
type Outcome struct {
	Regime  *Regime
	Applies Tri
	Why     string // why it does not apply, or what is not known
	Dues    []Due  // one for each stage, in order
}

// Running tells whether some clock of the regime runs.
func (o Outcome) Running() bool {
	return slices.ContainsFunc(o.Dues, func(d Due) bool { return d.State == Running })
}

// Due gives the due time of a stage, or nil.
func (o Outcome) Due(stage string) *Due {
	at := slices.IndexFunc(o.Dues, func(d Due) bool { return d.Stage == stage })
	if at < 0 {
		return nil
	}
	return &o.Dues[at]
}

// Setting is where days are counted and what counts as a working day.
type Setting struct {
	Zone    *time.Location // nil: the regime's zone where the fact's offset fits it, else the fact's own
	Days    *calendar.Calendar
	Project bool // compute stages that follow a submission as if it happened at its limit
	Told    bool // everything that happened is told: see Condition.Told
}

func (s Setting) holds(c *Condition, facts Facts) Tri {
	if s.Told {
		return c.Told(facts)
	}
	return c.Holds(facts)
}

// Compute applies a regime to what is known.
func Compute(r *Regime, facts Facts, setting Setting) Outcome {
	out := Outcome{Regime: r}
	out.Applies, out.Why = r.applies(facts, setting)
	for i := range r.Stages {
		c := counter{regime: r, facts: facts, setting: setting, earlier: out.Dues}
		out.Dues = append(out.Dues, c.stage(&r.Stages[i], out.Applies))
	}
	return out
}

// applies answers whether the regime is law for this incident.
func (r *Regime) applies(facts Facts, setting Setting) (Tri, string) {
	if r.Status == Proposed {
		return No, "proposed only, not in force"
	}
	if from := r.firstDay(facts); !from.IsZero() {
		c := counter{regime: r, facts: facts, setting: setting}
		if d, some := c.firstStart(); some && d.Before(from) {
			return No, "applies from " + from.String()
		}
	}
	if list, declared := facts[Jurisdictions]; declared && len(r.Where) > 0 {
		if !slices.ContainsFunc(r.Where, func(where string) bool { return slices.Contains(list.List, where) }) {
			return No, "not among the jurisdictions"
		}
	}
	if r.Unless != nil && r.Unless.Holds(facts) == Yes {
		return No, "the case: " + r.Unless.String()
	}
	switch r.triggered(facts, setting) {
	case No:
		return No, "not the case: " + r.When.String()
	case Unknown:
		return Unknown, "if " + r.When.String()
	default:
		return Yes, ""
	}
}

// triggered evaluates the trigger. Where everything is told, a fact that also
// chooses among the stages says nothing about it: that a leak had no improper
// purpose is told to choose the 30 days.
func (r *Regime) triggered(facts Facts, setting Setting) Tri {
	holds := r.When.Holds(facts)
	if holds != Unknown || !setting.Told {
		return holds
	}
	told := maps.Clone(facts)
	for _, s := range r.Stages {
		for _, name := range s.When.Facts() {
			delete(told, name)
		}
	}
	return r.When.Told(told)
}

// Jurisdictions is the fact that says where an incident has effects.
const Jurisdictions = "jurisdictions"

func (r *Regime) firstDay(facts Facts) calendar.Date {
	from := r.Applies.From
	for _, later := range r.Applies.Later {
		if later.When.Holds(facts) == Yes {
			from = later.From
		}
	}
	return from
}

// counter computes the stages of one regime.
type counter struct {
	regime  *Regime
	facts   Facts
	setting Setting
	earlier []Due // stages before this one
}

// firstStart gives the earliest day on which something happened that starts a clock.
func (c counter) firstStart() (first calendar.Date, some bool) {
	for _, stage := range c.regime.Stages {
		from, known := c.start(stage.Start)
		if !known || from.projected {
			continue
		}
		if d := from.day; !some || d.Before(first) {
			first, some = d, true
		}
	}
	return first, some
}

func (c counter) stage(s *Stage, applies Tri) Due {
	due := Due{Stage: s.ID, StartedBy: s.Start.name()}
	holds := c.setting.holds(s.When, c.facts)
	if holds == Unknown {
		due.If = s.When.String()
	}
	switch {
	case c.regime.Status != InForce:
		due.State = NotRunning
		return due
	case applies == No || holds == No:
		due.State = NotDue
		return due
	case !s.Term.Fixed():
		if _, started := c.start(s.Start); !started { // as a report on request, while nobody requested it
			due.State, due.Why = Waiting, "starts with "+due.StartedBy+", then "+s.Term.Words
			return due
		}
		due.State, due.Why = NoFixedTerm, s.Term.Words
		return due
	}
	if err := c.count(s, &due); err != nil {
		due.State, due.Why = CannotBeDone, err.Error()
	}
	return due
}

// count fills the due time: the term, its caps, then relief.
func (c counter) count(s *Stage, due *Due) error {
	due.State = Waiting
	term := s.Term
	for _, f := range s.Factors {
		if f.When.Holds(c.facts) == Yes {
			term = term.times(f.Times)
			due.Why = fmt.Sprintf(" (%d times, as %s)", f.Times, f.When)
		}
	}
	from, started := c.start(s.Start)
	if started {
		limit, err := c.after(from, term, s.Closed)
		if err != nil {
			return err
		}
		due.take(from, limit)
		due.Why = term.String() + " after " + from.text() + due.Why
	}
	if err := c.hold(s, from, started, due); err != nil {
		return err
	}
	if due.State != Running {
		due.Why = "starts with " + due.StartedBy
		return nil
	}
	due.Nominal, due.NominalOn = due.At, due.Day
	if err := c.relieve(s, due); err != nil {
		return err
	}
	if beyond := c.days().Beyond(calendar.DateOf(due.At)); beyond != "" && (s.Term.WorkingDays > 0 || s.Relief != nil) {
		due.Why += "; " + beyond + ", so it may be later"
	}
	return nil
}

// hold applies the caps: the earliest limit counts. A cap also gives a limit while
// the clock itself has not started.
func (c counter) hold(s *Stage, from start, started bool, due *Due) error {
	for _, held := range s.Caps {
		base, known := c.start(held.Start)
		if !known {
			continue
		}
		limit, err := c.after(base, held.Term, s.Closed)
		if err != nil {
			return err
		}
		if started && held.UnlessLater && from.at.After(limit.at) || due.State == Running && !limit.at.Before(due.At) {
			continue
		}
		due.take(base, limit)
		due.Capped = true
		due.Why = "no later than " + held.Term.String() + " after " + base.text()
	}
	return nil
}

func (c counter) relieve(s *Stage, due *Due) error {
	if s.Relief == nil {
		return nil
	}
	// Where it is not known whether somebody has the relief, the strict limit stands.
	if not := s.Relief.Withdrawn; not != nil && c.setting.holds(not, c.facts) != No {
		return nil
	}
	day := due.Day
	if day.IsZero() {
		day = calendar.DateOf(due.At)
	}
	if c.days().WorkingDay(day) {
		return nil
	}
	at, err := c.days().NextAt(day, s.Relief.At)
	if err != nil {
		return err
	}
	wall := calendar.Instant(calendar.DateOf(at), s.Relief.At, due.At.Location())
	due.At, due.Day = wall, calendar.Date{}
	due.Why += "; a closed day, so " + wall.Format("15:04 on 2 January")
	return nil
}

func (d *Due) take(from start, limit end) {
	d.State, d.At, d.Day = Running, limit.at, limit.day
	d.Start, d.Assumed, d.Projected = from.at, from.assumed, from.projected
}
