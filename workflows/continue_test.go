package workflows_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// story is one incident with everything that happens to it.
type story struct {
	name    string
	plans   []*plan.Plan
	prepare func(w *world, p *plan.Plan)
	input   func(*protocol.IncidentInput)
	side    bool // branches run side by side: their order may differ
	rounds  int  // histories that there must be at least
}

func (s story) tell(t *testing.T, often bool) *world {
	t.Helper()
	w := newWorld(t, s.plans...)
	w.often = often
	if s.prepare != nil {
		s.prepare(w, s.plans[0])
	}
	input := incident(s.plans[0])
	if s.input != nil {
		s.input(&input)
	}
	return w.run(input)
}

func stories() []story {
	child := playbook("child", act("c1", "x.c1"), set("out", with("n", 3)), act("c2", "x.c2"))
	return []story{
		{name: "one after the other", rounds: 7, plans: []*plan.Plan{playbook("p",
			act("a", "x.a", args("h", "=alert.host.name")),
			set("v", with("x", "=steps.a.output.value", "big", 9007199254740993)),
			branches("pick", []plan.Branch{{When: expr("vars.x == 1"), Steps: list(act("b", "x.b", args("v", "=vars.x")))}, {Steps: list(act("c", "x.c"))}}),
			forEach("each", "alert.urls", "u", 1, list(act("d", "x.d", args("u", "=u")), set("last", with("u", "=u")))),
			repeat("poll", "steps.e.output.value > 2", 5*time.Minute, 9, list(act("e", "x.e"))),
			wait("w", plan.Wait{For: 3 * time.Hour}),
			call("sub", child, nil),
			declare("d2", with("severity", "critical")),
			escalate("esc", "on_call", "hm"),
			act("f", "x.f", args("u", "=vars.u", "n", "=len(steps.each.items)", "m", "=steps.sub.output.n")),
		), child}, prepare: func(w *world, _ *plan.Plan) {
			w.answer = func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				return done(map[string]any{"value": nth}), nil
			}
			w.policy = onlyLead
			w.closeAt(4 * time.Hour)
		}},
		{name: "approval, clocks, undo", rounds: 4, plans: []*plan.Plan{guarded(plan.Approval{
			ExpiresIn: 2 * time.Hour, RemindEvery: 30 * time.Minute, Quorum: 2, Escalate: []plan.After{{After: 45 * time.Minute, To: plan.Who{Role: "ciso"}}},
		})}, prepare: func(w *world, p *plan.Plan) {
			w.decide(10*time.Minute, p, "lead", true)
			w.decide(50*time.Minute, p, "chief", true, soar.RoleCISO)
			w.at(70*time.Minute, protocol.UpdateRelease, protocol.Release{Command: by("ana"), ContainmentID: protocol.IdempotencyKey(incidentID, "r1/contain/iso", "edr.isolate_host", "web-1", 0)})
			w.closeAt(80 * time.Minute)
		}, input: func(in *protocol.IncidentInput) {
			in.Settings.AutoClose = false
			in.Policy = protocol.ObjectivePolicy{Name: "o", Version: "1", Clocks: map[soar.Severity][]protocol.ObjectiveClock{
				soar.SeverityHigh: {{Name: "acknowledge", Within: time.Hour, WarnAt: 0.1}, {Name: "contain", Within: 40 * time.Minute, WarnAt: 0.5}, {Name: "resolve", Within: 24 * time.Hour}},
			}}
		}},
		{name: "task, event, until", rounds: 4, plans: []*plan.Plan{playbook("p",
			work("ask", plan.Task{DueIn: time.Hour, Escalate: []plan.After{{After: 90 * time.Minute, To: plan.Who{Role: "soc_lead"}}}}),
			act("a", "x.a", args("v", "=steps.ask.task.answer.host")),
			wait("ev", plan.Wait{Event: "scanned", Timeout: 24 * time.Hour}),
			act("b", "x.b", args("v", "=steps.ev.output.data.n")),
			wait("un", plan.Wait{Until: expr(`incident.tlp == "red"`), Timeout: 24 * time.Hour}, within(48*time.Hour)),
			act("c", "x.c"),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.at(2*time.Hour, protocol.UpdateCompleteTask, answer("r1/ask", map[string]any{"host": "h"}))
			w.at(3*time.Hour, protocol.UpdateEvent, protocol.Event{Command: by("tool"), Name: "scanned", Data: map[string]any{"n": 5}})
			w.at(4*time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), TLP: soar.TLPRed, Facts: map[string]any{"k": 1}})
		}},
		{name: "failure, compensation, retry", rounds: 6, plans: []*plan.Plan{playbook("p",
			block("all", list(isolate("a", "one", expires(48*time.Hour)), isolate("b", "two"), act("c", "x.c")), onFailure(plan.OnFailureCompensate)),
			act("tell", "notify.send", always()),
			act("rest", "x.rest"),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				if r.Connector == "x" && r.Action == "c" && nth == 1 {
					return broken("first time"), nil
				}
				return done(nil), nil
			}
			w.at(time.Hour, protocol.UpdateRetryStep, protocol.StepCommand{Command: by("ana"), Key: "r1/all/c"})
		}},
		{name: "store away, outcome unknown, timeout", rounds: 5, plans: []*plan.Plan{playbook("p",
			act("a", "x.a", attempts(1)),
			isolate("b", "one"),
			block("late", list(wait("w", plan.Wait{For: 9 * time.Hour})), within(time.Hour), onFailure(plan.OnFailureContinue)),
			act("c", "x.c"),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				switch {
				case r.Action == "a" && nth < 4:
					return protocol.ActionResult{}, storeAway()
				case r.Action == "isolate_host" && nth == 1:
					return unclear("lost"), nil
				}
				return done(nil), nil
			}
			w.at(2*time.Hour, protocol.UpdateMarkDone, protocol.StepCommand{Command: by("ana"), Key: "r1/b"})
		}},
		{name: "side by side", side: true, rounds: 3, plans: []*plan.Plan{playbook("p",
			parallel("side", plan.Parallel{OnError: "cancel", Branches: []plan.NamedBranch{
				arm("a", act("a1", "x.a1"), act("a2", "x.a2"), isolate("a3", "h1", expires(time.Hour))),
				arm("b", act("b1", "x.b1"), wait("b2", plan.Wait{For: 10 * time.Minute}), act("b3", "x.b3")),
				arm("c", wait("c1", plan.Wait{For: 5 * time.Minute}), forEach("c2", `["x","y","z"]`, "e", 2, list(act("c3", "x.c3", args("e", "=e"))))),
			}}),
			act("z", "x.z"),
		)}},
		{name: "side by side, one fails", side: true, rounds: 2, plans: []*plan.Plan{playbook("p",
			parallel("side", plan.Parallel{OnError: "cancel", Branches: []plan.NamedBranch{
				arm("a", wait("a0", plan.Wait{For: time.Minute}), act("a1", "x.bad")),
				arm("b", isolate("b1", "h1"), wait("b2", plan.Wait{For: 10 * time.Minute}), act("b3", "x.b3", always())),
			}}, onFailure(plan.OnFailureCompensate)),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.answer = failOn("x.bad")
			w.closeAt(time.Hour)
		}},
		{name: "told to stop beside an always step", side: true, rounds: 3, plans: []*plan.Plan{playbook("p",
			parallel("side", plan.Parallel{OnError: "cancel", Branches: []plan.NamedBranch{
				arm("a", wait("a0", plan.Wait{For: time.Minute}), act("a1", "x.bad")),
				arm("b", wait("b0", plan.Wait{For: 10 * time.Minute}, always()), act("b1", "x.b1")),
			}}),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.answer = failOn("x.bad")
			w.at(5*time.Minute, protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: "meanwhile"})
			w.closeAt(time.Hour)
		}},
		{name: "cancelled inside of a loop", rounds: 3, plans: []*plan.Plan{playbook("p",
			forEach("each", "alert.urls", "u", 1, list(wait("w", plan.Wait{For: 10 * time.Minute}, always()), act("a", "x.a"))),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.at(time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("ana")})
			w.closeAt(time.Hour)
		}},
		{name: "cancelled with everything taken back", rounds: 4, plans: []*plan.Plan{playbook("p",
			isolate("a", "h1"), isolate("b", "h2", expires(4*time.Hour)), wait("w", plan.Wait{For: 100 * time.Hour}), act("z", "x.z", always()),
		)}, prepare: func(w *world, _ *plan.Plan) {
			w.at(time.Hour, protocol.UpdatePause, protocol.Control{Command: by("ana")})
			w.at(2*time.Hour, protocol.UpdateCancel, protocol.Cancel{Command: by("ana"), Compensate: true})
			w.closeAt(3 * time.Hour)
		}},
	}
}

