package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// closeAt ends an incident that would stay open.
func (w *world) closeAt(d time.Duration) *act2 {
	return w.at(d, protocol.UpdateClose, protocol.Close{Command: by("lead"), Resolution: soar.ResolutionResolved})
}

func TestActionOK(t *testing.T) {
	t.Parallel()
	p := playbook("one",
		act("look", "edr.host_info", args("host", "=alert.host.name")),
		act("again", "edr.host_info", args("host", "=steps.look.output.name", "note", "fixed")),
	)
	w := newWorld(t, p)
	w.answer = func(r protocol.ActionRequest, _ int) (protocol.ActionResult, error) {
		return done(map[string]any{"name": r.Args["host"].(string) + "!"}), nil
	}
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{
		"look": soar.StepSucceeded, "again": soar.StepSucceeded,
	})
	want := []map[string]any{{"host": "web-1"}, {"host": "web-1!", "note": "fixed"}}
	got := []map[string]any{w.calls[0].Args, w.calls[1].Args}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
	first := w.calls[0]
	if first.Key != protocol.IdempotencyKey(incidentID, "r1/look", "edr.host_info", "", 0) || first.StepKey != "r1/look" || first.Timeout != 30*time.Second {
		t.Errorf("request = %+v", first)
	}
	kinds := []string{
		protocol.EventIncidentAssessed, protocol.EventPlaybookStarted, protocol.EventStepStarted, protocol.EventStepEnded,
		protocol.EventStepStarted, protocol.EventStepEnded, protocol.EventPlaybookEnded, protocol.EventIncidentClosed,
	}
	if diff := cmp.Diff(kinds, w.kinds()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestActionOutcomes(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		step   *plan.Step
		answer func(protocol.ActionRequest, int) (protocol.ActionResult, error)
		status soar.StepStatus
		calls  int
		err    string
	}{
		{name: "fails", step: act("a", "x.y"), status: soar.StepFailed, calls: 1, err: "it broke",
			answer: failOn("x.y")},
		{name: "is refused by the guard", step: act("a", "x.y"), status: soar.StepFailed, calls: 1, err: "refused: protected host",
			answer: func(protocol.ActionRequest, int) (protocol.ActionResult, error) {
				return refusedBy("protected host"), nil
			}},
		{name: "transient, then ok", step: act("a", "x.y"), status: soar.StepSucceeded, calls: 3,
			answer: func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				if nth < 3 {
					return protocol.ActionResult{}, transient("busy")
				}
				return done(nil), nil
			}},
		{name: "transient for too long", step: act("a", "x.y"), status: soar.StepFailed, calls: 3, err: "busy",
			answer: func(protocol.ActionRequest, int) (protocol.ActionResult, error) {
				return protocol.ActionResult{}, transient("busy")
			}},
		{name: "transient is not on the list", step: act("a", "x.y", attempts(5, "limited")), status: soar.StepFailed, calls: 1, err: "busy",
			answer: func(protocol.ActionRequest, int) (protocol.ActionResult, error) {
				return protocol.ActionResult{}, transient("busy")
			}},
		{name: "the store is away longer than there are attempts", step: act("a", "x.y", attempts(1)), status: soar.StepSucceeded, calls: 9,
			answer: func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				if nth < 9 {
					return protocol.ActionResult{}, storeAway()
				}
				return done(nil), nil
			}},
		{name: "arguments do not evaluate", step: act("a", "x.y", args("n", "=1 / 0 > alert.title.nope")), status: soar.StepFailed, calls: 0, err: "with: n:"},
		{name: "condition does not evaluate", step: act("a", "x.y", when("alert.title.nope > 1")), status: soar.StepFailed, calls: 0, err: "when:"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", row.step)
			w := newWorld(t, p)
			w.answer = row.answer
			if row.status == soar.StepFailed {
				w.closeAt(24 * time.Hour)
			}
			w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"a": row.status})
			if len(w.calls) != row.calls {
				t.Errorf("%d calls, want %d", len(w.calls), row.calls)
			}
			if !strings.Contains(w.steps["r1/a"].Error, row.err) {
				t.Errorf("error %q, want %q in it", w.steps["r1/a"].Error, row.err)
			}
			for _, call := range w.calls {
				if call.Key != w.calls[0].Key {
					t.Errorf("the key changed between tries")
				}
			}
			if failed := row.status == soar.StepFailed; failed != (len(w.sent("needs_decision")) == 1) {
				t.Errorf("messages: %v", w.messages)
			}
		})
	}
}

func TestOutcomeNotKnown(t *testing.T) {
	t.Parallel()
	lost := func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		if nth == 1 && r.Connector == "edr" && r.Action == "isolate_host" {
			return unclear("the answer was lost"), nil
		}
		return done(nil), nil
	}
	rows := []struct {
		name   string
		update string
		status soar.StepStatus
		calls  int
		held   int
	}{
		{"tried again", protocol.UpdateRetryStep, soar.StepSucceeded, 2, 1},
		{"marked as done", protocol.UpdateMarkDone, soar.StepSucceeded, 1, 1},
		{"skipped", protocol.UpdateSkipStep, soar.StepSkipped, 1, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", isolate("iso", "web-1"), act("after", "edr.host_info"))
			w := newWorld(t, p)
			w.answer = lost
			w.look(time.Hour, func(view protocol.StateView) {
				if s := view.Runs[0].Steps[0]; s.Status != soar.StepRunning || !strings.Contains(s.Error, "not known") {
					t.Errorf("while it waits: %+v", s)
				}
			})
			word := w.at(2*time.Hour, row.update, protocol.StepCommand{Command: by("ana"), Key: "r1/iso"})
			w.run(incident(p)).ended(soar.StatusClosed)
			w.expect(map[string]soar.StepStatus{"iso": row.status, "after": soar.StepSucceeded})
			if word.refused != "" || len(w.calls) != row.calls+1 || len(w.held) != row.held {
				t.Errorf("refused %q, %d calls, %d held", word.refused, len(w.calls), len(w.held))
			}
			if row.calls == 2 && w.calls[0].Key == w.calls[1].Key {
				t.Error("a deliberate repeat must have a key of its own")
			}
			if len(w.told(protocol.EventStepNeedsPerson)) != 1 || !w.sent("needs_decision")[0].Urgent {
				t.Errorf("people were not asked: %v", w.messages)
			}
		})
	}
}

