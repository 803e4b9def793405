package duty

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
)

// start is the moment that a clock runs from.
type start struct {
	at        time.Time     // in the zone that days are counted in; midnight when only the day is known
	day       calendar.Date // the day of it
	dayOnly   bool
	assumed   bool
	projected bool
	name      string
}

// end is a limit: an instant, or the end of a day.
type end struct {
	at  time.Time
	day calendar.Date // set when the limit is the end of it
}

func (s start) text() string {
	shown := s.day.String()
	if !s.dayOnly {
		shown = s.at.Format("2006-01-02 15:04 MST")
	}
	return s.name + " (" + shown + ")"
}

// Submitted names the fact that a stage was submitted.
func Submitted(stage string) string { return stage + "_submitted" }

func (s Start) name() string {
	switch {
	case s.Submitted != "":
		return Submitted(s.Submitted)
	case s.LimitOf != "":
		return "the limit of " + s.LimitOf
	default:
		return s.Fact
	}
}

// String says what a clock runs from, as "notification_submitted, aware until then".
func (s Start) String() string {
	text := s.name()
	if s.YearEnd {
		text = "the end of the year of " + text
	}
	if s.UntilThen != "" {
		text += ", " + s.UntilThen + " until then"
	}
	return text
}

// start finds the moment a clock runs from; known is false while it has not
// happened.
func (c counter) start(s Start) (from start, known bool) {
	from, known = c.begun(s)
	switch {
	case !known && s.UntilThen != "":
		return c.start(Start{Fact: s.UntilThen, YearEnd: s.YearEnd})
	case !known && s.Submitted != "" && c.setting.Project:
		// A submission that has not happened is taken to happen at its own limit.
		from, known = c.limit(s.Submitted, s.name())
		from.projected = true
	}
	if known && s.YearEnd {
		from.day, from.dayOnly = from.day.EndOfYear(), true
		from.at = calendar.Instant(from.day, 0, from.at.Location())
		from.name = "the end of the year of " + from.name
	}
	return from, known
}

// begun gives a moment that somebody declared, or the limit of an earlier stage.
func (c counter) begun(s Start) (start, bool) {
	if s.LimitOf != "" {
		return c.limit(s.LimitOf, s.name())
	}
	from := start{name: s.name()}
	value, known := c.facts[from.name]
	if !known {
		return from, false
	}
	from.assumed = value.Assumed
	zone := c.zone(value)
	if from.dayOnly = !value.Day.IsZero(); from.dayOnly {
		from.day, from.at = value.Day, calendar.Instant(value.Day, 0, zone)
	} else {
		from.at = value.At.In(zone)
		from.day = calendar.DateOf(from.at)
	}
	return from, true
}

// limit gives when an earlier stage is due, as a moment to count from.
func (c counter) limit(stage, name string) (start, bool) {
	from := start{name: name}
	for _, due := range c.earlier {
		if due.Stage != stage || due.State != Running {
			continue
		}
		from.at, from.day, from.dayOnly = due.At, due.Day, !due.Day.IsZero()
		if !from.dayOnly {
			from.day = calendar.DateOf(due.At)
		}
		from.assumed, from.projected = due.Assumed, due.Projected
		return from, true
	}
	return from, false
}

// zone gives the zone that days are counted in for a moment. Without a set zone
// the regime's own counts where the moment was written in it or in UTC; otherwise
// the moment keeps the zone, or the distance from UTC, that it was written with.
func (c counter) zone(v Value) *time.Location {
	if c.setting.Zone != nil {
		return c.setting.Zone
	}
	zone := time.UTC
	if c.regime.Zone != "" {
		if loaded, err := calendar.LoadZone(c.regime.Zone); err == nil {
			zone = loaded
		}
	}
	if !v.Day.IsZero() || !v.Zoned || v.At.Location() == time.UTC && c.regime.Zone != "" {
		return zone
	}
	_, written := v.At.Zone()
	if _, ours := v.At.In(zone).Zone(); ours == written {
		return zone
	}
	if named := v.At.Location(); strings.Contains(named.String(), "/") {
		return named
	}
	return time.FixedZone(v.At.Format("-07:00"), written)
}

func (c counter) days() *calendar.Calendar { return c.setting.Days }

// after adds a term. Hours are real time; days, working days and months end with
// the last second of a day.
func (c counter) after(from start, term Term, closed calendar.Closed) (end, error) {
	day := from.day
	switch {
	case term.Hours > 0:
		return end{at: from.at.Add(time.Duration(term.Hours) * time.Hour)}, nil
	case term.WorkingDays > 0:
		var err error
		if day, err = c.days().AddWorkingDays(day, term.WorkingDays, closed); err != nil {
			return end{}, err
		}
	case term.Months > 0:
		day = day.AddMonths(term.Months)
	default:
		day = day.AddDays(term.Days)
	}
	return end{at: day.End(from.at.Location()), day: day}, nil
}

// String gives a term in words.
func (t Term) String() string {
	switch {
	case t.Hours > 0:
		return counted(t.Hours, "hour")
	case t.Days > 0:
		return counted(t.Days, "calendar day")
	case t.WorkingDays > 0:
		return counted(t.WorkingDays, "working day")
	case t.Months > 0:
		return counted(t.Months, "month")
	default:
		return t.Words
	}
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
