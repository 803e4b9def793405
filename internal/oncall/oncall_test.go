package oncall_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/oncall"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loaded, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func wall(t interface{ Fatal(...any) }, text string) oncall.Wall {
	w, err := oncall.ParseWall(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func clock(t interface{ Fatal(...any) }, text string) oncall.Clock {
	c, err := oncall.ParseClock(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func utc(t interface{ Fatal(...any) }, text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// The clocks of 2026: Berlin +1/+2 on 29 March and 25 October at 01:00 UTC, New York
// -5/-4 on 8 March and 1 November at 02:00 local, Lord Howe +11/+10:30 on 5 April and
// back on 4 October at 02:00 local, by half an hour; Kolkata +5:30 all year.
func TestInstant(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ zone, wall, want string }{
		"plain winter":                 {"Europe/Berlin", "2026-01-05T08:00", "2026-01-05T07:00:00Z"},
		"plain summer":                 {"Europe/Berlin", "2026-07-05T08:00", "2026-07-05T06:00:00Z"},
		"before the gap":               {"Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59:00Z"},
		"the gap's first minute":       {"Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00:00Z"},
		"in the gap":                   {"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z"},
		"after the gap":                {"Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00Z"},
		"a while after the gap":        {"Europe/Berlin", "2026-03-29T03:30", "2026-03-29T01:30:00Z"},
		"twice: the first":             {"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},
		"twice, its beginning":         {"Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00:00Z"},
		"after what comes twice":       {"Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00Z"},
		"New York, in the gap":         {"America/New_York", "2026-03-08T02:30", "2026-03-08T07:00:00Z"},
		"New York, twice":              {"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"},
		"Lord Howe, twice":             {"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z"},
		"Lord Howe, before what is":    {"Australia/Lord_Howe", "2026-04-05T01:29", "2026-04-04T14:29:00Z"},
		"Lord Howe, after":             {"Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30:00Z"},
		"Lord Howe, in the gap":        {"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30:00Z"},
		"Lord Howe, after the gap":     {"Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30:00Z"},
		"no summer time":               {"Asia/Kolkata", "2026-03-29T02:30", "2026-03-28T21:00:00Z"},
		"a day that was left out":      {"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z"},
		"the wall of Greenwich is UTC": {"UTC", "2026-03-29T02:30", "2026-03-29T02:30:00Z"},
	} {
		if got := oncall.Instant(wall(t, row.wall), zone(t, row.zone)); !got.Equal(utc(t, row.want)) {
			t.Errorf("%s: %s in %s is %s, want %s", name, row.wall, row.zone, got, row.want)
		}
	}
}

func zones() []string {
	return []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Africa/Casablanca"}
}

// TestInstantProperties: the wall shows at the instant what was asked for, except
// when the time is left out; and order is kept.
func TestInstantProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		where := zone(t, rapid.SampledFrom(zones()).Draw(t, "zone"))
		start := wall(t, "2025-01-01T00:00")
		a := start.Add(time.Duration(rapid.IntRange(0, 3*366*24*60).Draw(t, "a")) * time.Minute)
		b := a.Add(time.Duration(rapid.IntRange(0, 3*60).Draw(t, "b")) * time.Minute)
		at, later := oncall.Instant(a, where), oncall.Instant(b, where)
		if later.Before(at) {
			t.Fatalf("%s is %s, and the later %s is %s", a, at, b, later)
		}
		shown := oncall.WallOf(at, where)
		if shown.Sub(a) < 0 {
			t.Fatalf("%s became %s, which shows the earlier %s", a, at, shown)
		}
		if shown != a { // left out: a second before, the wall shows an earlier time
			if before := oncall.WallOf(at.Add(-time.Second), where); before.Sub(a) >= 0 {
				t.Fatalf("%s became %s, which shows %s, and so it does before", a, at, shown)
			}
			return
		}
		for _, earlier := range []time.Duration{30 * time.Minute, time.Hour} {
			if oncall.WallOf(at.Add(-earlier), where) == a {
				t.Fatalf("%s became %s, which is its second time", a, at)
			}
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"00:00": 0, "08:30": 510, "24:00": 1440} {
		if c, err := oncall.ParseClock(text); err != nil || c.Minutes != want || c.String() != text {
			t.Errorf("%s: %v %v", text, c, err)
		}
	}
	for _, text := range []string{"", "8:00", "08:60", "24:01", "25:00", "08-00", "0a:00", "08:00:00", "-1:00"} {
		if c, err := oncall.ParseClock(text); err == nil {
			t.Errorf("%q was read as %s", text, c)
		}
	}
	for _, text := range []string{"", "2026-01-05", "2026-02-30T08:00", "2026-01-05T24:00", "2026-01-05T08:00Z"} {
		if w, err := oncall.ParseWall(text); err == nil {
			t.Errorf("%q was read as %s", text, w)
		}
	}
}

func layer(t interface{ Fatal(...any) }, where, starting string, turn time.Duration, people ...string) oncall.Layer {
	return oncall.Layer{Name: where, Zone: zone(t, where), People: people, Starting: wall(t, starting), Turn: turn}
}

func shown(shifts []oncall.Shift) []string {
	var lines []string
	for _, s := range shifts {
		who := s.Person
		if s.Gap() {
			who = "nobody"
		}
		if s.StandsIn != "" {
			who += " for " + s.StandsIn
		}
		if s.Override != "" {
			who += " by " + s.Override
		}
		lines = append(lines, s.From.Format("02 Jan 15:04")+" "+s.Until.Sub(s.From).String()+" "+who)
	}
	return lines
}

const day = 24 * time.Hour

func TestShiftsAcrossChangesOfTheClocks(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		layer       oncall.Layer
		from, until string
		want        []string
	}{
		"a day of 23 hours": {layer(t, "Europe/Berlin", "2026-03-01T08:00", day, "ada", "otto"), "2026-03-27T07:00:00Z", "2026-03-30T06:00:00Z", []string{
			"27 Mar 07:00 24h0m0s ada", "28 Mar 07:00 23h0m0s otto", "29 Mar 06:00 24h0m0s ada"}},
		"a day of 25 hours": {layer(t, "Europe/Berlin", "2026-10-01T08:00", day, "ada", "otto"), "2026-10-24T06:00:00Z", "2026-10-26T07:00:00Z", []string{
			"24 Oct 06:00 25h0m0s otto", "25 Oct 07:00 24h0m0s ada"}},
		"handover at a time that is left out": {layer(t, "Europe/Berlin", "2026-03-27T02:30", day, "ada", "otto"), "2026-03-28T01:30:00Z", "2026-03-31T00:30:00Z", []string{
			"28 Mar 01:30 23h30m0s otto", "29 Mar 01:00 23h30m0s ada", "30 Mar 00:30 24h0m0s otto"}},
		"handover at a time that comes twice": {layer(t, "Europe/Berlin", "2026-10-24T02:30", day, "ada", "otto"), "2026-10-24T00:30:00Z", "2026-10-27T01:30:00Z", []string{
			"24 Oct 00:30 24h0m0s ada", "25 Oct 00:30 25h0m0s otto", "26 Oct 01:30 24h0m0s ada"}},
		"hours, one of them left out": {layer(t, "America/New_York", "2026-03-08T00:00", time.Hour, "ada", "otto", "eve"), "2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z", []string{
			"08 Mar 05:00 1h0m0s ada", "08 Mar 06:00 1h0m0s otto", "08 Mar 07:00 1h0m0s ada", "08 Mar 08:00 1h0m0s otto"}},
		"hours, one of them twice": {layer(t, "America/New_York", "2026-11-01T00:00", time.Hour, "ada", "otto", "eve"), "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z", []string{
			"01 Nov 04:00 1h0m0s ada", "01 Nov 05:00 2h0m0s otto", "01 Nov 07:00 1h0m0s eve"}},
		"half an hour less": {layer(t, "Australia/Lord_Howe", "2026-10-01T09:00", day, "ada", "otto"), "2026-10-02T22:30:00Z", "2026-10-04T22:00:00Z", []string{
			"02 Oct 22:30 23h30m0s ada", "03 Oct 22:00 24h0m0s otto"}},
		"half an hour more": {layer(t, "Australia/Lord_Howe", "2026-04-01T09:00", day, "ada", "otto"), "2026-04-03T22:00:00Z", "2026-04-05T22:30:00Z", []string{
			"03 Apr 22:00 24h30m0s otto", "04 Apr 22:30 24h0m0s ada"}},
		"a zone that keeps its clocks": {layer(t, "Asia/Kolkata", "2026-03-01T08:00", day, "ada", "otto"), "2026-03-28T02:30:00Z", "2026-03-30T02:30:00Z", []string{
			"28 Mar 02:30 24h0m0s otto", "29 Mar 02:30 24h0m0s ada"}},
		"weeks":            {layer(t, "Europe/Berlin", "2026-03-02T08:00", 7*day, "ada", "otto"), "2026-03-23T07:00:00Z", "2026-04-06T06:00:00Z", []string{"23 Mar 07:00 167h0m0s otto", "30 Mar 06:00 168h0m0s ada"}},
		"before its start": {layer(t, "UTC", "2026-03-02T08:00", 7*day, "ada"), "2026-03-02T07:00:00Z", "2026-03-02T09:00:00Z", []string{"02 Mar 07:00 1h0m0s nobody", "02 Mar 08:00 1h0m0s ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := oncall.Roster{Name: "soc", Layers: []oncall.Layer{row.layer}}
			got := r.Shifts(utc(t, row.from), utc(t, row.until), oncall.Changes{})
			if diff := cmp.Diff(row.want, shown(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWindowsAndLayers(t *testing.T) {
	t.Parallel()
	office := layer(t, "Europe/Berlin", "2026-01-05T09:00", 7*day, "ada")
	office.Only = []oncall.Window{{Days: []time.Weekday{time.Monday, time.Friday}, From: clock(t, "09:00"), Until: clock(t, "17:00")}}
	nights := layer(t, "America/New_York", "2026-01-01T00:00", day, "nick")
	nights.Only = []oncall.Window{{Days: []time.Weekday{time.Thursday, time.Friday}, From: clock(t, "22:00"), Until: clock(t, "06:00")}}
	r := oncall.Roster{Name: "soc", Layers: []oncall.Layer{office, nights}}
	// Friday 6 March to Saturday 7 March 2026; New York is at -5.
	got := r.Shifts(utc(t, "2026-03-06T00:00:00Z"), utc(t, "2026-03-07T12:00:00Z"), oncall.Changes{})
	want := []string{
		"06 Mar 00:00 3h0m0s nobody", "06 Mar 03:00 5h0m0s nick", "06 Mar 08:00 8h0m0s ada", // the first layer counts
		"06 Mar 16:00 11h0m0s nobody", "07 Mar 03:00 8h0m0s nick", "07 Mar 11:00 1h0m0s nobody",
	}
	if diff := cmp.Diff(want, shown(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	gaps := r.Gaps(utc(t, "2026-03-06T00:00:00Z"), utc(t, "2026-03-07T12:00:00Z"), oncall.Changes{})
	if len(gaps) != 3 || !gaps[1].From.Equal(utc(t, "2026-03-06T16:00:00Z")) {
		t.Errorf("gaps %v", shown(gaps))
	}
	if got := r.Shifts(utc(t, "2026-03-06T00:00:00Z"), utc(t, "2026-03-06T00:00:00Z"), oncall.Changes{}); got != nil {
		t.Errorf("an empty span has %v", shown(got))
	}
}

func TestOverridesAndAbsences(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }
	override := func(id, person string, from, until, made int) oncall.Override {
		return oncall.Override{ID: id, Roster: "soc", Person: person, From: at(from), Until: at(until), At: at(made)}
	}
	away := func(person, delegate string, from, until int) soar.Absence {
		return soar.Absence{Person: person, Delegate: delegate, From: at(from), Until: at(until)}
	}
	revoked := override("O9", "eve", 0, 24, 9)
	revoked.RevokedAt = &revoked.At
	other := override("O8", "eve", 0, 24, 9)
	other.Roster = "network"
	r := oncall.Roster{Name: "soc", Layers: []oncall.Layer{layer(t, "UTC", "2026-03-01T00:00", day, "ada"), layer(t, "UTC", "2026-03-01T00:00", day, "otto")}}
	for name, row := range map[string]struct {
		changes oncall.Changes
		want    []string
	}{
		"as written":            {oncall.Changes{}, []string{"02 Mar 00:00 24h0m0s ada"}},
		"overridden":            {oncall.Changes{Overrides: []oncall.Override{override("O1", "eve", 8, 10, 0)}}, []string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 2h0m0s eve by O1", "02 Mar 10:00 14h0m0s ada"}},
		"the last made counts":  {oncall.Changes{Overrides: []oncall.Override{override("O2", "otto", 9, 12, 2), override("O1", "eve", 8, 10, 1)}}, []string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 1h0m0s eve by O1", "02 Mar 09:00 3h0m0s otto by O2", "02 Mar 12:00 12h0m0s ada"}},
		"revoked, or another's": {oncall.Changes{Overrides: []oncall.Override{revoked, other}}, []string{"02 Mar 00:00 24h0m0s ada"}},
		"away with a delegate":  {oncall.Changes{Absences: []soar.Absence{away("ada", "", 8, 12), away("ada", "eve", 8, 12)}}, []string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 4h0m0s eve for ada", "02 Mar 12:00 12h0m0s ada"}},
		"away without one":      {oncall.Changes{Absences: []soar.Absence{away("ada", "", 8, 12)}}, []string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 4h0m0s otto", "02 Mar 12:00 12h0m0s ada"}},
		"the delegate is away":  {oncall.Changes{Absences: []soar.Absence{away("ada", "eve", 8, 12), away("eve", "", 10, 11)}}, []string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 2h0m0s eve for ada", "02 Mar 10:00 1h0m0s otto", "02 Mar 11:00 1h0m0s eve for ada", "02 Mar 12:00 12h0m0s ada"}},
		"nobody is left":        {oncall.Changes{Absences: []soar.Absence{away("ada", "", 8, 12), away("otto", "", 9, 10)}}, []string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 1h0m0s otto", "02 Mar 09:00 1h0m0s nobody", "02 Mar 10:00 2h0m0s otto", "02 Mar 12:00 12h0m0s ada"}},
		"an override of one who is away": {oncall.Changes{Overrides: []oncall.Override{override("O1", "eve", 8, 10, 1)}, Absences: []soar.Absence{away("eve", "", 9, 24)}},
			[]string{"02 Mar 00:00 8h0m0s ada", "02 Mar 08:00 1h0m0s eve by O1", "02 Mar 09:00 15h0m0s ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, shown(r.Shifts(at(0), at(24), row.changes))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestShiftsProperties: shifts have no holes and give at every instant whom At gives.
func TestShiftsProperties(t *testing.T) {
	t.Parallel()
	people := []string{"ada", "otto", "eve", "nick"}
	rapid.Check(t, func(t *rapid.T) {
		r := oncall.Roster{Name: "soc"}
		for range rapid.IntRange(1, 3).Draw(t, "layers") {
			l := layer(t, rapid.SampledFrom(zones()).Draw(t, "zone"), "2026-01-01T00:00", time.Duration(rapid.IntRange(1, 400).Draw(t, "turn"))*time.Hour,
				people[:rapid.IntRange(1, 4).Draw(t, "people")]...)
			l.Starting = l.Starting.Add(time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "starting")) * time.Minute)
			for range rapid.IntRange(0, 2).Draw(t, "windows") {
				l.Only = append(l.Only, oncall.Window{
					Days: []time.Weekday{time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")), time.Sunday},
					From: oncall.Clock{Minutes: rapid.IntRange(0, 1439).Draw(t, "opens")}, Until: oncall.Clock{Minutes: rapid.IntRange(1, 1440).Draw(t, "closes")},
				})
			}
			r.Layers = append(r.Layers, l)
		}
		base := utc(t, rapid.SampledFrom([]string{"2025-12-31T00:00:00Z", "2026-03-07T00:00:00Z", "2026-03-28T00:00:00Z", "2026-04-04T00:00:00Z", "2026-10-03T00:00:00Z", "2026-10-24T00:00:00Z", "2026-10-31T00:00:00Z"}).Draw(t, "base"))
		instant := func(name string) time.Time {
			return base.Add(time.Duration(rapid.IntRange(0, 6*24*60).Draw(t, name)) * time.Minute)
		}
		var changes oncall.Changes
		for range rapid.IntRange(0, 2).Draw(t, "overrides") {
			changes.Overrides = append(changes.Overrides, oncall.Override{ID: "O", Roster: "soc", Person: "zoe", From: instant("from"), Until: instant("until"), At: instant("made")})
			changes.Absences = append(changes.Absences, soar.Absence{Person: rapid.SampledFrom(people).Draw(t, "away"), Delegate: "dora", From: instant("gone"), Until: instant("back")})
		}
		until := base.Add(6 * day)
		shifts := r.Shifts(base, until, changes)
		if len(shifts) == 0 || !shifts[0].From.Equal(base) || !shifts[len(shifts)-1].Until.Equal(until) {
			t.Fatalf("the span is not covered: %v", shown(shifts))
		}
		for i, s := range shifts {
			if !s.From.Before(s.Until) || i > 0 && (!s.From.Equal(shifts[i-1].Until) || s.Duty == shifts[i-1].Duty) {
				t.Fatalf("shift %d of %v", i, shown(shifts))
			}
		}
		for range 50 {
			at := instant("at").Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "second")) * time.Second)
			i, _ := slices.BinarySearchFunc(shifts, at, func(s oncall.Shift, at time.Time) int {
				if s.Until.After(at) {
					return 1
				}
				return -1
			})
			if i == len(shifts) {
				continue // the very end
			}
			if got := r.At(at, changes); got != shifts[i].Duty {
				t.Fatalf("at %s: %+v, in the list %+v", at, got, shifts[i])
			}
		}
	})
}

func TestShiftsAreBounded(t *testing.T) {
	t.Parallel()
	r := oncall.Roster{Layers: []oncall.Layer{layer(t, "UTC", "2026-01-01T00:00", time.Hour, "ada", "otto")}}
	shifts := r.Shifts(utc(t, "2026-01-01T00:00:00Z"), utc(t, "2126-01-01T00:00:00Z"), oncall.Changes{})
	if len(shifts) != int(oncall.LongestSpan/time.Hour) {
		t.Errorf("%d shifts", len(shifts))
	}
}
