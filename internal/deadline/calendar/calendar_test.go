package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

func office(t *testing.T, zone string, holidays ...calendar.Holiday) *calendar.Calendar {
	t.Helper()
	spec := calendar.Spec{Name: "office", Zone: zone, Holidays: holidays}
	for day := time.Monday; day <= time.Friday; day++ {
		spec.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	return build(t, spec)
}

func build(t *testing.T, spec calendar.Spec) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func day(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDates(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-31", 1, "2026-02-28"}, {"2028-01-31", 1, "2028-02-29"}, {"2026-08-31", 1, "2026-09-30"}, {"2026-12-31", 2, "2027-02-28"},
		{"2026-03-31", -1, "2026-02-28"}, {"2026-11-15", 14, "2028-01-15"}, {"2026-01-15", 0, "2026-01-15"},
	} {
		if got := day(row.from).AddMonths(row.months).String(); got != row.want {
			t.Errorf("%s and %d months: %s, want %s", row.from, row.months, got, row.want)
		}
	}
	if got := day("2027-12-31").AddDays(60).String(); got != "2028-02-29" {
		t.Errorf("60 days: %s", got)
	}
	text, err := day("2026-02-03").MarshalText()
	var back calendar.Date
	if err != nil || back.UnmarshalText(text) != nil || back != day("2026-02-03") || back.UnmarshalText([]byte("2026-02-30")) == nil {
		t.Errorf("%s, %v, %v", text, err, back)
	}
}

func TestInstantAtChangesOfTheClock(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, zone, date string
		minutes          int
		want             string
	}{
		{"plain", "Europe/Berlin", "2026-06-01", 9 * 60, "2026-06-01T07:00:00Z"},
		{"left out", "Europe/Berlin", "2026-03-29", 2*60 + 30, "2026-03-29T01:00:00Z"},
		{"shown twice", "Europe/Berlin", "2026-10-25", 2*60 + 30, "2026-10-25T00:30:00Z"},
		{"midnight left out", "America/Sao_Paulo", "2018-11-04", 0, "2018-11-04T03:00:00Z"},
		{"half an hour", "Australia/Lord_Howe", "2026-10-04", 2*60 + 15, "2026-10-03T15:30:00Z"},
		{"day that never was", "Pacific/Apia", "2011-12-30", 12 * 60, "2011-12-30T10:00:00Z"},
		{"end of the day", "America/New_York", "2026-11-01", 24 * 60, "2026-11-02T05:00:00Z"},
	} {
		zone, err := calendar.LoadZone(row.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.Instant(day(row.date), row.minutes, zone); !got.Equal(instant(row.want)) {
			t.Errorf("%s: %s, want %s", row.name, got.UTC(), row.want)
		}
	}
}

func TestWorkingTime(t *testing.T) {
	t.Parallel()
	berlin := office(t, "Europe/Berlin", calendar.Holiday{From: day("2026-12-25"), To: day("2026-12-26"), Name: "Christmas"})
	for _, row := range []struct {
		name, from string
		add        time.Duration
		want       string
	}{
		{"same day", "2026-11-20T10:00:00+01:00", 2 * time.Hour, "2026-11-20T12:00:00+01:00"},
		{"over the night", "2026-11-19T16:00:00+01:00", 2 * time.Hour, "2026-11-20T10:00:00+01:00"},
		{"over the weekend", "2026-11-20T16:00:00+01:00", 2 * time.Hour, "2026-11-23T10:00:00+01:00"},
		{"begins outside", "2026-11-21T03:00:00+01:00", time.Hour, "2026-11-23T10:00:00+01:00"},
		{"ends with the day", "2026-11-20T16:00:00+01:00", time.Hour, "2026-11-20T17:00:00+01:00"},
		{"over a holiday", "2026-12-24T16:00:00+01:00", 2 * time.Hour, "2026-12-28T10:00:00+01:00"},
		{"over a change of the clock", "2026-10-23T16:00:00+02:00", 2 * time.Hour, "2026-10-26T10:00:00+01:00"},
		{"a week", "2026-11-20T12:00:00+01:00", 40 * time.Hour, "2026-11-27T12:00:00+01:00"},
	} {
		got, err := berlin.Add(instant(row.from), row.add)
		if err != nil || !got.Equal(instant(row.want)) {
			t.Errorf("%s: %s, %v; want %s", row.name, got, err, row.want)
		}
		if back := berlin.Elapsed(instant(row.from), got); back != row.add {
			t.Errorf("%s: elapsed %s", row.name, back)
		}
	}
	spec := calendar.Spec{Name: "nights", Zone: "Europe/Berlin"}
	for i := range spec.Week {
		spec.Week[i] = []calendar.Span{{From: 0, To: 24 * 60}}
	}
	nights := build(t, spec)
	for date, want := range map[string]time.Duration{"2026-03-29": 23 * time.Hour, "2026-10-25": 25 * time.Hour, "2026-06-01": 24 * time.Hour} {
		from := calendar.Instant(day(date), 0, nights.Zone())
		if got := nights.Elapsed(from, calendar.Instant(day(date).AddDays(1), 0, nights.Zone())); got != want {
			t.Errorf("%s has %s", date, got)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	t.Parallel()
	c := office(t, "America/New_York", calendar.Holiday{From: day("2026-07-03"), To: day("2026-07-03")})
	for _, row := range []struct {
		from   string
		n      int
		closed calendar.Closed
		want   string
	}{
		{"2026-07-02", 1, calendar.NextIsFirst, "2026-07-06"}, {"2026-07-04", 4, calendar.NextIsFirst, "2026-07-09"},
		{"2026-07-04", 4, calendar.NextIsStart, "2026-07-10"}, {"2026-07-04", 0, calendar.NextIsFirst, "2026-07-06"}, {"2026-07-02", 0, calendar.NextIsStart, "2026-07-02"},
	} {
		if got, err := c.AddWorkingDays(day(row.from), row.n, row.closed); err != nil || got.String() != row.want {
			t.Errorf("%d working days after %s (%s): %s, %v; want %s", row.n, row.from, row.closed, got, err, row.want)
		}
	}
	if at, err := c.NextAt(day("2026-07-02"), 12*60); err != nil || !at.Equal(instant("2026-07-06T12:00:00-04:00")) {
		t.Errorf("noon of the next working day: %s, %v", at, err)
	}
	forever := office(t, "UTC", calendar.Holiday{From: day("2026-01-01"), To: day("2200-01-01")})
	if _, err := forever.Add(instant("2026-02-01T00:00:00Z"), time.Hour); err == nil {
		t.Error("an hour of work was found in a century of holidays")
	}
	if _, err := forever.OnOrAfter(day("2026-02-01")); err == nil {
		t.Error("a working day was found in a century of holidays")
	}
}

// zones that change their clocks in several ways, and one that does not.
func zones() []string {
	return []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca"}
}

func drawCalendar(t *rapid.T) *calendar.Calendar {
	spec := calendar.Spec{Name: "drawn", Zone: rapid.SampledFrom(zones()).Draw(t, "zone")}
	for i := range spec.Week {
		at := 0
		for range rapid.IntRange(0, 3).Draw(t, "spans") {
			from := at + rapid.IntRange(0, 300).Draw(t, "gap")
			to := from + rapid.IntRange(1, 500).Draw(t, "length")
			if to > 24*60 {
				break
			}
			spec.Week[i] = append(spec.Week[i], calendar.Span{From: from, To: to})
			at = to
		}
	}
	spec.Week[1] = []calendar.Span{{From: 0, To: 24 * 60}}
	for range rapid.IntRange(0, 3).Draw(t, "holidays") {
		from := day("2026-01-01").AddDays(rapid.IntRange(0, 700).Draw(t, "holiday"))
		spec.Holidays = append(spec.Holidays, calendar.Holiday{From: from, To: from.AddDays(rapid.IntRange(0, 9).Draw(t, "days")), Yearly: rapid.Bool().Draw(t, "yearly")})
	}
	c, err := calendar.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func drawInstant(t *rapid.T, name string) time.Time {
	return time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(t, name), 0).UTC()
}

func TestAddAndElapsedAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t), drawInstant(t, "from")
		d := time.Duration(rapid.Int64Range(1, 400*3600).Draw(t, "seconds")) * time.Second
		to, err := c.Add(from, d)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Elapsed(from, to); got != d {
			t.Fatalf("%s after %s is %s, but %s elapsed", d, from, to, got)
		}
		if c.Elapsed(from, to.Add(-time.Second)) >= d {
			t.Fatalf("%s is not the first such moment", to)
		}
	})
}

func TestElapsedAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		a := drawInstant(t, "a")
		b := a.Add(time.Duration(rapid.Int64Range(0, 40*86400).Draw(t, "b")) * time.Second)
		e := b.Add(time.Duration(rapid.Int64Range(0, 40*86400).Draw(t, "c")) * time.Second)
		if c.Elapsed(a, b)+c.Elapsed(b, e) != c.Elapsed(a, e) {
			t.Fatalf("%s to %s to %s", a, b, e)
		}
		if c.Elapsed(a, e) > e.Sub(a) {
			t.Fatal("more working time than time")
		}
	})
}

func TestMonthsNeverLeaveTheMonth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := day("2000-01-01").AddDays(rapid.IntRange(0, 20000).Draw(t, "day"))
		n := rapid.IntRange(-36, 36).Draw(t, "months")
		got := d.AddMonths(n)
		if want := (d.Year*12 + int(d.Month) + n); got.Year*12+int(got.Month) != want {
			t.Fatalf("%s and %d months is %s", d, n, got)
		}
		if got.Day != d.Day && (got.Day > d.Day || got.AddDays(1).Month == got.Month) {
			t.Fatalf("%s and %d months is %s", d, n, got)
		}
	})
}

func TestWorkingDaysAreCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		d, n := calendar.DateOf(drawInstant(t, "from")), rapid.IntRange(1, 30).Draw(t, "n")
		got, err := c.AddWorkingDays(d, n, calendar.NextIsFirst)
		if err != nil {
			t.Fatal(err)
		}
		counted := 0
		for at := d.AddDays(1); !got.Before(at); at = at.AddDays(1) {
			if c.WorkingDay(at) {
				counted++
			}
		}
		if counted != n || !c.WorkingDay(got) {
			t.Fatalf("%d working days after %s is %s, with %d between", n, d, got, counted)
		}
	})
}

func TestInstantShowsTheTimeOrIsAChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, err := calendar.LoadZone(rapid.SampledFrom(zones()).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		d, minutes := day("2009-01-01").AddDays(rapid.IntRange(0, 8000).Draw(t, "day")), rapid.IntRange(0, 24*60-1).Draw(t, "minutes")
		got := calendar.Instant(d, minutes, zone)
		if calendar.DateOf(got) == d && got.Hour()*60+got.Minute() == minutes {
			return
		}
		_, before := got.Add(-time.Second).Zone()
		if _, after := got.Zone(); before == after {
			t.Fatalf("%s %d in %s is %s, which is no change of the clock", d, minutes, zone, got)
		}
	})
}

func TestSpecsAreRefused(t *testing.T) {
	t.Parallel()
	week := func(spans ...calendar.Span) (w [7][]calendar.Span) { w[1] = spans; return w }
	for name, spec := range map[string]calendar.Spec{
		"no zone":         {Zone: "", Always: true},
		"local zone":      {Zone: "Local", Always: true},
		"impossible zone": {Zone: "Mars/Olympus", Always: true},
		"no hour":         {Zone: "UTC"},
		"overlap":         {Zone: "UTC", Week: week(calendar.Span{From: 60, To: 120}, calendar.Span{From: 100, To: 200})},
		"not of a day":    {Zone: "UTC", Week: week(calendar.Span{From: 60, To: 1500})},
		"backwards":       {Zone: "UTC", Week: week(calendar.Span{From: 120, To: 60})},
		"always holiday":  {Zone: "UTC", Week: week(calendar.Span{From: 60, To: 120}), Holidays: []calendar.Holiday{{From: day("2000-01-01"), To: day("2000-12-31"), Yearly: true}}},
		"holiday ends":    {Zone: "UTC", Always: true, Holidays: []calendar.Holiday{{From: day("2026-01-02"), To: day("2026-01-01")}}},
	} {
		if _, err := calendar.New(spec); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, faults := read(`zone: Europe/Berlin
hours: {mon-fri: 09:00-17:00, sat: [10:00-12:00, 13:00-14:00]}
holidays: [2026-12-24, 12-25, 2026-08-03..2026-08-14, {on: 12-30..01-02, name: turn of the year}]
holidays_known_until: 2026-12-31
`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	c := build(t, got)
	for date, works := range map[string]bool{"2026-12-24": false, "2031-12-25": false, "2026-08-10": false, "2026-08-17": true, "2027-01-01": false, "2026-12-31": false, "2026-11-21": true, "2026-11-22": false} {
		if c.WorkingDay(day(date)) != works {
			t.Errorf("%s: working day %t", date, !works)
		}
	}
	if name, _ := c.Holiday(day("2027-01-01")); name != "turn of the year" || c.Knows(day("2027-01-01")) || !c.Knows(day("2026-12-31")) {
		t.Errorf("holiday %q", name)
	}
	if d := c.Elapsed(instant("2026-11-21T00:00:00Z"), instant("2026-11-22T00:00:00Z")); d != 3*time.Hour {
		t.Errorf("Saturday has %s", d)
	}
}

func read(source string) (calendar.Spec, []string) {
	document, faults := strictyaml.Load("c.yaml", []byte(source), strictyaml.Limits{})
	r := &strictyaml.Reader{File: "c.yaml", List: faults}
	var spec calendar.Spec
	if document != nil {
		spec = calendar.Read(r, document.Root, "c")
	}
	var lines []string
	for _, fault := range r.List {
		lines = append(lines, fault.Position.String()+" "+fault.Rule)
	}
	return spec, lines
}

func TestReadRefusesWithThePlace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, source, want string }{
		{"impossible zone", "zone: Mars/Olympus\nhours: always\n", "c.yaml:1:7 calendar_zone"},
		{"no working hour", "zone: UTC\nhours: {}\n", "c.yaml:2:8 calendar_hours"},
		{"overlap", "zone: UTC\nhours: {mon: [09:00-12:00, 11:00-13:00]}\n", "c.yaml:2:28 calendar_hours"},
		{"day twice", "zone: UTC\nhours: {mon-wed: 09:00-12:00, tue: 09:00-10:00}\n", "c.yaml:2:31 calendar_hours"},
		{"no day", "zone: UTC\nhours: {monday: 09:00-12:00}\n", "c.yaml:2:9 calendar_hours"},
		{"no span", "zone: UTC\nhours: {mon: 9 to 5}\n", "c.yaml:2:14 calendar_hours"},
		{"61 minutes", "zone: UTC\nhours: {mon: 09:61-10:00}\n", "c.yaml:2:14 calendar_hours"},
		{"no date", "zone: UTC\nhours: always\nholidays: [2026-02-30]\n", "c.yaml:3:12 calendar_holidays"},
		{"backwards", "zone: UTC\nhours: always\nholidays: [2026-02-20..2026-02-10]\n", "c.yaml:3:12 calendar_holidays"},
		{"mixed", "zone: UTC\nhours: always\nholidays: [2026-02-20..03-01]\n", "c.yaml:3:12 calendar_holidays"},
		{"always a holiday", "zone: UTC\nhours: {mon: 09:00-10:00}\nholidays: [01-01..12-31]\n", "c.yaml:2:8 calendar_hours"},
		{"unknown key", "zone: UTC\nhours: always\nholiday: []\n", "c.yaml:3:1 unknown_key"},
	} {
		_, got := read(row.source)
		if diff := cmp.Diff([]string{row.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, strings.TrimSpace(diff))
		}
	}
}
