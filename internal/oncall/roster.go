package oncall

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Roster says who is on call. Of its layers the first that has somebody counts.
type Roster struct {
	Name   string
	Zone   string // IANA, for overrides and lists of shifts
	Layers []Layer
}

// Layer is a number of people who take turns.
type Layer struct {
	Name     string
	Zone     *time.Location
	People   []string      // ids, in the order in which they take turns
	Starting Wall          // the first turn of the first person
	Turn     time.Duration // length of a turn as the clock on the wall counts it: whole hours
	Only     []Window      // when the layer counts; empty: always
}

// Window is a time of day on some days of the week, from inclusive, until exclusive.
// When until is not after from it ends on the next day.
type Window struct {
	Days        []time.Weekday // on which it begins
	From, Until Clock
}

// Override is an override at run time.
type Override = soar.RosterOverride

func covers(o Override, at time.Time) bool {
	return o.RevokedAt == nil && !at.Before(o.From) && at.Before(o.Until)
}

// Changes are what was decided since the roster was written.
type Changes struct {
	Overrides []Override
	Absences  []soar.Absence
}

// Duty is who is on call at an instant.
type Duty struct {
	Person   string // empty: nobody, a gap
	Layer    string // empty: by an override, or nobody
	Override string // id of the override that it comes from
	StandsIn string // who is away, and named this person as delegate
}

// At gives who is on call at an instant. Who is away is replaced by the delegate
// that was named; without one, or when the delegate is away too, the next layer
// counts, of overrides the next older one.
func (r Roster) At(at time.Time, changes Changes) Duty {
	overrides := slices.Clone(changes.Overrides)
	slices.SortStableFunc(overrides, func(a, b Override) int { return b.At.Compare(a.At) })
	for _, o := range overrides {
		if o.Roster == r.Name && covers(o, at) {
			if duty, ok := present(Duty{Person: o.Person, Override: o.ID}, changes.Absences, at); ok {
				return duty
			}
		}
	}
	for _, layer := range r.Layers {
		if person := layer.at(at); person != "" {
			if duty, ok := present(Duty{Person: person, Layer: layer.Name}, changes.Absences, at); ok {
				return duty
			}
		}
	}
	return Duty{}
}

// present puts the delegate in for who is away; false when nobody stands in.
func present(duty Duty, absences []soar.Absence, at time.Time) (Duty, bool) {
	away := absence(duty.Person, absences, at)
	if away == nil {
		return duty, true
	}
	if away.Delegate == "" || absence(away.Delegate, absences, at) != nil {
		return Duty{}, false
	}
	duty.StandsIn, duty.Person = duty.Person, away.Delegate
	return duty, true
}

// absence gives the absence that covers an instant: of several, one with a delegate.
func absence(person string, absences []soar.Absence, at time.Time) *soar.Absence {
	var found *soar.Absence
	for i := range absences {
		if a := &absences[i]; a.Person == person && a.Covers(at) && (found == nil || found.Delegate == "") {
			found = a
		}
	}
	return found
}

// at gives whose turn it is, "" when the layer does not count then.
func (l Layer) at(at time.Time) string {
	if len(l.People) == 0 || l.Turn < time.Hour || at.Before(l.handover(0)) || !l.counts(at) {
		return ""
	}
	return l.People[int(l.turnAt(at)%int64(len(l.People)))]
}

// handover gives the beginning of the n-th turn.
func (l Layer) handover(n int64) time.Time {
	return Instant(l.Starting.Add(time.Duration(n)*l.Turn), l.Zone)
}

// turnAt numbers the turn of an instant, from 0. What the wall shows gives it but
// for the hours around a change of the clocks; there the handovers themselves decide.
func (l Layer) turnAt(at time.Time) int64 {
	n := max(int64(WallOf(at, l.Zone).Sub(l.Starting)/l.Turn), 0)
	for n > 0 && l.handover(n).After(at) {
		n--
	}
	for !l.handover(n + 1).After(at) {
		n++
	}
	return n
}

func (l Layer) counts(at time.Time) bool {
	if len(l.Only) == 0 {
		return true
	}
	today := WallOf(at, l.Zone).Midnight()
	for _, window := range l.Only {
		for back := range 3 { // it may have begun yesterday, and a zone may skip a day
			from, until, ok := window.on(today.Add(-time.Duration(back)*day), l.Zone)
			if ok && !at.Before(from) && at.Before(until) {
				return true
			}
		}
	}
	return false
}

// on gives the window that begins on a day, given by its midnight.
func (w Window) on(midnight Wall, zone *time.Location) (from, until time.Time, ok bool) {
	if !slices.Contains(w.Days, midnight.Weekday()) {
		return from, until, false
	}
	ends := midnight.Add(w.Until.duration())
	if w.Until.Minutes <= w.From.Minutes {
		ends = ends.Add(day)
	}
	return Instant(midnight.Add(w.From.duration()), zone), Instant(ends, zone), true
}

func (c Clock) duration() time.Duration { return time.Duration(c.Minutes) * time.Minute }
