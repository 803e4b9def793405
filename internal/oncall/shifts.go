package oncall

import (
	"slices"
	"time"
)

// LongestSpan bounds a list of shifts.
const LongestSpan = 400 * day

// Shift is a span in which one person is on call, from inclusive, until exclusive.
// Duty.Person is empty in a gap.
type Shift struct {
	Duty
	From, Until time.Time
}

// Gap tells whether nobody is on call.
func (s Shift) Gap() bool { return s.Person == "" }

// Shifts gives who is on call from an instant until another, without holes: each
// shift begins where the one before ends, and gaps are shifts of nobody. A span of
// more than LongestSpan is cut there; an empty span has no shifts.
func (r Roster) Shifts(from, until time.Time, changes Changes) []Shift {
	if until.Sub(from) > LongestSpan {
		until = from.Add(LongestSpan)
	}
	edges := r.edges(from, until, changes)
	var shifts []Shift
	for i, begins := range edges[:max(len(edges)-1, 0)] {
		duty := r.At(begins, changes)
		if last := len(shifts) - 1; last >= 0 && shifts[last].Duty == duty {
			shifts[last].Until = edges[i+1]
			continue
		}
		shifts = append(shifts, Shift{Duty: duty, From: begins, Until: edges[i+1]})
	}
	return shifts
}

// Gaps gives the spans in which nobody is on call.
func (r Roster) Gaps(from, until time.Time, changes Changes) []Shift {
	return slices.DeleteFunc(r.Shifts(from, until, changes), func(s Shift) bool { return !s.Gap() })
}

// edges gives every instant of the span at which somebody else may be on call,
// with both its ends, sorted, each once.
func (r Roster) edges(from, until time.Time, changes Changes) []time.Time {
	from, until = from.UTC(), until.UTC()
	if !from.Before(until) {
		return nil
	}
	all := []time.Time{from, until}
	for _, o := range changes.Overrides {
		if o.Roster == r.Name && o.RevokedAt == nil {
			all = append(all, o.From.UTC(), o.Until.UTC())
		}
	}
	for _, a := range changes.Absences {
		all = append(all, a.From.UTC(), a.Until.UTC())
		if a.RevokedAt != nil {
			all = append(all, a.RevokedAt.UTC())
		}
	}
	for _, layer := range r.Layers {
		all = append(all, layer.edges(from, until)...)
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return at.Before(from) || at.After(until) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

func (l Layer) edges(from, until time.Time) []time.Time {
	if len(l.People) == 0 || l.Turn < time.Hour {
		return nil
	}
	first := l.handover(0)
	all := []time.Time{first}
	for n := l.turnAt(latest(from, first)); ; n++ {
		at := l.handover(n)
		if !at.Before(until) {
			break
		}
		all = append(all, at)
	}
	if len(l.Only) == 0 {
		return all
	}
	for midnight := WallOf(from, l.Zone).Midnight().Add(-2 * day); Instant(midnight, l.Zone).Before(until); midnight = midnight.Add(day) {
		for _, window := range l.Only {
			if begins, ends, ok := window.on(midnight, l.Zone); ok {
				all = append(all, begins, ends)
			}
		}
	}
	return all
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