// Continuing as new at every possible moment changes nothing that anybody
// outside can see: not the record, not what is called, not how steps end.
func TestContinueAsNewChangesNothing(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			plain, often := s.tell(t, false), s.tell(t, true)
			plain.ended(soar.StatusClosed)
			often.ended(soar.StatusClosed)
			if often.rounds < s.rounds || plain.rounds != 1 {
				t.Errorf("%d histories, want at least %d", often.rounds, s.rounds)
			}
			if diff := cmp.Diff(trace(plain, s.side), trace(often, s.side)); diff != "" {
				t.Errorf("record (-without +with):\n%s", diff)
			}
			if diff := cmp.Diff(requests(plain, s.side), requests(often, s.side)); diff != "" {
				t.Errorf("calls (-without +with):\n%s", diff)
			}
			if diff := cmp.Diff(ends(plain), ends(often)); diff != "" {
				t.Errorf("steps (-without +with):\n%s", diff)
			}
			if diff := cmp.Diff(len(plain.messages), len(often.messages)); diff != "" {
				t.Errorf("messages (-without +with):\n%s", diff)
			}
		})
	}
}

// whole drops the milliseconds that settling before each history takes.
func whole(line string) string { return regexp.MustCompile(`\.00\dZ`).ReplaceAllString(line, "Z") }

