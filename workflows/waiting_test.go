package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noCallback(t *testing.T) *testsuite.TestUpdateCallback {
	return &testsuite.TestUpdateCallback{
		OnAccept:   func() {},
		OnReject:   func(err error) { t.Errorf("refused: %v", err) },
		OnComplete: func(any, error) {},
	}
}

func taskID(key string) string { return protocol.DerivedID("TSK-", incidentID, key, 0) }

func answer(key string, values map[string]any) protocol.CompleteTask {
	return protocol.CompleteTask{Command: by("ana"), TaskID: taskID(key), Answer: values}
}

// hand is a change of hands: claimed by ana, given to bob by the lead, or given back.
func hand(key, do string, changes int) protocol.HandTask {
	h := protocol.HandTask{Command: by("ana"), TaskID: taskID(key), Do: do, Holding: soar.Holding{Assignee: soar.Approver{Role: "analyst"}, Changes: changes}}
	at, ana, lead := start(), person("ana"), person("lead")
	switch do {
	case protocol.TaskClaim:
		h.Holding.ClaimedBy, h.Holding.ClaimedAt = &ana, &at
	case protocol.TaskAssign:
		h.Command, h.Reason = by("lead"), "knows the host"
		h.To = &soar.Approver{Person: "bob"}
		h.Holding.Assignee, h.Holding.AssignedBy, h.Holding.AssignedAt = *h.To, &lead, &at
	}
	return h
}

// A task changes hands: whoever has it is told of it, of its due time, and when it is
// taken away; what a later word has overtaken changes nothing.
func TestATaskChangesHands(t *testing.T) {
	t.Parallel()
	asked := json.RawMessage(`{"type": "object", "required": ["seen"], "properties": {"seen": {"type": "boolean"}}}`)
	p := playbook("one", work("ask", plan.Task{Assignee: plan.Who{Role: "analyst"}, DueIn: 2 * time.Hour, Form: asked}), wait("then", plan.Wait{For: 100 * time.Hour}))
	w := newWorld(t, p)
	claimed := w.at(time.Hour, protocol.UpdateHandTask, hand("r1/ask", protocol.TaskClaim, 1))
	w.at(3*time.Hour, protocol.UpdateHandTask, hand("r1/ask", protocol.TaskAssign, 3))
	late := w.at(4*time.Hour, protocol.UpdateHandTask, hand("r1/ask", protocol.TaskRelease, 2))
	unfit := w.at(5*time.Hour, protocol.UpdateCompleteTask, answer("r1/ask", map[string]any{"seen": "yes"}))
	w.at(6*time.Hour, protocol.UpdateCompleteTask, answer("r1/ask", map[string]any{"seen": true}))
	over := w.at(7*time.Hour, protocol.UpdateHandTask, hand("r1/ask", protocol.TaskClaim, 4))
	w.at(8*time.Hour, protocol.UpdateCancel, protocol.Cancel{Command: by("end")})
	w.closeAt(9 * time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed)
	got := w.tasks[taskID("r1/ask")]
	if got.Assignee.Person != "bob" || got.Changes != 3 || got.ClaimedBy != nil || got.Status != soar.TaskDone {
		t.Errorf("got %+v", got)
	}
	if claimed.refused != "" || !strings.Contains(late.reply.Message, "by a later word") || !strings.Contains(unfit.refused, "/seen is of type string, expected boolean") || !strings.Contains(over.refused, "is done") {
		t.Errorf("claimed %q, late %+v %q, unfit %q, over %q", claimed.refused, late.reply, late.refused, unfit.refused, over.refused)
	}
	var told []string
	for _, kind := range []string{"task_assigned", "reminder", "note"} {
		for _, m := range w.sent(kind) {
			told = append(told, kind+" "+m.To[0].Person+string(m.To[0].Role))
		}
	}
	if diff := cmp.Diff([]string{"task_assigned analyst", "task_assigned bob", "reminder ana", "note ana"}, told); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}
}