// A change of the world whose activity ends with an error that says nothing is
// never taken for failed.
func TestErrorThatSaysNothing(t *testing.T) {
	t.Parallel()
	p := playbook("one", isolate("iso", "web-1", attempts(1)))
	w := newWorld(t, p)
	w.answer = func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		if nth == 1 {
			panic("a bug in a connector")
		}
		return done(nil), nil
	}
	w.at(time.Hour, protocol.UpdateRetryStep, protocol.StepCommand{Command: by("ana"), Key: "r1/iso"})
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"iso": soar.StepSucceeded})
	if len(w.told(protocol.EventStepNeedsPerson)) != 1 {
		t.Error("nobody was asked")
	}
}

func TestActionCancelled(t *testing.T) {
	t.Parallel()
	p := playbook("one", act("slow", "x.slow", attempts(1)), act("never", "x.y"))
	w := newWorld(t, p)
	w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		return protocol.ActionResult{}, storeAway()
	}
	w.at(time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")})
	w.closeAt(time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"slow": soar.StepCancelled, "never": ""})
}

// What changes the world is not cut off: its outcome is waited for.
func TestChangeIsNotCutOff(t *testing.T) {
	t.Parallel()
	p := playbook("one", isolate("iso", "web-1"))
	w := newWorld(t, p)
	w.delays["edr.isolate_host"] = 20 * time.Second
	w.at(10*time.Second, protocol.UpdateCancel, protocol.Cancel{Command: by("lead"), Compensate: true})
	w.closeAt(time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed)
	if diff := cmp.Diff([]string{"edr.isolate_host", "edr.release_host"}, w.called()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	w.expect(map[string]soar.StepStatus{"iso": soar.StepCompensated})
}

func TestActionTimeout(t *testing.T) {
	t.Parallel()
	p := playbook("one", act("slow", "x.slow", within(time.Minute)))
	w := newWorld(t, p)
	w.answer = func(protocol.ActionRequest, int) (protocol.ActionResult, error) {
		return protocol.ActionResult{}, storeAway()
	}
	w.closeAt(time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"slow": soar.StepFailed})
	if got := w.steps["r1/slow"].Error; got != "not done within 1m0s" {
		t.Errorf("error %q", got)
	}
}

// An author's own key makes two steps one effect; the target and the action
// stay part of it.
func TestOwnIdempotencyKey(t *testing.T) {
	t.Parallel()
	own := func(s *plan.Step) { s.Action.IdempotencyKey = expr(`"ticket-" + alert.host.name`) }
	p := playbook("one", act("a", "desk.open", own), act("b", "desk.open", own), act("c", "desk.open"))
	w := newWorld(t, p).run(incident(p)).ended(soar.StatusClosed)
	if w.calls[0].Key != w.calls[1].Key || w.calls[0].Key == w.calls[2].Key {
		t.Errorf("keys: %s %s %s", w.calls[0].Key, w.calls[1].Key, w.calls[2].Key)
	}
}

func TestArgumentsTooLarge(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 300<<10)
	p := playbook("one", act("a", "x.y", args("body", big)))
	w := newWorld(t, p)
	w.closeAt(time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"a": soar.StepFailed})
	if len(w.calls) != 0 {
		t.Error("it was sent")
	}
}

// A worker that is lost does not use up attempts: the same effect is asked for
// again under its key, and the ledger knows what an earlier attempt did. One
// that is lost every time leaves it to a person.
func TestWorkerLost(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		losses int
		calls  int
		asked  int
	}{"twice": {2, 3, 0}, "every time": {9, 3, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", isolate("iso", "web-1", attempts(1)))
			w := newWorld(t, p)
			w.answer = func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				if nth <= row.losses {
					return protocol.ActionResult{}, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil)
				}
				return done(nil), nil
			}
			w.at(time.Hour, protocol.UpdateSkipStep, protocol.StepCommand{Command: by("ana"), Key: "r1/iso"})
			w.run(incident(p)).ended(soar.StatusClosed)
			if len(w.calls) != row.calls || len(w.told(protocol.EventStepNeedsPerson)) != row.asked {
				t.Errorf("%d calls, asked %d times", len(w.calls), len(w.told(protocol.EventStepNeedsPerson)))
			}
			for _, call := range w.calls {
				if call.Key != w.calls[0].Key {
					t.Error("the key changed")
				}
			}
		})
	}
}

// A timeout that is read long after it happened says that nobody was there to
// do the work: it is asked for again.
func TestNobodyWasThere(t *testing.T) {
	t.Parallel()
	p := playbook("one", act("look", "x.slow"))
	w := newWorld(t, p)
	w.delays["x.slow"] = 3 * time.Hour
	w.answer = func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		if nth == 1 {
			return protocol.ActionResult{}, temporal.NewNonRetryableApplicationError("", "", temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil))
		}
		return done(nil), nil
	}
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"look": soar.StepSucceeded})
	if len(w.calls) != 2 {
		t.Errorf("%d calls", len(w.calls))
	}
}
