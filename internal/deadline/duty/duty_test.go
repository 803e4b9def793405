package duty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

const words = `facts:
  aware: {kind: moment, means: m}
  decided: {kind: moment, means: m}
  people: {kind: number, means: m}
  small: {kind: flag, means: m}
  entity: {kind: word, means: m, values: {bank: [credit institution]}}
  jurisdictions: {kind: words, means: m}
`

// regime puts the keys of one regime into a pack.
func regime(body string) string {
	return "pack: test\nversion: \"1\"\nas_of: 2026-01-01\nregimes:\n  - id: x-1\n    name: n\n    jurisdiction: j\n    source: s\n    verification: primary\n    trigger: t\n" + body
}

func read(sources ...string) (*duty.Library, []string) {
	files := []duty.File{{Name: duty.FactsFile, Source: []byte(words)}}
	for i, source := range sources {
		files = append(files, duty.File{Name: fmt.Sprintf("p%d.yaml", i), Source: []byte(source), Layer: min(i, 1)})
	}
	library, faults := duty.Read(files)
	var lines []string
	for _, fault := range faults {
		lines = append(lines, fault.Position.String()+" "+fault.Rule)
	}
	return library, lines
}

func library(t *testing.T, body string) *duty.Library {
	t.Helper()
	l, faults := read(regime(body))
	if l == nil {
		t.Fatal(faults)
	}
	return l
}

func facts(t testing.TB, l *duty.Library, declared map[string]any) duty.Facts {
	t.Helper()
	out := duty.Facts{}
	for name, raw := range declared {
		fact, known := l.Fact(name)
		if !known {
			fact = duty.Fact{Name: name, Kind: duty.Moment}
		}
		value, err := fact.Parse(raw, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = value
	}
	return out
}

func compute(t testing.TB, l *duty.Library, declared map[string]any, project bool) duty.Outcome {
	t.Helper()
	r := l.Regime("x-1")
	return duty.Compute(r, facts(t, l, declared), duty.Setting{Days: l.Days(r), Project: project})
}

// The trigger and the condition of a stage over facts that are there, not there, and
// enough to decide.
func TestConditionsKnowWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	l := library(t, `    status: in_force
    where: [EU]
    when: {any: [people >= 500, {all: [small, 'entity == "bank"']}]}
    stages:
      - {id: a, name: n, to: t, from: aware, within: {hours: 1}, when: not small}
`)
	rows := []struct {
		name    string
		facts   map[string]any
		applies duty.Tri
		state   duty.State
	}{
		{"nothing known", map[string]any{}, duty.Unknown, duty.Waiting},
		{"threshold met", map[string]any{"people": 500}, duty.Yes, duty.Waiting},
		{"threshold not met, other open", map[string]any{"people": 499}, duty.Unknown, duty.Waiting},
		{"both fail", map[string]any{"people": 499, "small": false}, duty.No, duty.NotDue},
		{"second holds", map[string]any{"small": true, "entity": "Credit Institution"}, duty.Yes, duty.NotDue},
		{"elsewhere", map[string]any{"people": 900, "jurisdictions": "uk, us"}, duty.No, duty.NotDue},
		{"here", map[string]any{"people": 900, "jurisdictions": []any{"EU"}}, duty.Yes, duty.Waiting},
	}
	for _, row := range rows {
		got := compute(t, l, row.facts, false)
		if got.Applies != row.applies || got.Dues[0].State != row.state {
			t.Errorf("%s: applies %s, stage %s; want %s, %s", row.name, got.Applies, got.Dues[0].State, row.applies, row.state)
		}
	}
	if got := compute(t, l, map[string]any{"aware": "2026-01-01T00:00:00Z"}, false); got.Dues[0].If != "not small" || got.Dues[0].State != duty.Running {
		t.Errorf("a stage whose condition is not known: %+v", got.Dues[0])
	}
}

// What is known to hold takes a regime out; what is not known does not.
func TestUnless(t *testing.T) {
	t.Parallel()
	l := library(t, `    status: in_force
    when: people >= 1
    unless: small
    stages:
      - {id: a, name: n, to: t, from: aware, within: {hours: 1}}
`)
	for _, row := range []struct {
		declared map[string]any
		want     duty.Tri
	}{{map[string]any{"people": 5}, duty.Yes}, {map[string]any{"people": 5, "small": false}, duty.Yes}, {map[string]any{"people": 5, "small": true}, duty.No}, {map[string]any{"small": true}, duty.No}} {
		if got := compute(t, l, row.declared, false); got.Applies != row.want {
			t.Errorf("%v: %s, want %s", row.declared, got.Applies, row.want)
		}
	}
}

