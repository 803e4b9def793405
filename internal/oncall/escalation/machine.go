package escalation

import (
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Tolerance is how late a step may be without that being told, and without what
// follows being counted from then.
const Tolerance = time.Minute

// Progress is where a policy stands.
type Progress struct {
	Status  soar.EscalationStatus `json:"status"`
	Next    int                   `json:"next,omitempty"`     // how many steps are taken, counted through all repeats
	At      time.Time             `json:"at"`                 // while it runs: when it goes on
	MovedAt *time.Time            `json:"moved_at,omitempty"` // acknowledged or worked on last
}

// Firing is one step to be carried out now, or the news that none is left.
type Firing struct {
	Step      protocol.EscalationStep
	Number    int             // of the step, from 1, counted through all repeats; 0 when none is left
	Round     int             // from 1; 0 for the final step
	Due       time.Time       // when it should have been
	Late      time.Duration   // 0 when within Tolerance
	Skipped   int             // how many steps before it were not taken, because nothing ran then
	Also      []soar.Approver // whom the skipped steps would have told
	Stale     bool            // it goes on because an acknowledgement was followed by nothing
	Exhausted bool            // no step is left
}

// Start gives the progress of a policy that starts now: the first step is due.
func Start(at time.Time) Progress {
	return Progress{Status: soar.EscalationRunning, At: at}
}

// Steps counts the steps of a policy with all repeats and the final one.
func Steps(p protocol.EscalationPolicy) int {
	n := len(p.Steps) * (p.Repeat + 1)
	if p.Final != nil {
		n++
	}
	return n
}

// step gives the n-th step from 0, and the round it is in, from 1; 0 for the final.
func step(p protocol.EscalationPolicy, n int) (protocol.EscalationStep, int) {
	if n >= len(p.Steps)*(p.Repeat+1) {
		return *p.Final, 0
	}
	return p.Steps[n%len(p.Steps)], n/len(p.Steps) + 1
}

// Due gives when it goes on by itself; false when it waits for people or is over.
func (g Progress) Due(p protocol.EscalationPolicy) (time.Time, bool) {
	switch {
	case g.Status == soar.EscalationRunning:
		return g.At, true
	case g.Status == soar.EscalationAcknowledged && p.StaleAfter > 0 && g.MovedAt != nil:
		return g.MovedAt.Add(p.StaleAfter), true
	default:
		return time.Time{}, false
	}
}

// Advance takes what is due at now, at most one step: call it until it gives false.
// What was due while nothing ran is not made up for one by one: of the steps of one
// round that only tell people the last that is due is taken, and those of the others
// are told with it. No crisis, no continuity plan and no new round is reached that
// way: nobody could have acknowledged.
func (g *Progress) Advance(p protocol.EscalationPolicy, now time.Time) (Firing, bool) {
	due, some := g.Due(p)
	if !some || now.Before(due) {
		return Firing{}, false
	}
	f := Firing{Due: due, Stale: g.Status == soar.EscalationAcknowledged}
	if late := now.Sub(due); late >= Tolerance {
		f.Late = late
	}
	if g.Next >= Steps(p) {
		g.Status = soar.EscalationExhausted
		f.Exhausted = true
		return f, true
	}
	g.skip(p, now, &f)
	f.Step, f.Round = step(p, g.Next)
	g.Next++
	f.Number = g.Next
	g.Status, g.At = soar.EscalationRunning, f.Due.Add(f.Step.Wait)
	if f.Late > 0 {
		g.At = now.Add(f.Step.Wait)
	}
	return f, true
}

// skip passes over steps that only tell people while a later one of the same round
// that does so too is due.
func (g *Progress) skip(p protocol.EscalationPolicy, now time.Time, f *Firing) {
	for f.Late > 0 && g.Next+1 < Steps(p) {
		this, round := step(p, g.Next)
		next, same := step(p, g.Next+1)
		due := f.Due.Add(this.Wait)
		if same != round || len(this.To) == 0 || len(next.To) == 0 || due.After(now) {
			return
		}
		for _, who := range this.To {
			if !slices.Contains(f.Also, who) && !slices.Contains(next.To, who) {
				f.Also = append(f.Also, who)
			}
		}
		f.Skipped++
		f.Due, f.Late = due, now.Sub(due)
		g.Next++
	}
}

// Acknowledge says that somebody has it. False when it is over.
func (g *Progress) Acknowledge(at time.Time) bool {
	if g.Status.Over() {
		return false
	}
	g.Status, g.MovedAt = soar.EscalationAcknowledged, &at
	return true
}

// Touch says that somebody works on it: an acknowledgement stays fresh.
func (g *Progress) Touch(at time.Time) {
	if g.Status == soar.EscalationAcknowledged {
		g.MovedAt = &at
	}
}

// Stop ends it with the incident. False when it was over.
func (g *Progress) Stop() bool {
	if g.Status.Over() {
		return false
	}
	g.Status = soar.EscalationEnded
	return true
}
