package objective

import (
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Time counts working time. A *calendar.Calendar does.
type Time interface {
	Add(from time.Time, d time.Duration) (time.Time, error)
	Elapsed(from, to time.Time) time.Duration
}

// Always is the clock that never rests.
type Always struct{}

// Add gives from and d.
func (Always) Add(from time.Time, d time.Duration) (time.Time, error) { return from.Add(d), nil }

// Elapsed gives the time between, at least 0.
func (Always) Elapsed(from, to time.Time) time.Duration { return max(0, to.Sub(from)) }

// Query asks when a clock is due and when it warns.
type Query struct {
	Calendar string                // name in the policy; empty: Always
	Start    time.Time             // when it started
	Pauses   []soar.ObjectivePause // in order; only the last may be open
	Within   time.Duration
	WarnAt   []float64 // shares of Within, rising
}

// Instants answers a Query. Resting: the clock is paused before it was due, and
// the times are those as if it went on from the beginning of the pause.
type Instants struct {
	Due   time.Time   `json:"due"`
	Warns []time.Time `json:"warns,omitempty"` // one for each share
}

// Count computes the instants of a clock. Time in a pause does not count. A pause
// that is still open counts as if it had ended as soon as it began. Warnings are
// whole seconds: seven tenths of ten hours are seven hours.
func Count(q Query, working Time) (Instants, error) {
	var out Instants
	due, err := reach(q, q.Within, working)
	if err != nil {
		return out, err
	}
	out.Due = due.UTC()
	for _, share := range q.WarnAt {
		warn, err := reach(q, time.Duration(float64(q.Within)*share).Round(time.Second), working)
		if err != nil {
			return out, err
		}
		out.Warns = append(out.Warns, warn.UTC())
	}
	return out, nil
}

// reach gives the first moment at which d of working time has passed since the
// start, outside of pauses.
func reach(q Query, d time.Duration, working Time) (time.Time, error) {
	from := q.Start
	for _, pause := range q.Pauses {
		if pause.To == nil {
			break
		}
		passed := working.Elapsed(from, pause.From)
		if passed >= d {
			break
		}
		d -= passed
		from = *pause.To
	}
	return working.Add(from, d)
}
