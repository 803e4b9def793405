package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Every update: taken, refused, and sent twice.
func TestUpdates(t *testing.T) {
	t.Parallel()
	ask := approvalID("r1/side/a/ask", 0)
	digest := boundAt("r1/contain/iso2")
	held := protocol.IdempotencyKey(incidentID, "r1/side/b/iso", "edr.isolate_host", "db-1", 0)
	rows := []struct {
		name    string
		update  string
		payload any
		bad     any
		reply   string
		refusal string
		kind    string // of the event that it writes
	}{
		{"add_alert", protocol.UpdateAddAlert, protocol.AddAlert{Command: by("tool"), Alert: soar.Alert{ID: "A2", Source: "edr", Title: "x"}},
			protocol.AddAlert{}, "alert A2 added", "who gives it", protocol.EventAlertAdded},
		{"note", protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: "hm"}, protocol.Note{Command: by("ana"), Text: " "}, "noted", "empty", protocol.EventNote},
		{"event", protocol.UpdateEvent, protocol.Event{Command: by("tool"), Name: "e"}, protocol.Event{Command: by("tool")}, "event e received", "no name", protocol.EventReceived},
		{"decide", protocol.UpdateDecide,
			protocol.Decide{Command: by("lead"), Decision: soar.Decision{ApprovalID: ask, By: person("lead"), Roles: []soar.Role{"soc_lead"}, Approve: true, Digest: digest}},
			protocol.Decide{Command: by("lead"), Decision: soar.Decision{ApprovalID: ask, By: person("lead"), Roles: []soar.Role{"soc_lead"}, Approve: true}},
			"approval " + ask + " is approved", "other actions", protocol.EventApprovalDecision},
		{"complete_task", protocol.UpdateCompleteTask, answer("r1/side/c/task", nil), protocol.CompleteTask{Command: by("ana"), TaskID: "TSK-"},
			"task " + taskID("r1/side/c/task") + " is done", "no task", protocol.EventTaskDone},
		{"hand_task", protocol.UpdateHandTask, hand("r1/side/c/task", protocol.TaskClaim, 1), protocol.HandTask{Command: by("ana"), TaskID: taskID("r1/side/c/task"), Do: "steal"},
			"ana claimed task " + taskID("r1/side/c/task") + ": task: because", "claimed, assigned or released", protocol.EventTaskAssigned},
		{"declare", protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: "critical", Owner: "ana"}, protocol.Declare{Command: by("ana"), Status: "reported"},
			"changed: severity, owner", "does not go back", protocol.EventIncidentDeclared},
		{"acknowledge", protocol.UpdateAcknowledge, protocol.Control{Command: by("ana")}, protocol.Control{Command: protocol.Command{By: soar.System("x")}},
			"acknowledged at 2026-01-02 09:00 UTC", "only a person", protocol.EventAcknowledged},
		{"pause", protocol.UpdatePause, protocol.Control{Command: by("ana")}, protocol.Control{}, "Paused: no step starts until it is resumed", "who gives it", protocol.EventIncidentPaused},
		{"cancel", protocol.UpdateCancel, protocol.Cancel{Command: by("ana")}, protocol.Cancel{Command: protocol.Command{By: person("ana")}}, "1 run cancelled", "reason", protocol.EventIncidentCancelled},
		{"retry_step", protocol.UpdateRetryStep, protocol.StepCommand{Command: by("ana"), Key: "r1/side/d/broken"}, protocol.StepCommand{Command: by("ana"), Key: "r1/side/c/task"},
			"step r1/side/d/broken is tried again", "only a failed", protocol.EventStepRetried},
		{"skip_step", protocol.UpdateSkipStep, protocol.StepCommand{Command: by("ana"), Key: "r1/side/c/task"}, protocol.StepCommand{Command: by("ana"), Key: "r1/side/b/iso"},
			"step r1/side/c/task is skipped", "is succeeded already", protocol.EventStepSkipped},
		{"mark_done", protocol.UpdateMarkDone, protocol.StepCommand{Command: by("ana"), Key: "r1/side/e/lost"}, protocol.StepCommand{Command: by("ana"), Key: "r1/side/b/iso"},
			"step r1/side/e/lost counts as done", "does not wait", protocol.EventStepResolved},
		{"run_playbook", protocol.UpdateRunPlaybook, protocol.RunPlaybook{Command: by("ana"), Run: protocol.RunPin{Playbook: "more", Digest: more().Digest}},
			protocol.RunPlaybook{Command: by("ana"), Run: protocol.RunPin{Playbook: "more", Digest: "0000"}}, "playbook more started as r2", "no playbook with digest", protocol.EventPlaybookStarted},
		{"release", protocol.UpdateRelease, protocol.Release{Command: by("ana"), ContainmentID: held}, protocol.Release{Command: by("ana"), ContainmentID: "none"},
			"edr.isolate_host on db-1 is being taken back", "no containment", protocol.EventReleased},
		{"extend", protocol.UpdateExtend, protocol.Extend{Command: by("ana"), ContainmentID: held, Until: after(100 * time.Hour)}, protocol.Extend{Command: by("ana"), ContainmentID: "none"},
			"edr.isolate_host on db-1 stays in force until 2026-01-06 12:00 UTC", "no containment", protocol.EventContainmentKept},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, busy(), more())
			w.answer = busyAnswer
			w.often = true // the second time is in another history
			refused := w.at(30*time.Minute, row.update, row.bad)
			before := 0
			w.look(50*time.Minute, func(protocol.StateView) { before = len(w.told(row.kind)) })
			taken := w.at(time.Hour, row.update, row.payload)
			twice := w.again(90*time.Minute, taken)
			w.look(2*time.Hour, func(protocol.StateView) {
				if got := len(w.told(row.kind)) - before; got != 1 {
					t.Errorf("%d events %s\n%s", got, row.kind, w.transcript())
				}
			})
			w.at(3*time.Hour, protocol.UpdateCancel, protocol.Cancel{Command: by("end")})
			w.closeAt(4 * time.Hour)
			w.run(incident(busy())).ended(soar.StatusClosed)
			if taken.reply.Message != row.reply || taken.reply.Already || taken.refused != "" {
				t.Errorf("reply %+v %q, want %q", taken.reply, taken.refused, row.reply)
			}
			if twice.reply.Message != row.reply || !twice.reply.Already {
				t.Errorf("second reply %+v %q", twice.reply, twice.refused)
			}
			if !strings.Contains(refused.refused, row.refusal) {
				t.Errorf("refusal %q, want %q in it", refused.refused, row.refusal)
			}
		})
	}
}

