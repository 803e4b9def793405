package interpreter

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// cause says why a step must stop.
type cause int

const (
	cancelled cause = iota + 1 // by a person, a sibling or the end of the run
	timedOut                   // the step's own time is up
	skipped                    // a person skips the step
	rewalk                     // the walk starts over: leave every record as it is
)

// stop is one reason to stop. It is compared by identity: a step that timed out
// itself is told from one whose surroundings did.
type stop struct {
	cause cause
	text  string
}

func (s *stop) is(c cause) bool { return s != nil && s.cause == c }

// scope is what a step must look at to know whether to go on: its own stop,
// those of the steps around it, and its run's.
type scope struct {
	parent *scope
	walk   *walk
	run    *state.Run    // set where a run begins
	always bool          // set where an always step begins: nothing around stops it
	rec    *state.Record // set on a step's own scope
	own    *stop
	closed bool // the step has ended: its timers go
}

// child is a scope inside s.
func (s *scope) child() *scope { return &scope{parent: s, walk: s.walk} }

// halt stops what runs in the scope. The first reason stays.
func (s *scope) halt(c cause, text string) {
	if s.own == nil {
		s.own = &stop{cause: c, text: text}
	}
}

// stopped gives the reason to stop, or nil.
func (s *scope) stopped() *stop {
	if s.walk.again {
		return s.walk.rewalk
	}
	for at := s; at != nil; at = at.parent {
		at.look()
		if at.own != nil {
			return at.own
		}
	}
	return nil
}

// look turns what stands in the state into a stop.
func (s *scope) look() {
	switch {
	case s.own != nil:
	case s.rec != nil && s.rec.Skip != nil:
		s.halt(skipped, s.rec.Skip.Reason)
	case s.always && s.walk.root.StopAll:
		s.halt(cancelled, "the run was cancelled twice")
	case s.run != nil && s.run.Cancel != nil:
		s.halt(cancelled, "the run was cancelled")
	case s.run != nil && s.run.Ending != nil:
		s.halt(cancelled, "the run was ended by "+s.run.Ending.Key)
	}
}

// await blocks until cond holds, or gives the reason to stop. cond is asked
// often and must change nothing.
func (s *scope) await(ctx workflow.Context, cond func() bool) *stop {
	block(ctx, func() bool { return cond() || s.stopped() != nil })
	if cond() {
		return nil
	}
	return s.stopped()
}

// awaitUntil is await with an end: fired tells that due came first.
func (s *scope) awaitUntil(ctx workflow.Context, due time.Time, summary string, cond func() bool) (fired bool, why *stop) {
	fired = WaitUntil(ctx, due, summary, func() bool { return cond() || s.stopped() != nil })
	if fired || cond() {
		return fired, nil
	}
	return false, s.stopped()
}

// block waits on a context that is never cancelled.
func block(ctx workflow.Context, cond func() bool) {
	if err := workflow.Await(ctx, cond); err != nil {
		panic("workflows/interpreter: a context that is never cancelled was: " + err.Error())
	}
}

// WaitUntil blocks until due, by a timer that people can read in Temporal's UI,
// or until cond holds. It tells whether due came first.
func WaitUntil(ctx workflow.Context, due time.Time, summary string, cond func() bool) bool {
	if cond() {
		return false
	}
	left := due.Sub(workflow.Now(ctx))
	if left <= 0 {
		return true
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, left, workflow.TimerOptions{Summary: Summary(summary)})
	block(ctx, func() bool { return cond() || timer.IsReady() })
	return !cond()
}

const maxSummary = 200 // bytes as JSON; the server's limit is 400 and a codec adds to it

// Summary makes a text fit for a timer's or an activity's summary: one line, at
// most 200 bytes, whole runes. The UI renders markdown: text stays text.
func Summary(text string) string {
	line := make([]rune, 0, maxSummary)
	size := 0
	for _, r := range text {
		if r < ' ' || r == 0x7f {
			r = ' '
		}
		// A mark may get a backslash, and JSON doubles that.
		if size += len(string(r)) + 2*(len(soar.Markdown(string(r)))-len(string(r))); size > maxSummary {
			break
		}
		line = append(line, r)
	}
	return soar.Markdown(string(line))
}
