package calendar_test

import (
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
)

// A calendar that was read without a fault can be built and counted in.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"zone: Europe/Berlin\nhours: {mon-fri: 09:00-17:00, sat: [10:00-12:00, 13:00-14:00]}\nholidays: [2026-12-24, 12-25, 2026-08-03..2026-08-14, {on: 12-30..01-02, name: x}]\nholidays_known_until: 2026-12-31\n",
		"zone: UTC\nhours: always\n", "zone: Local\nhours: {}\n", "zone: UTC\nhours: {fri-mon: 00:00-24:00}\nholidays: [02-29]\n", "{", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		spec, faults := read(source)
		if len(faults) > 0 || spec.Zone == "" {
			return
		}
		c, err := calendar.New(spec)
		if err != nil {
			t.Fatalf("read without a fault, but %v", err)
		}
		from := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
		if to, err := c.Add(from, 90*time.Minute); err == nil && c.Elapsed(from, to) != 90*time.Minute {
			t.Errorf("90 minutes after %s is %s, but %s elapsed", from, to, c.Elapsed(from, to))
		}
	})
}