func TestProjection(t *testing.T) {
	t.Parallel()
	l := library(t, `    status: in_force
    stages:
      - {id: a, name: n, to: t, from: aware, within: {hours: 72}}
      - {id: b, name: n, to: t, from: {submitted: a}, within: {months: 1}}
`)
	declared := map[string]any{"aware": "2026-01-28T10:00:00Z"}
	if got := compute(t, l, declared, false).Dues[1]; got.State != duty.Waiting || got.StartedBy != "a_submitted" {
		t.Errorf("before the submission: %+v", got)
	}
	if got := compute(t, l, declared, true).Dues[1]; !got.Projected || got.Day.String() != "2026-02-28" {
		t.Errorf("as if submitted at the limit: %+v", got)
	}
	declared["a_submitted"] = "2026-01-29"
	if got := compute(t, l, declared, true).Dues[1]; got.Projected || got.Day.String() != "2026-02-28" {
		t.Errorf("after the submission: %+v", got)
	}
}

// A clock may run from when another stage was due, and from a fact until that is
// known.
func TestALimitStartsAClock(t *testing.T) {
	t.Parallel()
	l := library(t, `    status: in_force
    stages:
      - {id: a, name: n, to: t, from: aware, within: {working_days: 4}}
      - {id: b, name: n, to: t, from: {limit_of: a, until_then: decided}, within: {days: 30}}
      - {id: c, name: n, to: t, from: {limit_of: b}, within: {hours: 1}}
`)
	for _, row := range []struct {
		name     string
		declared map[string]any
		b, c     string
	}{
		{"limit", map[string]any{"aware": "2026-06-11", "decided": "2026-06-30"}, "2026-07-17", "2026-07-18T00:59:59Z"},
		{"until then", map[string]any{"decided": "2026-06-15"}, "2026-07-15", "2026-07-16T00:59:59Z"},
	} {
		got := compute(t, l, row.declared, false)
		if got.Dues[1].Day.String() != row.b || got.Dues[2].At.Format(time.RFC3339) != row.c {
			t.Errorf("%s: %+v", row.name, got.Dues)
		}
	}
	if got := compute(t, l, map[string]any{}, true).Dues[1]; got.State != duty.Waiting {
		t.Errorf("nothing is known: %+v", got)
	}
}

// Where everything is told, alternatives about which nothing is told decide nothing.
func TestTold(t *testing.T) {
	t.Parallel()
	l := library(t, `    status: in_force
    when: {all: [small, {any: [people > 10, 'entity == "bank"']}]}
    stages:
      - {id: a, name: n, to: t, from: aware, within: {hours: 1}}
`)
	for _, row := range []struct {
		declared   map[string]any
		open, told duty.Tri
	}{
		{map[string]any{}, duty.Unknown, duty.Unknown}, {map[string]any{"people": 10}, duty.Unknown, duty.No}, {map[string]any{"people": 11}, duty.Unknown, duty.Yes},
		{map[string]any{"people": 10, "entity": "bank"}, duty.Unknown, duty.Yes}, {map[string]any{"people": 11, "small": false}, duty.No, duty.No}, {map[string]any{"small": true}, duty.Unknown, duty.Yes},
	} {
		r, f := l.Regime("x-1"), facts(t, l, row.declared)
		if open, told := r.When.Holds(f), r.When.Told(f); open != row.open || told != row.told {
			t.Errorf("%v: holds %s, told %s; want %s, %s", row.declared, open, told, row.open, row.told)
		}
	}
}

func TestReliefAndRemarks(t *testing.T) {
	t.Parallel()
	l := library(t, `    status: in_force
    stages:
      - {id: a, name: n, to: t, from: aware, within: {days: 1}, closed_day: {move_to: "12:00", not_when: entity == "bank"}}
`)
	friday := map[string]any{"aware": "2026-05-01"}
	if got := compute(t, l, friday, false).Dues[0]; got.Day.String() != "2026-05-02" {
		t.Errorf("nobody knows the kind of entity, so the strict limit stands: %+v", got)
	}
	friday["entity"] = "insurer"
	got := compute(t, l, friday, false).Dues[0]
	if got.At.Format(time.RFC3339) != "2026-05-04T12:00:00Z" || got.NominalOn.String() != "2026-05-02" || !strings.Contains(got.Why, "closed day") {
		t.Errorf("noon of Monday: %+v", got)
	}
}