func boundAt(key string) string {
	digest, err := protocol.BoundDigest(busy().Digest, []soar.BoundAction{{StepPath: key, Action: "edr.isolate_host", Args: map[string]any{"host": "web-1"}}})
	if err != nil {
		panic(err)
	}
	return digest
}

func after(d time.Duration) *time.Time { at := start().Add(d); return &at }

func more() *plan.Plan { return playbook("more", act("m", "x.m")) }

// busy has something of everything waiting at the same time.
func busy() *plan.Plan {
	return playbook("busy",
		parallel("side", plan.Parallel{OnError: "wait", Branches: []plan.NamedBranch{
			arm("a", approval("ask", plan.Approval{Bind: []string{"contain"}, ExpiresIn: 1000 * time.Hour})),
			arm("b", isolate("iso", "db-1", expires(50*time.Hour)), wait("w", plan.Wait{For: 900 * time.Hour})),
			arm("c", work("task", plan.Task{})),
			arm("d", act("broken", "x.broken")),
			arm("e", isolate("lost", "lost-1")),
		}}),
		block("contain", list(isolate("iso2", "web-1"))),
	)
}

func busyAnswer(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
	switch {
	case r.Action == "broken" && nth == 1:
		return broken("it broke"), nil
	case r.Target == "lost-1":
		return unclear("lost"), nil
	default:
		return done(nil), nil
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		resolution soar.Resolution
		status     soar.IncidentStatus
	}{{soar.ResolutionResolved, soar.StatusClosed}, {soar.ResolutionFalsePositive, soar.StatusNotIncident}, {soar.ResolutionDuplicate, soar.StatusNotIncident}} {
		t.Run(string(row.resolution), func(t *testing.T) {
			t.Parallel()
			p := playbook("one", wait("w", plan.Wait{For: 2 * time.Hour}))
			w := newWorld(t, p)
			input := incident(p)
			input.Settings.AutoClose = false
			closing := protocol.Close{Command: by("lead"), Resolution: row.resolution}
			early := w.at(time.Hour, protocol.UpdateClose, closing)
			odd := w.at(3*time.Hour, protocol.UpdateClose, protocol.Close{Command: by("lead"), Resolution: "whatever"})
			mute := w.at(3*time.Hour, protocol.UpdateClose, protocol.Close{Command: protocol.Command{By: person("lead")}, Resolution: row.resolution})
			w.at(4*time.Hour, protocol.UpdateClose, closing)
			w.run(input).ended(row.status)
			if !strings.Contains(early.refused, "1 run not ended") || odd.refused == "" || mute.refused == "" {
				t.Errorf("refused: %q %q %q", early.refused, odd.refused, mute.refused)
			}
			if w.result.Resolution != row.resolution || w.views.Incident.Reason != "because" || w.views.Incident.ClosedAt == nil {
				t.Errorf("result %+v, incident %+v", w.result, w.views.Incident)
			}
		})
	}
}

