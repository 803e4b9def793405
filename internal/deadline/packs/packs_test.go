package packs

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
)

func library(t *testing.T) *duty.Library {
	t.Helper()
	library, faults := Load("")
	for _, fault := range faults {
		t.Error(fault)
	}
	if library == nil {
		t.FailNow()
	}
	return library
}

func TestShippedPacksHaveNoFault(t *testing.T) {
	t.Parallel()
	library := library(t)
	if len(library.Regimes) < 130 {
		t.Errorf("%d regimes", len(library.Regimes))
	}
	for _, r := range library.Regimes {
		main := 0
		for _, s := range r.Stages {
			if s.Main {
				main++
			}
			if len(s.Keys) == 0 {
				t.Errorf("%s %s has no name for vectors", r.ID, s.ID)
			}
			if s.Term.WorkingDays > 0 && r.Calendar == "" && r.ID != "global-visa" && !strings.HasPrefix(r.ID, "us-vt") && r.ID != "ec-lopdp" {
				t.Errorf("%s %s counts working days without a calendar", r.ID, s.ID)
			}
		}
		if main > 1 || main == 0 && r.ID != "us-state-tiers" {
			t.Errorf("%s has %d main stages", r.ID, main)
		}
		if r.AsOf.IsZero() || len(r.Where) == 0 && !strings.HasPrefix(r.ID, "global-") {
			t.Errorf("%s does not say when it was looked at, or where it holds", r.ID)
		}
	}
}

// closed lists the days from Monday to Friday of a year on which nobody works.
func closed(c *calendar.Calendar, year int) []string {
	var days []string
	for d := (calendar.Date{Year: year, Month: time.January, Day: 1}); d.Year == year; d = d.AddDays(1) {
		if weekday := d.Weekday(); weekday != time.Saturday && weekday != time.Sunday && !c.WorkingDay(d) {
			days = append(days, d.String()[5:])
		}
	}
	return days
}

// What governments and banks publish, weekdays only.
func TestHolidaysAreThosePublished(t *testing.T) {
	t.Parallel()
	library := library(t)
	for _, row := range []struct {
		calendar string
		year     int
		days     string
	}{
		{"us_federal", 2025, "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25"},
		{"us_federal", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"},
		{"us_federal", 2027, "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31"},
		{"us_federal", 2028, "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25"},
		{"uk", 2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"},
		{"uk", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"},
		{"uk", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28"},
		{"uk", 2028, "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"},
		{"jp", 2025, "01-01 01-13 02-11 02-24 03-20 04-29 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-24"},
		{"jp", 2026, "01-01 01-12 02-11 02-23 03-20 04-29 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23"},
		{"jp", 2027, "01-01 01-11 02-11 02-23 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23"},
		{"sg", 2026, "01-01 02-17 02-18 04-03 05-01 05-27 06-01 08-10 11-09 12-25"},
		{"br_national", 2026, "01-01 04-03 04-21 05-01 09-07 10-12 11-02 11-20 12-25"},
		{"de", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 12-25"},
		{"fr", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 11-11 12-25"},
		{"it", 2027, "01-01 01-06 03-29 06-02 10-04 11-01 12-08"},
		{"nl", 2027, "01-01 03-26 03-29 04-27 05-05 05-06 05-17"},
		{"at", 2028, "01-06 04-17 05-01 05-25 06-05 06-15 08-15 10-26 11-01 12-08 12-25 12-26"},
		{"be", 2025, "01-01 04-21 05-01 05-29 06-09 07-21 08-15 11-11 12-25"},
		{"es", 2026, "01-01 01-06 04-03 05-01 10-12 12-08 12-25"},
		{"ie", 2026, "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25 12-28"},
		{"lu", 2026, "01-01 04-06 05-01 05-14 05-25 06-23 12-25"},
		{"pl", 2026, "01-01 01-06 04-06 05-01 06-04 11-11 12-24 12-25"},
		{"target", 2026, "01-01 04-03 04-06 05-01 12-25"},
		{"au_national", 2026, "01-01 01-26 04-03 04-06 12-25 12-28"},
		{"au_national", 2027, "01-01 01-26 03-26 03-29 12-27 12-28"},
		{"ca_federal", 2026, "01-01 04-03 05-18 07-01 09-07 09-30 10-12 11-11 12-25 12-28"},
		{"co", 2026, "01-01 01-12 03-23 04-02 04-03 05-01 05-18 06-08 06-15 06-29 07-20 08-07 08-17 10-12 11-02 11-16 12-08 12-25"},
	} {
		if diff := cmp.Diff(strings.Fields(row.days), closed(library.Calendar(row.calendar), row.year)); diff != "" {
			t.Errorf("%s %d (-want +got):\n%s", row.calendar, row.year, diff)
		}
	}
}

// A calendar says until when its holidays are known, so that a limit beyond it is
// shown with that remark.
func TestCalendarsSayHowFarTheyGo(t *testing.T) {
	t.Parallel()
	library := library(t)
	for name, until := range map[string]int{"us_federal": 2029, "uk": 2029, "jp": 2029, "br_national": 2029, "de": 2029, "sg": 2026} {
		c := library.Calendar(name)
		if !c.Knows(calendar.Date{Year: until, Month: time.December, Day: 31}) || c.Knows(calendar.Date{Year: until + 1, Month: time.January, Day: 1}) {
			t.Errorf("%s is not known until the end of %d", name, until)
		}
	}
}
