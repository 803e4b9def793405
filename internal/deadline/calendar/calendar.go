package calendar

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // zones are the same on every machine, also on one without a database of its own
)

// dayMinutes are the minutes of a day of 24 hours.
const dayMinutes = 24 * 60

// Spec is a calendar as data. It holds nothing that depends on the machine.
type Spec struct {
	Name     string    `json:"name"`
	Zone     string    `json:"zone"`             // IANA name
	Always   bool      `json:"always,omitempty"` // no working hours: the clock never rests
	Week     [7][]Span `json:"week"`             // working hours, Sunday first
	Holidays []Holiday `json:"holidays,omitempty"`
	Until    Date      `json:"until,omitzero"` // holidays are known until then; zero: nothing is said
}

// Span is working time of one day, in minutes after midnight: 540 to 1020 is 9 to 5.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"` // at most 1440
}

// Holiday is a day or a range on which nobody works.
type Holiday struct {
	From   Date   `json:"from"`
	To     Date   `json:"to"`               // the same as From for one day
	Yearly bool   `json:"yearly,omitempty"` // years do not count
	Name   string `json:"name,omitempty"`
}

// covers tells whether d is one of the holiday's days. A yearly range may pass the
// end of the year.
func (h Holiday) covers(d Date) bool {
	if !h.Yearly {
		return !d.Before(h.From) && !h.To.Before(d)
	}
	day, from, to := yearless(d), yearless(h.From), yearless(h.To)
	if from <= to {
		return from <= day && day <= to
	}
	return day >= from || day <= to
}

func yearless(d Date) int { return int(d.Month)*100 + d.Day }

// Calendar computes. It never changes and may be used by many goroutines.
type Calendar struct {
	spec Spec
	zone *time.Location
}

// Weekdays gives a spec whose working days are Monday to Friday, from midnight to
// midnight, without holidays.
func Weekdays(name, zone string) Spec {
	spec := Spec{Name: name, Zone: zone}
	for day := time.Monday; day <= time.Friday; day++ {
		spec.Week[day] = []Span{{0, dayMinutes}}
	}
	return spec
}

// New checks a spec. The error names what is wrong: a zone that does not exist,
// hours that overlap or lie outside of the day, no working hour at all.
func New(spec Spec) (*Calendar, error) {
	zone, err := LoadZone(spec.Zone)
	if err != nil {
		return nil, err
	}
	c := &Calendar{spec: spec, zone: zone}
	for day, spans := range spec.Week {
		if err := checkSpans(spans); err != nil {
			return nil, fmt.Errorf("%s: %w", time.Weekday(day), err)
		}
	}
	for _, holiday := range spec.Holidays {
		if !holiday.Yearly && holiday.To.Before(holiday.From) {
			return nil, fmt.Errorf("a holiday ends on %s, before it begins on %s", holiday.To, holiday.From)
		}
	}
	if !spec.Always && !c.works() {
		return nil, fmt.Errorf("there is no working hour in this calendar")
	}
	return c, nil
}

// LoadZone gives the zone of an IANA name. "Local" and "" are refused: they mean
// another zone on every machine.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	return zone, nil
}

func checkSpans(spans []Span) error {
	end := -1
	for _, span := range spans {
		switch {
		case span.From < 0 || span.To > dayMinutes || span.From >= span.To:
			return fmt.Errorf("%s is no span of a day", span)
		case span.From < end:
			return fmt.Errorf("working hours overlap at %s", wallText(span.From))
		}
		end = span.To
	}
	return nil
}

// works tells whether some day of any year is a working day, looking at weekdays
// and yearly holidays. 28 years meet every date on every weekday.
func (c *Calendar) works() bool {
	if !slices.ContainsFunc(c.spec.Week[:], func(spans []Span) bool { return len(spans) > 0 }) {
		return false
	}
	for d, n := (Date{2000, time.January, 1}), 0; n < 28*366; n++ {
		yearly := slices.ContainsFunc(c.spec.Holidays, func(h Holiday) bool { return h.Yearly && h.covers(d) })
		if len(c.spec.Week[d.Weekday()]) > 0 && !yearly {
			return true
		}
		d = d.AddDays(1)
	}
	return false
}

// Name gives the calendar's name.
func (c *Calendar) Name() string { return c.spec.Name }

// Zone gives the calendar's zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Knows tells whether the holidays up to d are known.
func (c *Calendar) Knows(d Date) bool { return c.spec.Until.IsZero() || !c.spec.Until.Before(d) }

// Beyond says in words that the holidays up to d are not known, or nothing.
func (c *Calendar) Beyond(d Date) string {
	if c.Knows(d) {
		return ""
	}
	return "calendar " + c.spec.Name + " knows its holidays until " + c.spec.Until.String() + " only"
}

// Holiday gives the name of the holiday on d; some is false when there is none.
func (c *Calendar) Holiday(d Date) (name string, some bool) {
	at := slices.IndexFunc(c.spec.Holidays, func(h Holiday) bool { return h.covers(d) })
	if at < 0 {
		return "", false
	}
	return c.spec.Holidays[at].Name, true
}

// String gives 09:00-17:00.
func (s Span) String() string { return wallText(s.From) + "-" + wallText(s.To) }

func wallText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