// A closed incident keeps its workflow until what has a clock is released, and
// takes hardly any command.
func TestClosedWithContainments(t *testing.T) {
	t.Parallel()
	p := playbook("one", isolate("a", "h1", expires(24*time.Hour)), isolate("b", "h2", expires(48*time.Hour)), isolate("c", "h3"), closing("end", "false_positive"))
	w := newWorld(t, p)
	id := protocol.IdempotencyKey(incidentID, "r1/b", "edr.isolate_host", "h2", 0)
	refused := w.at(time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Owner: "ana"})
	noted := w.at(time.Hour, protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: "why?"})
	w.at(2*time.Hour, protocol.UpdateRelease, protocol.Release{Command: by("ana"), ContainmentID: id})
	w.run(incident(p)).ended(soar.StatusNotIncident)
	if w.elapsed != 24*time.Hour {
		t.Errorf("ended after %s", w.elapsed)
	}
	if !strings.Contains(refused.refused, "not_an_incident") || noted.reply.Message == "" {
		t.Errorf("declare %q, note %+v", refused.refused, noted)
	}
	states := map[string]string{}
	for _, held := range w.held {
		states[held.Target] = held.State
	}
	if diff := cmp.Diff(map[string]string{"h1": "released", "h2": "released", "h3": "active"}, states); diff != "" {
		t.Errorf("containments (-want +got):\n%s", diff)
	}
	if note := w.sent("note"); len(note) != 1 || !note[0].Urgent || strings.Count(note[0].Body, "\n") != 2 {
		t.Errorf("note: %+v", note)
	}
}

func TestReleaseFails(t *testing.T) {
	t.Parallel()
	p := playbook("one", isolate("a", "h1", expires(time.Hour)))
	w := newWorld(t, p)
	w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		if r.Action == "release_host" && nth == 1 {
			return broken("agent is off"), nil
		}
		return done(nil), nil
	}
	input := incident(p)
	input.Settings.AutoClose = false
	w.at(5*time.Hour, protocol.UpdateRelease, protocol.Release{Command: by("ana"), ContainmentID: protocol.IdempotencyKey(incidentID, "r1/a", "edr.isolate_host", "h1", 0)})
	w.closeAt(6 * time.Hour)
	w.run(input).ended(soar.StatusClosed)
	failed, released := w.told(protocol.EventReleaseFailed), w.told(protocol.EventReleased)
	if len(failed) != 1 || !failed[0].At.Equal(start().Add(time.Hour)) || len(released) != 1 || !released[0].At.Equal(start().Add(5*time.Hour)) {
		t.Errorf("failed %v, released %v", failed, released)
	}
	if len(w.sent("needs_decision")) != 1 || w.calls[1].Key == w.calls[2].Key || w.calls[1].Undoes != w.calls[0].Key {
		t.Errorf("messages %v\ncalls %v", w.messages, w.calls)
	}
}