func TestTask(t *testing.T) {
	t.Parallel()
	for _, row := range []stepRow{
		{name: "done", steps: list(work("ask", plan.Task{}), act("use", "x.y", args("v", "=steps.ask.task.answer.host"))),
			before: func(w *world) {
				w.at(time.Hour, protocol.UpdateCompleteTask, answer("r1/ask", map[string]any{"host": "h"}))
			},
			want: map[string]soar.StepStatus{"ask": ok, "use": ok}},
		{name: "out of time", steps: list(work("ask", plan.Task{}, within(time.Hour))), run: bad, want: map[string]soar.StepStatus{"ask": bad}},
		{name: "cancelled", steps: list(work("ask", plan.Task{})), run: stopped,
			before: func(w *world) { w.at(time.Hour, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")}) },
			want:   map[string]soar.StepStatus{"ask": stopped}},
		{name: "skipped", steps: list(work("ask", plan.Task{}), act("after", "x.y")),
			before: func(w *world) {
				w.at(time.Hour, protocol.UpdateSkipStep, protocol.StepCommand{Command: by("lead"), Key: "r1/ask"})
			},
			want: map[string]soar.StepStatus{"ask": skip, "after": ok}},
		{name: "broken form", steps: list(work("ask", plan.Task{Form: json.RawMessage("[1]")})), run: bad, want: map[string]soar.StepStatus{"ask": bad}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestTaskClocks(t *testing.T) {
	t.Parallel()
	title := lit("Call the owner")
	p := playbook("one", work("ask", plan.Task{
		Title: &title, DueIn: time.Hour, Form: json.RawMessage(`{"type":"object"}`),
		Escalate: []plan.After{{After: 2 * time.Hour, To: plan.Who{Role: "soc_lead"}}},
	}))
	w := newWorld(t, p)
	w.at(3*time.Hour, protocol.UpdateCompleteTask, answer("r1/ask", map[string]any{"n": 1}))
	twice := w.at(3*time.Hour, protocol.UpdateCompleteTask, answer("r1/ask", nil))
	unknown := w.at(time.Minute, protocol.UpdateCompleteTask, protocol.CompleteTask{Command: by("ana"), TaskID: "TSK-X"})
	w.run(incident(p)).ended(soar.StatusClosed)
	due, completed, ana := start().Add(time.Hour), start().Add(3*time.Hour), person("ana")
	want := soar.Task{
		ID: taskID("r1/ask"), IncidentID: incidentID, StepPath: "r1/ask", Title: "Call the owner", Status: soar.TaskDone,
		Assignee: soar.Approver{Role: "analyst"}, Form: map[string]any{"type": "object"}, Answer: map[string]any{"n": json.Number("1")},
		CreatedAt: start(), DueAt: &due, CompletedAt: &completed, CompletedBy: &ana,
	}
	if diff := cmp.Diff(want, w.tasks[want.ID]); diff != "" {
		t.Errorf("task (-want +got):\n%s", diff)
	}
	if len(w.sent("task_assigned")) != 1 || len(w.sent("reminder")) != 1 || len(w.sent("escalation")) != 1 {
		t.Errorf("messages: %+v", w.messages)
	}
	if twice.refused == "" || unknown.refused == "" {
		t.Errorf("answered twice %q, unknown %q", twice.refused, unknown.refused)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	event := func(d time.Duration, name string) func(*world) {
		return func(w *world) {
			w.at(d, protocol.UpdateEvent, protocol.Event{Command: by("tool"), Name: name, Data: map[string]any{"n": 1}})
		}
	}
	for _, row := range []stepRow{
		{name: "for", steps: list(wait("w", plan.Wait{For: 72 * time.Hour}), act("a", "x.y")), want: map[string]soar.StepStatus{"w": ok, "a": ok}},
		{name: "for, out of time", steps: list(wait("w", plan.Wait{For: 72 * time.Hour}, within(time.Hour))), run: bad, want: map[string]soar.StepStatus{"w": bad}},
		{name: "for, skipped", steps: list(wait("w", plan.Wait{For: 72 * time.Hour})),
			before: func(w *world) {
				w.at(time.Hour, protocol.UpdateSkipStep, protocol.StepCommand{Command: by("lead"), Key: "r1/w"})
			}, want: map[string]soar.StepStatus{"w": skip}},
		{name: "event", steps: list(wait("w", plan.Wait{Event: "scanned"}), act("a", "x.y", args("n", "=steps.w.output.data.n"))),
			before: event(time.Hour, "scanned"), want: map[string]soar.StepStatus{"w": ok, "a": ok}},
		{name: "event came before the step", steps: list(wait("v", plan.Wait{For: 2 * time.Hour}), wait("w", plan.Wait{Event: "scanned", Timeout: time.Hour})),
			before: event(time.Hour, "scanned"), want: map[string]soar.StepStatus{"w": ok}},
		{name: "event is taken once", steps: list(wait("v", plan.Wait{Event: "scanned"}), wait("w", plan.Wait{Event: "scanned", Timeout: time.Hour})), run: bad,
			before: event(time.Hour, "scanned"), want: map[string]soar.StepStatus{"v": ok, "w": bad}},
		{name: "event does not come", steps: list(wait("w", plan.Wait{Event: "scanned", Timeout: time.Hour})), run: bad,
			before: event(time.Minute, "other"), want: map[string]soar.StepStatus{"w": bad}},
		{name: "until it is so already", steps: list(wait("w", plan.Wait{Until: expr(`incident.severity == "high"`)})), want: map[string]soar.StepStatus{"w": ok}},
		{name: "until the incident changes", steps: list(wait("w", plan.Wait{Until: expr(`incident.severity == "critical"`)})),
			before: func(w *world) {
				w.at(time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: "low"})
				w.at(2*time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: "critical"})
			}, want: map[string]soar.StepStatus{"w": ok}},
		{name: "until never", steps: list(wait("w", plan.Wait{Until: expr("false"), Timeout: time.Hour})), run: bad, want: map[string]soar.StepStatus{"w": bad}},
		{name: "until does not evaluate", steps: list(wait("w", plan.Wait{Until: expr("alert.nope.nope == 1")})), run: bad, want: map[string]soar.StepStatus{"w": bad}},
		{name: "until another branch got there", steps: list(parallel("side", plan.Parallel{Branches: []plan.NamedBranch{
			arm("a", wait("w", plan.Wait{Until: expr(`steps.late.status == "succeeded"`)})),
			arm("b", wait("v", plan.Wait{For: time.Hour}), act("late", "x.y")),
		}})), want: map[string]soar.StepStatus{"side/a/w": ok, "side": ok}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestObjectives(t *testing.T) {
	t.Parallel()
	policy := protocol.ObjectivePolicy{Name: "objectives", Version: "3", Clocks: map[soar.Severity][]protocol.ObjectiveClock{
		soar.SeverityHigh:     {{Name: "acknowledge", Within: time.Hour}, {Name: "contain", Within: 4 * time.Hour, WarnAt: 0.75}, {Name: "resolve", Within: 24 * time.Hour, WarnAt: 0.5}},
		soar.SeverityCritical: {{Name: "acknowledge", Within: 15 * time.Minute}, {Name: "contain", Within: time.Hour}, {Name: "resolve", Within: 8 * time.Hour}},
	}}
	steps := list(wait("w", plan.Wait{For: 5 * time.Hour}), isolate("iso", "web-1", phase("contain")), wait("v", plan.Wait{For: 5 * time.Hour}))
	rows := []struct {
		name   string
		before func(*world)
		want   []string // kind, hours after the start, objective
	}{
		{"nobody looks", nil, []string{
			"objective.breached 1h0m0s acknowledge", "objective.warning 3h0m0s contain", "objective.breached 4h0m0s contain",
			"objective.met 5h0m0s contain", "objective.met 10h0m0s acknowledge", "objective.met 10h0m0s resolve"}},
		{"acknowledged in time", func(w *world) {
			w.at(30*time.Minute, protocol.UpdateAcknowledge, protocol.Control{Command: by("ana")})
		}, []string{
			"objective.met 30m0s acknowledge", "objective.warning 3h0m0s contain", "objective.breached 4h0m0s contain",
			"objective.met 5h0m0s contain", "objective.met 10h0m0s resolve"}},
		{"any act of a person acknowledges", func(w *world) {
			w.at(20*time.Minute, protocol.UpdateNote, protocol.Note{Command: by("ana"), Text: "looking"})
			w.at(2*time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Status: soar.StatusContained})
		}, []string{"objective.met 20m0s acknowledge", "objective.met 2h0m0s contain", "objective.met 10h0m0s resolve"}},
		{"an added alert does not", func(w *world) {
			w.at(20*time.Minute, protocol.UpdateAddAlert, protocol.AddAlert{Command: by("tool"), Alert: soar.Alert{ID: "A2"}})
		}, []string{
			"objective.breached 1h0m0s acknowledge", "objective.warning 3h0m0s contain", "objective.breached 4h0m0s contain",
			"objective.met 5h0m0s contain", "objective.met 10h0m0s acknowledge", "objective.met 10h0m0s resolve"}},
		{"severity rises", func(w *world) {
			w.at(30*time.Minute, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: soar.SeverityCritical})
		}, []string{
			"objective.met 30m0s acknowledge", "objective.breached 1h0m0s contain", "objective.met 5h0m0s contain",
			"objective.breached 8h0m0s resolve", "objective.met 10h0m0s resolve"}},
		{"severity falls to one without clocks", func(w *world) {
			w.at(30*time.Minute, protocol.UpdateDeclare, protocol.Declare{Command: by("ana"), Severity: soar.SeverityLow})
		}, []string{"objective.met 30m0s acknowledge"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", steps...)
			w := newWorld(t, p)
			if row.before != nil {
				row.before(w)
			}
			input := incident(p)
			input.Policy = policy
			w.run(input).ended(soar.StatusClosed)
			var got []string
			for _, event := range w.events {
				if strings.HasPrefix(event.Kind, "objective.") {
					var o soar.Objective
					if err := json.Unmarshal(event.Data, &o); err != nil {
						t.Fatal(err)
					}
					got = append(got, event.Kind+" "+event.At.Sub(start()).String()+" "+o.Name)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("clocks (-want +got):\n%s", diff)
			}
		})
	}
}