func trace(w *world, sorted bool) []string {
	var lines []string
	for _, e := range w.events {
		line := fmt.Sprintf("%s %s %s %s %s", e.At.Format(time.RFC3339), e.Kind, e.By, e.Step, e.Text)
		if !sorted {
			line = fmt.Sprintf("%d %s %s", e.Seq, line, e.Data)
		}
		lines = append(lines, whole(line))
	}
	if sorted {
		slices.Sort(lines)
	}
	return lines
}

func requests(w *world, sorted bool) []string {
	var lines []string
	for _, r := range w.calls {
		body, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		lines = append(lines, whole(string(body)))
	}
	if sorted {
		slices.Sort(lines)
	}
	return lines
}

func ends(w *world) map[string]string {
	out := map[string]string{}
	for key, view := range w.steps {
		out[key] = string(view.Status) + " " + view.Error
	}
	for id, held := range w.held {
		out[id] = held.State
	}
	return out
}

// A run that did no work does not continue as new, or it would for ever.
func TestContinueNeedsWork(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 1000 * time.Hour}))
	w := newWorld(t, p)
	w.often = true
	w.run(incident(p)).ended(soar.StatusClosed)
	if w.rounds > 6 {
		t.Errorf("%d histories for one wait", w.rounds)
	}
}

// An update that was done is not done again in the next history, and answers
// the same.
func TestUpdateOnceAcrossHistories(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 10 * time.Hour}))
	w := newWorld(t, p)
	w.often = true
	first := w.at(time.Hour, protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: "seen"})
	pause := w.at(2*time.Hour, protocol.UpdatePause, protocol.Control{Command: by("ana")})
	resume := w.at(3*time.Hour, protocol.UpdateResume, protocol.Control{Command: by("ana")})
	second := w.again(5*time.Hour, first)
	third := w.again(6*time.Hour, pause) // the state would refuse it now
	w.run(incident(p)).ended(soar.StatusClosed)
	if len(w.told(protocol.EventNote)) != 1 || len(w.told(protocol.EventIncidentPaused)) != 1 {
		t.Errorf("done twice:\n%s", w.transcript())
	}
	want := first.reply
	want.Already = true
	if second.reply != want || !third.reply.Already || resume.refused != "" {
		t.Errorf("replies: %+v, %+v", second, third)
	}
}

