package calendar

import (
	"fmt"
	"time"
)

// Closed says what counts when a period in working days begins on a day that is none.
type Closed string

// Rules for a beginning on a closed day.
const (
	NextIsFirst Closed = "next_is_first" // the next working day is day 1
	NextIsStart Closed = "next_is_start" // the period begins on the next working day, day 1 is the one after
)

// WorkingDay tells whether people work on d at all.
func (c *Calendar) WorkingDay(d Date) bool {
	_, holiday := c.Holiday(d)
	return c.spec.Always || !holiday && len(c.spec.Week[d.Weekday()]) > 0
}

// OnOrAfter gives the first working day that is d or comes after it.
func (c *Calendar) OnOrAfter(d Date) (Date, error) {
	for range mostDays {
		if c.WorkingDay(d) {
			return d, nil
		}
		d = d.AddDays(1)
	}
	return Date{}, fmt.Errorf("calendar %s has no working day after %s", c.spec.Name, d)
}

// AddWorkingDays gives the n-th working day after d; d itself never counts. When d
// is no working day, closed says how counting begins. n 0 gives d, or the next
// working day.
func (c *Calendar) AddWorkingDays(d Date, n int, closed Closed) (Date, error) {
	if !c.WorkingDay(d) && (closed == NextIsStart || n == 0) {
		next, err := c.OnOrAfter(d)
		if err != nil {
			return Date{}, err
		}
		d = next
	}
	for range n {
		next, err := c.OnOrAfter(d.AddDays(1))
		if err != nil {
			return Date{}, err
		}
		d = next
	}
	return d, nil
}

// NextAt gives the moment at which, on the first working day after d, the wall
// shows minutes past midnight.
func (c *Calendar) NextAt(d Date, minutes int) (time.Time, error) {
	next, err := c.OnOrAfter(d.AddDays(1))
	if err != nil {
		return time.Time{}, err
	}
	return Instant(next, minutes, c.zone), nil
}
