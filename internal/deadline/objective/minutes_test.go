package objective_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/objective"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// What the package computes with arithmetic is counted here minute by minute: a
// minute counts when the wall shows a working minute and no pause covers it.

// seeded gives a calendar whose hours do not begin or end while clocks change.
func seeded(t *testing.T, r *rand.Rand) calendar.Spec {
	t.Helper()
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"}
	spec := calendar.Spec{Name: "seeded", Zone: zones[r.IntN(len(zones))]}
	for day := range spec.Week {
		switch r.IntN(4) {
		case 0: // nobody works
		case 1:
			spec.Week[day] = []calendar.Span{{From: 0, To: 24 * 60}}
		default:
			noon := 11*60 + r.IntN(120)
			spec.Week[day] = []calendar.Span{{From: 5*60 + r.IntN(300), To: noon}, {From: noon + r.IntN(90), To: 15*60 + r.IntN(500)}}
		}
	}
	spec.Week[time.Wednesday] = []calendar.Span{{From: 8 * 60, To: 18 * 60}}
	for range r.IntN(4) {
		from := calendar.Date{Year: 2026, Month: time.March, Day: 20}.AddDays(r.IntN(20) + 210*r.IntN(2))
		spec.Holidays = append(spec.Holidays, calendar.Holiday{From: from, To: from.AddDays(r.IntN(3)), Yearly: r.IntN(2) == 0})
	}
	return spec
}

// onWall asks the wall clock alone whether a minute is working time. It looks at
// the clock once for each half hour of UTC, within which no zone changes it.
func onWall(spec calendar.Spec, zone *time.Location, from time.Time) func(time.Time) bool {
	const half = 30
	first, closed := from.Truncate(half*time.Minute), holidays(spec)
	var working []bool
	return func(t time.Time) bool {
		at := int(t.Sub(first) / time.Minute)
		for at >= len(working) {
			wall := first.Add(time.Duration(len(working)) * time.Minute).In(zone)
			day, begin := calendar.DateOf(wall), wall.Hour()*60+wall.Minute()
			for minute := begin; minute < begin+half; minute++ {
				works := false
				for _, span := range spec.Week[wall.Weekday()] {
					works = works || !closed[day] && minute >= span.From && minute < span.To
				}
				working = append(working, works)
			}
		}
		return working[at]
	}
}

func holidays(spec calendar.Spec) map[calendar.Date]bool {
	closed := map[calendar.Date]bool{}
	for _, holiday := range spec.Holidays {
		for d := holiday.From; !holiday.To.Before(d); d = d.AddDays(1) {
			closed[d] = true
			if next := d; holiday.Yearly {
				next.Year++
				closed[next] = true
			}
		}
	}
	return closed
}

func resting(pauses []soar.ObjectivePause, at time.Time) bool {
	for _, pause := range pauses {
		if pause.To != nil && !at.Before(pause.From) && at.Before(*pause.To) {
			return true
		}
	}
	return false
}

// walked gives the end of the n-th minute since start that counts.
func walked(start time.Time, n int, counts func(time.Time) bool) time.Time {
	at := start
	for n > 0 {
		if counts(at) {
			n--
		}
		at = at.Add(time.Minute)
	}
	return at
}

// aStart lies around the changes of the clock in spring and autumn.
func aStart(r *rand.Rand) time.Time {
	base := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 210*r.IntN(2))
	return base.Add(time.Duration(r.IntN(16*24*60)) * time.Minute)
}

