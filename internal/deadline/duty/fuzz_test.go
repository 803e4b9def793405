package duty_test

import (
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

// Whatever stands in a file, it is read or refused with a place; what was read can
// be computed.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		regime(drawn),
		regime("    status: in_force\n    zone: Asia/Tokyo\n    applies_from: 2026-01-01\n    later_for: [{when: small, from: 2027-01-01}]\n    when: {any: [people > 3, {all: [small]}]}\n    stages:\n      - {id: a, name: n, to: t, from: {limit_of: b, until_then: aware}, within: {months: 2}}\n"),
		regime("    status: proposed\n    stages:\n      - {id: a, name: n, to: t, from: {submitted: a}, within: soon}\n"),
		"pack: x\nregimes: [1]\n", "", "{", "regimes: &a [*a]\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		library, faults := duty.Read([]duty.File{{Name: duty.FactsFile, Source: []byte(words)}, {Name: "p.yaml", Source: []byte(source)},
			{Name: duty.CalendarsFile, Source: []byte("calendars:\n  c: {zone: UTC, hours: {mon: 09:00-10:00}}\n")}})
		if (library == nil) != faults.HasErrors() {
			t.Fatalf("a library beside errors, or neither: %v", faults)
		}
		for _, fault := range faults {
			if fault.File == "" || fault.Message == "" {
				t.Errorf("a fault without a place or a message: %+v", fault)
			}
		}
		if library == nil {
			return
		}
		for i := range library.Regimes {
			outcome, _ := library.Outcome(&library.Regimes[i], duty.Incident{OpenedAt: time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), Declared: map[string]any{"people": 4, "small": true}}, true)
			for _, due := range outcome.Dues {
				library.Warns(due)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"2026-11-20", "2026-11-20 17:00 Europe/Berlin", "2026-11-20T17:00:00+01:00", "2026-03-29T02:30", "2026-11-20 17:00 local", "9999-12-31T23:59Z"} {
		f.Add(seed)
	}
	fact := duty.Fact{Name: "aware", Kind: duty.Moment}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := fact.Parse(text, time.UTC)
		if err != nil {
			return
		}
		again, err := fact.Parse(value.String(), time.UTC)
		if err != nil || !again.At.Equal(value.At) || again.Day != value.Day {
			t.Errorf("%q is %s, which is read as %s: %v", text, value, again, err)
		}
	})
}