// An undo is tried patiently, and its clock waits while the incident is paused.
func TestReleaseByTheClock(t *testing.T) {
	t.Parallel()
	p := playbook("one", isolate("a", "h1", expires(time.Hour)), wait("w", plan.Wait{For: 10 * time.Hour}))
	w := newWorld(t, p)
	w.answer = func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		if r.Action == "release_host" && nth < 6 {
			return protocol.ActionResult{}, transient("busy")
		}
		return done(nil), nil
	}
	w.at(30*time.Minute, protocol.UpdatePause, protocol.Control{Command: by("ana")})
	w.at(3*time.Hour, protocol.UpdateResume, protocol.Control{Command: by("ana")})
	w.run(incident(p)).ended(soar.StatusClosed)
	released := w.told(protocol.EventReleased)
	if len(released) != 1 || released[0].At.Sub(start()) < 3*time.Hour || released[0].At.Sub(start()) > 4*time.Hour {
		t.Errorf("released %v", released)
	}
	if len(w.told(protocol.EventReleaseFailed)) != 0 {
		t.Error("given up too early")
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	p := playbook("one", isolate("a", "h1", expires(time.Hour)))
	w := newWorld(t, p)
	id := protocol.IdempotencyKey(incidentID, "r1/a", "edr.isolate_host", "h1", 0)
	w.at(30*time.Minute, protocol.UpdateExtend, protocol.Extend{Command: by("ana"), ContainmentID: id, Until: after(10 * time.Hour)})
	never := w.at(time.Hour, protocol.UpdateExtend, protocol.Extend{Command: by("ana"), ContainmentID: id})
	w.run(incident(p)).ended(soar.StatusClosed)
	if w.elapsed != 10*time.Hour || !strings.Contains(never.refused, "closed") {
		t.Errorf("ended after %s; refused %q", w.elapsed, never.refused)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: time.Hour}), declare("d", with("owner", "zoe")), act("a", "x.a"), set("s", with("v", 1)))
	w := newWorld(t, p)
	w.at(30*time.Minute, protocol.UpdatePause, protocol.Control{Command: by("ana")})
	again := w.at(40*time.Minute, protocol.UpdatePause, protocol.Control{Command: by("ana")})
	w.look(5*time.Hour, func(view protocol.StateView) {
		if len(w.calls) != 0 || !view.Incident.Paused || view.Incident.Owner != "" {
			t.Errorf("while paused: %d calls, %+v", len(w.calls), view.Incident)
		}
	})
	w.at(6*time.Hour, protocol.UpdateResume, protocol.Control{Command: by("ana")})
	idle := w.at(30*time.Minute-time.Second, protocol.UpdateResume, protocol.Control{Command: by("ana")})
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"a": ok, "s": ok})
	if again.refused == "" || idle.refused == "" {
		t.Errorf("pause twice %q, resume what runs %q", again.refused, idle.refused)
	}
	if w.elapsed < 6*time.Hour {
		t.Errorf("ended after %s", w.elapsed)
	}
}