func TestCountIsWhatMinutesSay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		spec := seeded(t, r)
		working, err := calendar.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		q := objective.Query{Start: aStart(r), Within: time.Duration(20*(1+r.IntN(150))) * time.Minute, WarnAt: []float64{0.05, 0.25, 0.5, 0.7, 0.75, 0.9}}
		at := q.Start
		for range r.IntN(4) {
			from := at.Add(time.Duration(r.IntN(2*24*60)) * time.Minute)
			to := from.Add(time.Duration(1+r.IntN(3*24*60)) * time.Minute)
			q.Pauses, at = append(q.Pauses, soar.ObjectivePause{From: from, To: &to}), to
		}
		wall := onWall(spec, working.Zone(), q.Start)
		counts := func(m time.Time) bool { return wall(m) && !resting(q.Pauses, m) }
		got, err := objective.Count(q, working)
		if err != nil {
			t.Fatal(err)
		}
		if want := walked(q.Start, int(q.Within/time.Minute), counts); !got.Due.Equal(want) {
			t.Fatalf("seed %d: due %s, minute by minute %s; %+v %+v", seed, got.Due, want, q, spec)
		}
		for i, share := range q.WarnAt {
			minutes := int(share*100+0.5) * int(q.Within/time.Minute) / 100
			if want := walked(q.Start, minutes, counts); !got.Warns[i].Equal(want) {
				t.Fatalf("seed %d: warning at %v is %s, minute by minute %s", seed, share, got.Warns[i], want)
			}
		}
	}
}

// A life in which severity and the condition of the pause change at random: each
// rule has its own time, calendar and pause.
func TestAdvanceIsWhatMinutesSay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 2))
		spec := seeded(t, r)
		working, err := calendar.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		within := func() time.Duration { return time.Duration(60*(1+r.IntN(40))) * time.Minute }
		waiting := `incident.facts.waiting ?? false`
		rules := []protocol.ObjectiveRule{
			{ID: "high", Objective: objective.Contain, Severities: []soar.Severity{soar.SeverityHigh}, Within: within(), Calendar: "seeded", Pause: waiting, WarnAt: []float64{0.5}},
			{ID: "low", Objective: objective.Contain, Severities: []soar.Severity{soar.SeverityLow}, Within: within(), Pause: waiting},
			{ID: "medium", Objective: objective.Contain, Severities: []soar.Severity{soar.SeverityMedium}, Within: within(), Calendar: "seeded"},
		}
		l := begin(t, protocol.ObjectivePolicy{Name: "p", Version: "1", Rules: rules})
		l.engine.Count = func(q objective.Query) (objective.Instants, error) {
			if q.Calendar == "" {
				return objective.Count(q, objective.Always{})
			}
			return objective.Count(q, working)
		}
		runLife(t, seed, r, l, rules, onWall(spec, working.Zone(), opened()))
	}
}

func runLife(t *testing.T, seed uint64, r *rand.Rand, l *life, rules []protocol.ObjectiveRule, working func(time.Time) bool) {
	t.Helper()
	severities := []soar.Severity{soar.SeverityHigh, soar.SeverityLow, soar.SeverityMedium}
	var rests []soar.ObjectivePause
	rest, now := false, time.Duration(0)
	for range 2 + r.IntN(6) {
		which := r.IntN(len(rules))
		waiting := r.IntN(2) == 0
		l.incident.Severity, l.incident.Facts["waiting"] = severities[which], waiting
		at := opened().Add(now)
		switch wants := waiting && rules[which].Pause != ""; {
		case wants && !rest:
			rests, rest = append(rests, soar.ObjectivePause{From: at}), true
		case !wants && rest:
			rests[len(rests)-1].To, rest = &at, false
		}
		l.at(now)
		clock := l.clock(objective.Contain)
		if clock.Paused() != rest {
			t.Fatalf("seed %d: paused %t, want %t", seed, clock.Paused(), rest)
		}
		counts := func(m time.Time) bool {
			return (rules[which].Calendar == "" || working(m)) && !resting(rests, m)
		}
		if want := walked(opened(), int(rules[which].Within/time.Minute), counts); !rest && !clock.DueAt.Equal(want) {
			t.Fatalf("seed %d: rule %s is due %s, minute by minute %s; pauses %v", seed, rules[which].ID, clock.DueAt, want, rests)
		}
		now += time.Duration(r.IntN(20*60)) * time.Minute
		if !rest && !opened().Add(now).Before(clock.DueAt) {
			return // it is breached and stays so
		}
	}
}