// The journal's store may be away for hours, while people act and histories
// change: nothing is lost, and no action starts unrecorded.
func TestStoreOfTheRecordIsAway(t *testing.T) {
	t.Parallel()
	p := playbook("one", act("a", "x.a"), wait("w", plan.Wait{For: time.Hour}), act("b", "x.b"))
	w := newWorld(t, p)
	w.often = true
	away := false
	w.journal = func(protocol.JournalBatch) error {
		if away {
			return storeAway()
		}
		return nil
	}
	var during int
	w.look(30*time.Minute, func(protocol.StateView) { w.mu.Lock(); away = true; w.mu.Unlock() })
	w.at(40*time.Minute, protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: "the store is away"})
	w.look(5*time.Hour, func(protocol.StateView) { w.mu.Lock(); during, away = len(w.calls), false; w.mu.Unlock() })
	w.run(incident(p)).ended(soar.StatusClosed)
	if during != 1 || len(w.calls) != 2 {
		t.Errorf("%d calls while the store was away, %d in all", during, len(w.calls))
	}
	if len(w.told(protocol.EventNote)) != 1 || !w.told(protocol.EventNote)[0].At.Equal(start().Add(40*time.Minute)) {
		t.Errorf("the note:\n%s", w.transcript())
	}
	if w.rounds < 5 {
		t.Errorf("%d histories", w.rounds)
	}
}

// What is unwritten when the incident ends is waited for, however long the store
// is away.
func TestEndWaitsForTheRecord(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: time.Hour}), set("s", with("v", 1)))
	w := newWorld(t, p)
	away := false
	w.journal = func(protocol.JournalBatch) error {
		if away {
			return storeAway()
		}
		return nil
	}
	w.look(30*time.Minute, func(protocol.StateView) { w.mu.Lock(); away = true; w.mu.Unlock() })
	w.look(5*time.Hour, func(protocol.StateView) { w.mu.Lock(); away = false; w.mu.Unlock() })
	w.run(incident(p)).ended(soar.StatusClosed)
	if w.elapsed < 5*time.Hour || w.elapsed > 5*time.Hour+2*time.Minute {
		t.Errorf("ended after %s", w.elapsed)
	}
}

// Nobody was there while a step's time ran out: it counts as soon as the walk
// goes on, before anything else starts.
func TestTimeRanOutMeanwhile(t *testing.T) {
	t.Parallel()
	p := playbook("one", block("all", list(wait("w", plan.Wait{For: 30 * time.Minute}), act("a", "x.a")), within(time.Hour)))
	w := newWorld(t, p)
	w.often, w.gap = true, 2*time.Hour
	w.closeAt(48 * time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"all": bad, "all/w": stopped, "all/a": ""})
	if len(w.calls) != 0 {
		t.Error("it started a step after its time")
	}
}

// An answer that is given while the workflow is about to continue as new puts
// that off by one task: what it changed is written in the same history.
func TestAnswersAreLetOut(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: time.Hour}))
	w := newWorld(t, p)
	w.often = true
	written := 0
	w.journal = func(batch protocol.JournalBatch) error {
		for _, event := range batch.Events {
			if event.Kind == protocol.EventReceived {
				written = w.rounds
			}
		}
		return nil
	}
	w.at(500*time.Microsecond, protocol.UpdateEvent, protocol.Event{Command: by("tool"), Name: "now"})
	w.run(incident(p)).ended(soar.StatusClosed)
	if written != 1 {
		t.Errorf("the event was written in history %d", written)
	}
}

// A state that does not fit into a payload keeps the history that it has.
func TestCarryTooLarge(t *testing.T) {
	t.Parallel()
	var steps []*plan.Step
	for n := range 60 {
		steps = append(steps, act(fmt.Sprintf("a%d", n), "x.a"))
	}
	p := playbook("one", append(steps, act("z", "x.z", args("n", "=len(keys(steps))")))...)
	w := newWorld(t, p)
	w.often = true
	noise := noiseText(48 << 10)
	w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		output := map[string]any{}
		for i := range 6 {
			output[fmt.Sprint(i)] = noise(nth*10 + i)[:8000]
		}
		return done(output), nil
	}
	w.run(incident(p)).ended(soar.StatusClosed)
	if len(w.told(protocol.EventStateTooLarge)) == 0 || len(w.calls) != 61 {
		t.Errorf("%d calls, kinds %s", len(w.calls), strings.Join(w.kinds(), " "))
	}
}

// noiseText gives text that does not compress.
func noiseText(size int) func(seed int) string {
	return func(seed int) string {
		var out strings.Builder
		for x := uint64(seed)*2862933555777941757 + 3037000493; out.Len() < size; {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			fmt.Fprintf(&out, "%016x", x)
		}
		return out.String()
	}
}