// A retry lets the run go on that had failed, with the steps around the failed
// one, and without what had succeeded.
func TestRetry(t *testing.T) {
	t.Parallel()
	flaky := func(r protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
		if r.Action == "flaky" && nth == 1 {
			return broken("once"), nil
		}
		return done(nil), nil
	}
	child := playbook("child", act("c1", "x.c1"), block("deep", list(act("f", "x.flaky"))))
	rows := []struct {
		name  string
		steps []*plan.Step
		key   string
		skip  bool
		want  map[string]soar.StepStatus
		calls []string
		at    time.Duration
		live  bool
	}{
		{name: "in a block", key: "r1/all/f", steps: list(block("all", list(act("a", "x.a"), act("f", "x.flaky"), act("b", "x.b"))), act("c", "x.c")),
			want: map[string]soar.StepStatus{"all": ok, "all/f": ok, "c": ok}, calls: []string{"x.a", "x.flaky", "x.flaky", "x.b", "x.c"}},
		{name: "the block itself", key: "r1/all", steps: list(block("all", list(act("a", "x.a"), act("f", "x.flaky")))),
			want: map[string]soar.StepStatus{"all": ok, "all/f": ok}, calls: []string{"x.a", "x.flaky", "x.flaky"}},
		{name: "in a switch", key: "r1/pick/0/f", steps: list(branches("pick", []plan.Branch{{When: expr("true"), Steps: list(act("f", "x.flaky"))}})),
			want: map[string]soar.StepStatus{"pick": ok, "pick/0/f": ok}, calls: []string{"x.flaky", "x.flaky"}},
		{name: "in a loop", key: "r1/each[0]/f", steps: list(forEach("each", "alert.urls", "u", 1, list(act("f", "x.flaky"), act("g", "x.g")))),
			want: map[string]soar.StepStatus{"each": ok}, calls: []string{"x.flaky", "x.flaky", "x.g", "x.flaky", "x.g"}},
		{name: "in a repeat", key: "r1/poll[0]/f", steps: list(repeat("poll", "true", 0, 3, list(act("f", "x.flaky")))),
			want: map[string]soar.StepStatus{"poll": ok}, calls: []string{"x.flaky", "x.flaky"}},
		{name: "in a called playbook", key: "r2/deep/f", steps: list(block("all", list(call("sub", child, nil))), act("z", "x.z")),
			want: map[string]soar.StepStatus{"all/sub": ok, "z": ok}, calls: []string{"x.c1", "x.flaky", "x.flaky", "x.z"}},
		{name: "the call", key: "r1/all/sub", steps: list(block("all", list(call("sub", child, nil))), act("z", "x.z")),
			want: map[string]soar.StepStatus{"all/sub": ok, "z": ok}, calls: []string{"x.c1", "x.flaky", "x.flaky", "x.z"}},
		{name: "with what was cut off beside it", key: "r1/side/a/f", steps: list(parallel("side", plan.Parallel{OnError: "cancel", Branches: []plan.NamedBranch{
			arm("a", act("f", "x.flaky")), arm("b", act("g", "x.g"), wait("w", plan.Wait{For: time.Minute}), act("h", "x.h")),
		}})), want: map[string]soar.StepStatus{"side": ok, "side/b/w": ok, "side/b/h": ok}},
		{name: "with the always step", key: "r1/f", steps: list(act("f", "x.flaky"), act("last", "x.last", always())),
			want: map[string]soar.StepStatus{"f": ok, "last": ok}, calls: []string{"x.flaky", "x.last", "x.flaky", "x.last"}},
		{name: "not the always step that ran anyway", key: "r1/f", steps: list(act("f", "x.flaky", onFailure(plan.OnFailureContinue)), act("last", "x.last", always()), wait("w", plan.Wait{For: 9 * time.Hour})),
			want: map[string]soar.StepStatus{"f": ok, "last": ok}, calls: []string{"x.flaky", "x.last", "x.flaky"}},
		{name: "while the run goes on", key: "r1/side/a/f", live: true, steps: list(parallel("side", plan.Parallel{OnError: "wait", Branches: []plan.NamedBranch{
			arm("a", act("f", "x.flaky"), act("g", "x.g")), arm("b", wait("w", plan.Wait{For: 9 * time.Hour}), act("h", "x.h")),
		}})), want: map[string]soar.StepStatus{"side": ok, "side/a/g": ok, "side/b/h": ok}, calls: []string{"x.flaky", "x.flaky", "x.g", "x.h"}},
		{name: "skipped instead", key: "r1/all/f", skip: true, steps: list(block("all", list(act("f", "x.flaky"), act("b", "x.b"))), act("c", "x.c")),
			want: map[string]soar.StepStatus{"all": ok, "all/f": skip, "c": ok}, calls: []string{"x.flaky", "x.b", "x.c"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", row.steps...)
			w := newWorld(t, p, child)
			w.answer = flaky
			update := protocol.UpdateRetryStep
			if row.skip {
				update = protocol.UpdateSkipStep
			}
			sent := w.at(time.Hour, update, protocol.StepCommand{Command: by("ana"), Key: row.key})
			w.run(incident(p)).ended(soar.StatusClosed).expect(row.want)
			if row.calls != nil {
				if diff := cmp.Diff(row.calls, w.called()); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			}
			keys := map[string]bool{}
			for _, call := range w.calls {
				if keys[call.Key] {
					t.Errorf("key of %s used twice", call.StepKey)
				}
				keys[call.Key] = true
			}
			if sent.refused != "" || w.runs["r1"].Status != ok {
				t.Errorf("refused %q, run %+v", sent.refused, w.runs["r1"])
			}
			if t.Failed() {
				t.Log(w.transcript())
			}
		})
	}
}

