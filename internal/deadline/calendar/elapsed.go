package calendar

import (
	"fmt"
	"time"
)

// mostDays bounds how far Add looks: a hundred years.
const mostDays = 36_525

// open is a stretch of working time.
type open struct{ from, to time.Time }

// opens gives the working time of a day.
func (c *Calendar) opens(d Date) []open {
	if _, holiday := c.Holiday(d); holiday {
		return nil
	}
	var out []open
	for _, span := range c.spec.Week[d.Weekday()] {
		from, _ := instants(d, span.From, c.zone)
		_, to := instants(d, span.To, c.zone)
		if n := len(out); n > 0 && from.Before(out[n-1].to) {
			from = out[n-1].to // the hour that clocks show twice lies in two spans
		}
		if from.Before(to) {
			out = append(out, open{from, to})
		}
	}
	return out
}

// Open tells whether t is working time.
func (c *Calendar) Open(t time.Time) bool {
	if c.spec.Always {
		return true
	}
	for _, o := range c.opens(DateOf(t.In(c.zone))) {
		if !t.Before(o.from) && t.Before(o.to) {
			return true
		}
	}
	return false
}

// Elapsed gives how much working time lies between two moments; 0 when to does
// not lie after from.
func (c *Calendar) Elapsed(from, to time.Time) time.Duration {
	if !from.Before(to) {
		return 0
	}
	if c.spec.Always {
		return to.Sub(from)
	}
	var sum time.Duration
	last := DateOf(to.In(c.zone)).AddDays(1)
	for d := DateOf(from.In(c.zone)).AddDays(-1); !last.Before(d); d = d.AddDays(1) {
		for _, o := range c.opens(d) {
			begin, end := later(o.from, from), earlier(o.to, to)
			if begin.Before(end) {
				sum += end.Sub(begin)
			}
		}
	}
	return sum
}

// Add gives the first moment at which d of working time has passed since from, in
// the calendar's zone. It is an error when a hundred years have not enough of it.
func (c *Calendar) Add(from time.Time, d time.Duration) (time.Time, error) {
	if c.spec.Always || d <= 0 {
		return from.Add(d).In(c.zone), nil
	}
	day := DateOf(from.In(c.zone)).AddDays(-1)
	for range mostDays {
		for _, o := range c.opens(day) {
			begin := later(o.from, from)
			if length := o.to.Sub(begin); length >= d {
				return begin.Add(d).In(c.zone), nil
			} else if length > 0 {
				d -= length
			}
		}
		day = day.AddDays(1)
	}
	return time.Time{}, fmt.Errorf("calendar %s has not enough working time in a hundred years after %s", c.spec.Name, from.Format(time.DateOnly))
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