// A pack in which every rule of counting can be drawn.
const drawn = `    status: in_force
    stages:
      - {id: hours, name: n, to: t, from: aware, within: {hours: 30}}
      - {id: days, name: n, to: t, from: aware, within: {days: 9}}
      - {id: working, name: n, to: t, from: aware, within: {working_days: 4}, times: [{n: 2, when: small}]}
      - {id: months, name: n, to: t, from: aware, within: {months: 2}, closed_day: {move_to: "12:00"}}
      - {id: capped, name: n, to: t, from: decided, within: {hours: 4}, no_later_than: [{within: {hours: 24}, from: aware}]}
      - {id: year, name: n, to: t, from: {year_end_of: aware}, within: {days: 60}}
`

func TestALaterStartIsNeverDueEarlier(t *testing.T) {
	t.Parallel()
	l := library(t, drawn)
	rapid.Check(t, func(t *rapid.T) {
		first := time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(t, "first"), 0).UTC()
		second := first.Add(time.Duration(rapid.Int64Range(0, 90*86400).Draw(t, "later")) * time.Second)
		small := rapid.Bool().Draw(t, "small")
		at := func(moment time.Time) []duty.Due {
			f := duty.Facts{"aware": duty.At(moment), "decided": duty.At(moment.Add(time.Hour))}
			if small {
				fact, _ := l.Fact("small")
				f["small"], _ = fact.Parse(true, time.UTC)
			}
			r := l.Regime("x-1")
			return duty.Compute(r, f, duty.Setting{Days: l.Days(r)}).Dues
		}
		early, late := at(first), at(second)
		for i := range early {
			if early[i].State != duty.Running || late[i].At.Before(early[i].At) {
				t.Fatalf("%s: %s for %s, %s for %s", early[i].Stage, early[i].At, first, late[i].At, second)
			}
			if early[i].At.Before(first) || early[i].At.Before(early[i].Nominal) {
				t.Fatalf("%s is due at %s, before it starts or before its own limit", early[i].Stage, early[i].At)
			}
		}
	})
}

func TestCapsHoldWheneverTheyAreKnown(t *testing.T) {
	t.Parallel()
	l := library(t, drawn)
	rapid.Check(t, func(t *rapid.T) {
		aware := time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(t, "aware"), 0).UTC()
		decided := aware.Add(time.Duration(rapid.Int64Range(-48*3600, 48*3600).Draw(t, "decided")) * time.Second)
		r := l.Regime("x-1")
		due := duty.Compute(r, duty.Facts{"aware": duty.At(aware), "decided": duty.At(decided)}, duty.Setting{Days: l.Days(r)}).Due("capped")
		want := decided.Add(4 * time.Hour)
		if limit := aware.Add(24 * time.Hour); limit.Before(want) {
			want = limit
		}
		if !due.At.Equal(want) {
			t.Fatalf("due %s, want %s", due.At, want)
		}
	})
}

func TestFactsAreRead(t *testing.T) {
	t.Parallel()
	l, _ := read()
	berlin, _ := calendar.LoadZone("Europe/Berlin")
	for _, row := range []struct {
		fact string
		raw  any
		want string // empty: refused
	}{
		{"aware", "2026-11-20", "2026-11-20"}, {"aware", "2026-11-20T17:00", "2026-11-20T17:00:00+01:00"}, {"aware", "2026-07-20 17:00:05", "2026-07-20T17:00:05+02:00"},
		{"aware", "2026-11-20T17:00:00-05:00", "2026-11-20T17:00:00-05:00"}, {"aware", "2026-03-02T12:00 local", "2026-03-02T12:00:00+01:00"},
		{"aware", "2026-07-20 17:00 America/New_York", "2026-07-20T17:00:00-04:00"}, {"aware", "2026-07-20T17:00 UTC", "2026-07-20T17:00:00Z"}, {"aware", "2026-07-20 17:00+02:00", "2026-07-20T17:00:00+02:00"},
		{"aware", "2026-07-20 17:00 Mars/Olympus", ""}, {"aware", "2026-07-20 17:00 Local", ""},
		{"aware", "tomorrow", ""}, {"aware", 17, ""}, {"people", "12", "12"}, {"people", 1.5, "1.5"}, {"people", -1, ""}, {"people", "many", ""},
		{"small", "true", "true"}, {"small", "yes", ""}, {"entity", "Credit institution", "bank"}, {"entity", "Payment Institution", "payment_institution"}, {"entity", 3, ""},
		{"jurisdictions", "EU, US-CA", "eu, us-ca"}, {"jurisdictions", []any{1}, ""},
	} {
		fact, _ := l.Fact(row.fact)
		got, err := fact.Parse(row.raw, berlin)
		if (err != nil) != (row.want == "") || err == nil && got.String() != row.want {
			t.Errorf("%s %v: %s, %v; want %q", row.fact, row.raw, got, err, row.want)
		}
	}
}

func TestPacksAreRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	stage := func(s string) string { return regime("    status: in_force\n    stages:\n" + s) }
	rows := []struct {
		name, source string
		want         []string
	}{
		{"no term", stage("      - {id: a, name: n, to: t, from: aware}\n"), []string{"p0.yaml:13:9 duty_term"}},
		{"two terms", stage("      - {id: a, name: n, to: t, from: aware, within: {hours: 1, days: 2}}\n"), []string{"p0.yaml:13:54 duty_term"}},
		{"term of zero", stage("      - {id: a, name: n, to: t, from: aware, within: {hours: 0}}\n"), []string{"p0.yaml:13:62 range"}},
		{"unknown fact", stage("      - {id: a, name: n, to: t, from: awake, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_fact"}},
		{"start is no moment", stage("      - {id: a, name: n, to: t, from: people, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_fact"}},
		{"unknown fact in a condition", stage("      - {id: a, name: n, to: t, from: aware, within: {hours: 1}, when: folk > 1}\n"), []string{"p0.yaml:13:72 duty_condition"}},
		{"condition of another kind", stage("      - {id: a, name: n, to: t, from: aware, within: {hours: 1}, when: people + 1}\n"), []string{"p0.yaml:13:72 duty_condition"}},
		{"empty condition", stage("      - {id: a, name: n, to: t, from: aware, within: {hours: 1}, when: {all: []}}\n"), []string{"p0.yaml:13:78 duty_condition"}},
		{"cycle of one", stage("      - {id: a, name: n, to: t, from: {submitted: a}, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_cycle"}},
		{"cycle of two", stage("      - {id: a, name: n, to: t, from: {submitted: b}, within: {hours: 1}}\n      - {id: b, name: n, to: t, from: {submitted: a}, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_cycle"}},
		{"follows nothing", stage("      - {id: a, name: n, to: t, from: {submitted: z}, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_stage"}},
		{"follows below", stage("      - {id: a, name: n, to: t, from: {submitted: b}, within: {hours: 1}}\n      - {id: b, name: n, to: t, from: aware, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_stage"}},
		{"cycle of limits", stage("      - {id: a, name: n, to: t, from: {limit_of: b}, within: {hours: 1}}\n      - {id: b, name: n, to: t, from: {submitted: a}, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_cycle"}},
		{"limit of nothing", stage("      - {id: a, name: n, to: t, from: {limit_of: z}, within: {hours: 1}}\n"), []string{"p0.yaml:13:39 duty_stage"}},
		{"stage twice", stage("      - {id: a, name: n, to: t, from: aware, within: {hours: 1}}\n      - {id: a, name: n, to: t, from: aware, within: {hours: 1}}\n"), []string{"p0.yaml:14:14 duty_twice"}},
		{"no stage", regime("    status: in_force\n    stages: []\n"), []string{"p0.yaml:12:13 duty_stage"}},
		{"impossible zone", regime("    status: in_force\n    zone: Mars/Olympus\n    stages: [{id: a, name: n, to: t, from: aware, within: x}]\n"), []string{"p0.yaml:12:11 calendar_zone"}},
		{"unknown calendar", regime("    status: in_force\n    calendar: moon\n    stages: [{id: a, name: n, to: t, from: aware, within: x}]\n"), []string{"p0.yaml:12:15 duty_form"}},
		{"unknown status", regime("    status: maybe\n    stages: [{id: a, name: n, to: t, from: aware, within: x}]\n"), []string{"p0.yaml:11:13 choice"}},
		{"unknown key", stage("      - {id: a, name: n, to: t, from: aware, within: x, whitin: y}\n"), []string{"p0.yaml:13:57 unknown_key"}},
	}
	for _, row := range rows {
		l, got := read(row.source)
		if l != nil {
			t.Errorf("%s: accepted", row.name)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestTheSiteReplacesAndNothingStandsTwice(t *testing.T) {
	t.Parallel()
	one := regime("    status: in_force\n    stages: [{id: a, name: n, to: t, from: aware, within: {hours: 1}}]\n")
	two := strings.Replace(one, "hours: 1", "hours: 2", 1)
	l, faults := read(one, two)
	if l == nil || len(l.Regimes) != 1 || l.Regime("x-1").Stages[0].Term.Hours != 2 {
		t.Errorf("the site's regime does not replace the shipped one: %v", faults)
	}
	if _, faults := read(one, two, two); len(faults) != 1 || !strings.HasSuffix(faults[0], "duty_twice") {
		t.Errorf("twice in one layer: %v", faults)
	}
	site := duty.File{Name: duty.SiteFile, Layer: 1, Source: []byte("zone: Europe/Berlin\nonly: [x-1]\nfacts: {entity: bank}\n")}
	pack := duty.File{Name: "p.yaml", Source: []byte(one)}
	l, list := duty.Read([]duty.File{{Name: duty.FactsFile, Source: []byte(words)}, site, pack})
	if l == nil || l.Site.Zone != "Europe/Berlin" || !l.InScope(l.Regime("x-1")) || l.Zone(l.Regime("x-1")).String() != "Europe/Berlin" {
		t.Errorf("site.yaml: %v", list)
	}
	site.Source = []byte("only: [x-9]\nfacts: {entty: bank}\n")
	if _, list := duty.Read([]duty.File{{Name: duty.FactsFile, Source: []byte(words)}, site, pack}); len(list) != 2 {
		t.Errorf("a site with a regime and a fact that are not there: %v", list)
	}
}

func TestTemplatesOfTheSiteAreChecked(t *testing.T) {
	t.Parallel()
	site := "notices:\n  sector: Ours\n  moon: x\n  eu-gdpr-33/notification: y\n"
	library, faults := duty.Read([]duty.File{{Name: "site.yaml", Layer: 1, Source: []byte(site)}})
	if library != nil || len(faults) != 2 {
		t.Fatalf("%v", faults)
	}
	for i, want := range []string{`3 "moon" is neither a family of notices nor regime/stage`, `4 "eu-gdpr-33/notification" is neither a family of notices nor regime/stage`} {
		if got := fmt.Sprint(faults[i].Position.Line, " ", faults[i].Message); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A limit counted in working days beyond the last holiday that is known says so.
func TestTheEndOfTheHolidaysIsSaid(t *testing.T) {
	t.Parallel()
	files := []duty.File{
		{Name: "facts.yaml", Source: []byte("facts:\n  aware: {kind: moment, means: it is known}\n")},
		{Name: "calendars.yaml", Source: []byte("calendars:\n  office:\n    zone: UTC\n    hours: {mon-fri: 00:00-24:00}\n    holidays: [2026-12-25]\n    holidays_known_until: 2026-12-31\n")},
		{Name: "p.yaml", Source: []byte("pack: p\nversion: '1'\nas_of: 2026-01-01\nregimes:\n  - id: x-law\n    name: X\n    jurisdiction: X\n    status: in_force\n    trigger: x\n    calendar: office\n    source: X\n    verification: unverified\n    stages:\n      - {id: notice, name: notice, to: X, from: aware, within: {working_days: 3}}\n")},
	}
	library, faults := duty.Read(files)
	if library == nil {
		t.Fatal(faults)
	}
	for aware, beyond := range map[string]bool{"2026-12-22": false, "2026-12-29": true} {
		outcome, _ := library.Outcome(library.Regime("x-law"), duty.Incident{Declared: map[string]any{"aware": aware}}, false)
		why := outcome.Due("notice").Why
		if beyond != strings.Contains(why, "calendar office knows its holidays until 2026-12-31 only, so it may be later") {
			t.Errorf("aware on %s: %s", aware, why)
		}
	}
}