func TestMatchMore(t *testing.T) {
	t.Parallel()
	p, extra := playbook("one", wait("w", plan.Wait{For: 10 * time.Hour})), more()
	w := newWorld(t, p, extra)
	var asked []string
	w.match = func(r protocol.MatchRequest) protocol.MatchResult {
		asked = append(asked, fmt.Sprint(r.Incident.Severity, " ", r.Alert.ID, " ", r.Already))
		if r.Incident.Severity != soar.SeverityCritical {
			return protocol.MatchResult{}
		}
		return protocol.MatchResult{Runs: []protocol.RunPin{{Playbook: "more", Digest: extra.Digest}, {Playbook: "one", Digest: p.Digest}}}
	}
	w.at(time.Hour, protocol.UpdateAddAlert, protocol.AddAlert{Command: by("tool"), Alert: soar.Alert{ID: "A2"}})
	w.at(2*time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Owner: "ana"})
	w.at(3*time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: soar.SeverityCritical})
	w.run(incident(p)).ended(soar.StatusClosed)
	if diff := cmp.Diff([]string{"high A2 [one]", "critical ALR-1 [one]"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if len(w.runs) != 2 || w.runs["r2"].Playbook != "more" || w.runs["r2"].Status != ok {
		t.Errorf("runs: %+v", w.runs)
	}
}

func TestRunByName(t *testing.T) {
	t.Parallel()
	p, extra := playbook("one", wait("w", plan.Wait{For: 10 * time.Hour})), more()
	for name, pin := range map[string]func(protocol.PinRequest) (protocol.RunPin, error){
		"pinned": func(protocol.PinRequest) (protocol.RunPin, error) {
			return protocol.RunPin{Digest: extra.Digest, Version: "2.0.0"}, nil
		},
		"unknown": func(protocol.PinRequest) (protocol.RunPin, error) { return protocol.RunPin{}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p, extra)
			w.pin = pin
			w.at(time.Hour, protocol.UpdateRunPlaybook, protocol.RunPlaybook{Command: by("ana"), Run: protocol.RunPin{Playbook: "more"}})
			w.closeAt(20 * time.Hour)
			w.run(incident(p)).ended(soar.StatusClosed)
			if want := map[string]soar.StepStatus{"pinned": ok, "unknown": bad}[name]; w.runs["r2"].Status != want {
				t.Errorf("run: %+v", w.runs["r2"])
			}
		})
	}
}

// Cancelling the workflow from Temporal's side cancels the runs and leaves the
// incident to people.
func TestCancelFromTemporal(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 10 * time.Hour}), act("last", "x.last", always()))
	w := newWorld(t, p)
	w.acts = append(w.acts, &act2{at: time.Hour, special: func(env *testsuite.TestWorkflowEnvironment) { env.CancelWorkflow() }})
	w.closeAt(2 * time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"w": stopped, "last": ok})
	if got := w.told(protocol.EventIncidentCancelled); len(got) != 1 || got[0].By != soar.System("temporal") {
		t.Errorf("events: %v", got)
	}
}

// A plan that cannot be had stops the workflow task, not the incident.
func TestPlanMissing(t *testing.T) {
	t.Parallel()
	p := playbook("one", act("a", "x.a"))
	w := newWorld(t)
	w.run(incident(p))
	if w.err == nil || !strings.Contains(w.err.Error(), "cannot be read; the incident waits until it can") {
		t.Errorf("error: %v", w.err)
	}
}

func TestCommandTooLarge(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: time.Hour}))
	w := newWorld(t, p)
	big := w.at(time.Minute, protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: strings.Repeat("x", 70<<10)})
	w.run(incident(p)).ended(soar.StatusClosed)
	if !strings.Contains(big.refused, "too large") {
		t.Errorf("refused %q", big.refused)
	}
}
