package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const (
	ok       = soar.StepSucceeded
	bad      = soar.StepFailed
	skip     = soar.StepSkipped
	stopped  = soar.StepCancelled
	undone   = soar.StepCompensated
	approved = soar.StepApproved
)

// stepRow is one playbook with what must come of it.
type stepRow struct {
	name   string
	steps  []*plan.Step
	fail   []string // actions that fail
	before func(*world)
	want   map[string]soar.StepStatus
	calls  []string
	run    soar.StepStatus // of r1; default succeeded
}

func (row stepRow) test(t *testing.T) {
	t.Parallel()
	p := playbook("one", row.steps...)
	w := newWorld(t, p)
	w.answer = failOn(row.fail...)
	if row.before != nil {
		row.before(w)
	}
	if row.run == "" {
		row.run = ok
	}
	if row.run != ok {
		w.closeAt(100 * time.Hour)
	}
	w.run(incident(p)).ended(soar.StatusClosed).expect(row.want)
	if got := w.runs["r1"].Status; got != row.run {
		t.Errorf("run is %q (%s), want %q", got, w.runs["r1"].Error, row.run)
	}
	if row.calls != nil {
		if diff := cmp.Diff(row.calls, w.called()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	}
	if t.Failed() {
		t.Log(w.transcript())
	}
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	pick := func(source string) *plan.Step {
		return branches("pick", []plan.Branch{
			{When: expr(source), Steps: list(act("first", "x.first"))},
			{Steps: list(act("other", "x.other"))},
		})
	}
	for _, row := range []stepRow{
		{name: "first branch", steps: list(pick(`alert.source == "wazuh"`)),
			want: map[string]soar.StepStatus{"pick": ok, "pick/0/first": ok, "pick/1/other": ""}},
		{name: "else", steps: list(pick(`alert.source == "x"`)),
			want: map[string]soar.StepStatus{"pick": ok, "pick/0/first": "", "pick/1/other": ok}},
		{name: "no branch fits", steps: list(branches("pick", []plan.Branch{{When: expr("false"), Steps: list(act("a", "x.y"))}})),
			want: map[string]soar.StepStatus{"pick": ok}},
		{name: "condition fails", steps: list(pick(`alert.nope.nope == 1`), act("after", "x.y")), run: bad,
			want: map[string]soar.StepStatus{"pick": bad, "after": ""}},
		{name: "step in it fails", steps: list(pick("true")), fail: []string{"x.first"}, run: bad,
			want: map[string]soar.StepStatus{"pick": bad, "pick/0/first": bad}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	two := list(act("a", "x.a"), act("b", "x.b"))
	for _, row := range []stepRow{
		{name: "when is not met", steps: list(block("all", two, when("false")), act("after", "x.c")),
			want: map[string]soar.StepStatus{"all": skip, "all/a": "", "after": ok}},
		{name: "skip_when is met", steps: list(block("all", two, skipWhen("true"))),
			want: map[string]soar.StepStatus{"all": skip, "all/a": ""}},
		{name: "failure ends the block and the run", steps: list(block("all", two), act("after", "x.c")), fail: []string{"x.a"}, run: bad,
			want: map[string]soar.StepStatus{"all": bad, "all/a": bad, "all/b": "", "after": ""}},
		{name: "continue goes on", steps: list(act("a", "x.a", onFailure(plan.OnFailureContinue)), act("b", "x.b", when(`steps.a.status == "failed"`))), fail: []string{"x.a"},
			want: map[string]soar.StepStatus{"a": bad, "b": ok}},
		{name: "always runs after a failure", steps: list(act("a", "x.a"), act("b", "x.b"), act("c", "x.c", always())), fail: []string{"x.a"}, run: bad,
			want: map[string]soar.StepStatus{"a": bad, "b": "", "c": ok}},
		{name: "always runs after a cancel", steps: list(wait("w", plan.Wait{For: time.Hour}), act("c", "x.c", always())), run: stopped,
			before: func(w *world) { w.at(time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")}) },
			want:   map[string]soar.StepStatus{"w": stopped, "c": ok}},
		{name: "block runs out of time", steps: list(block("all", list(wait("w", plan.Wait{For: time.Hour}), act("b", "x.b")), within(time.Minute))), run: bad,
			want: map[string]soar.StepStatus{"all": bad, "all/w": stopped, "all/b": ""}},
		{name: "fail ends the run with its reason", steps: list(block("all", list(failing("f", "no good"), act("b", "x.b")), onFailure(plan.OnFailureContinue)), act("after", "x.c"), act("last", "x.l", always())), run: bad,
			want: map[string]soar.StepStatus{"all": bad, "all/f": bad, "all/b": "", "after": "", "last": ok}},
		{name: "close ends the run well", steps: list(block("all", list(closing("f", "resolved"), act("b", "x.b"))), act("after", "x.c"), act("last", "x.l", always())),
			want: map[string]soar.StepStatus{"all": ok, "all/f": ok, "all/b": "", "after": "", "last": ok}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestCompensation(t *testing.T) {
	t.Parallel()
	contain := func(on plan.OnFailure) *plan.Step {
		return block("all", list(isolate("a", "one"), isolate("b", "two"), act("c", "x.c")), onFailure(on))
	}
	for _, row := range []stepRow{
		{name: "last in, first out", steps: list(contain(plan.OnFailureCompensate)), fail: []string{"x.c"}, run: bad,
			calls: []string{"edr.isolate_host", "edr.isolate_host", "x.c", "edr.release_host", "edr.release_host"},
			want:  map[string]soar.StepStatus{"all": bad, "all/a": undone, "all/b": undone, "all/c": bad}},
		{name: "not without being told", steps: list(contain(plan.OnFailureFail)), fail: []string{"x.c"}, run: bad,
			want: map[string]soar.StepStatus{"all": bad, "all/a": ok, "all/b": ok}},
		{name: "not when it went well", steps: list(contain(plan.OnFailureCompensate)),
			want: map[string]soar.StepStatus{"all": ok, "all/a": ok, "all/b": ok, "all/c": ok}},
		{name: "an undo that fails does not stop the others", steps: list(contain(plan.OnFailureCompensate)), fail: []string{"x.c", "edr.release_host"}, run: bad,
			want: map[string]soar.StepStatus{"all": bad, "all/a": ok, "all/b": ok}},
	} {
		t.Run(row.name, row.test)
	}
	t.Run("order of the targets", func(t *testing.T) {
		t.Parallel()
		p := playbook("one", contain(plan.OnFailureCompensate))
		w := newWorld(t, p)
		w.answer = failOn("x.c")
		w.closeAt(time.Hour)
		w.run(incident(p)).ended(soar.StatusClosed)
		if first, second := w.calls[3].Target, w.calls[4].Target; first != "two" || second != "one" {
			t.Errorf("undone %s, then %s", first, second)
		}
		if w.calls[3].Undoes != w.calls[1].Key {
			t.Error("the undo does not name what it takes back")
		}
	})
}

func TestParallel(t *testing.T) {
	t.Parallel()
	three := func(p plan.Parallel, options ...option) *plan.Step {
		p.Branches = []plan.NamedBranch{arm("a", act("one", "x.a")), arm("b", wait("w", plan.Wait{For: time.Hour}), act("two", "x.b")), arm("c", act("three", "x.c"))}
		return parallel("side", p, options...)
	}
	for _, row := range []stepRow{
		{name: "all", steps: list(three(plan.Parallel{OnError: "wait"})),
			want: map[string]soar.StepStatus{"side": ok, "side/a/one": ok, "side/b/two": ok, "side/c/three": ok}},
		{name: "one fails, the others go on", steps: list(three(plan.Parallel{OnError: "wait"})), fail: []string{"x.a"}, run: bad,
			want: map[string]soar.StepStatus{"side": bad, "side/a/one": bad, "side/b/two": ok, "side/c/three": ok}},
		{name: "one fails, the others are cancelled", steps: list(three(plan.Parallel{OnError: "cancel"})), fail: []string{"x.a"}, run: bad,
			want: map[string]soar.StepStatus{"side": bad, "side/a/one": bad, "side/b/w": stopped, "side/b/two": ""}},
		{name: "any", steps: list(three(plan.Parallel{Join: 1, OnError: "wait"})), fail: []string{"x.a"},
			want: map[string]soar.StepStatus{"side": ok, "side/a/one": bad, "side/b/w": stopped, "side/c/three": ok}},
		{name: "two of three", steps: list(three(plan.Parallel{Join: 2, OnError: "wait"})), fail: []string{"x.a"},
			want: map[string]soar.StepStatus{"side": ok, "side/a/one": bad, "side/b/two": ok, "side/c/three": ok}},
		{name: "too many fail for two", steps: list(three(plan.Parallel{Join: 2, OnError: "cancel"})), fail: []string{"x.a", "x.c"}, run: bad,
			want: map[string]soar.StepStatus{"side": bad, "side/b/w": stopped}},
		{name: "out of time", steps: list(three(plan.Parallel{OnError: "wait"}, within(time.Minute))), run: bad,
			want: map[string]soar.StepStatus{"side": bad, "side/a/one": ok, "side/b/w": stopped}},
		{name: "cancelled", steps: list(three(plan.Parallel{OnError: "wait"})), run: stopped,
			before: func(w *world) { w.at(time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")}) },
			want:   map[string]soar.StepStatus{"side": stopped, "side/a/one": ok, "side/b/w": stopped}},
		{name: "a branch fails the run on purpose", run: bad,
			steps: list(parallel("side", plan.Parallel{OnError: "wait", Branches: []plan.NamedBranch{
				arm("a", wait("w", plan.Wait{For: time.Hour})), arm("b", failing("end", "no")),
			}})),
			want: map[string]soar.StepStatus{"side": bad, "side/a/w": stopped, "side/b/end": bad}},
		{name: "a branch closes the incident", run: ok,
			steps: list(parallel("side", plan.Parallel{Branches: []plan.NamedBranch{
				arm("a", wait("w", plan.Wait{For: time.Hour})), arm("b", closing("end", "resolved")),
			}})),
			want: map[string]soar.StepStatus{"side": ok, "side/a/w": stopped, "side/b/end": ok}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestForEach(t *testing.T) {
	t.Parallel()
	loop := func(options ...option) *plan.Step {
		return forEach("each", "alert.urls", "link", 1, list(act("check", "intel.url_report", args("url", "=link"))), options...)
	}
	long := forEach("each", `["a", "b", "c"]`, "x", 2, list(act("check", "x.y", args("v", "=x"))))
	long.ForEach.MaxItems = 2
	for _, row := range []stepRow{
		{name: "each element", steps: list(loop()), want: map[string]soar.StepStatus{"each": ok, "each[0]/check": ok, "each[1]/check": ok}},
		{name: "nothing to do", steps: list(forEach("each", "[]", "x", 1, list(act("a", "x.y")))), want: map[string]soar.StepStatus{"each": ok}},
		{name: "not a list", steps: list(forEach("each", "alert.title", "x", 1, list(act("a", "x.y")))), run: bad, want: map[string]soar.StepStatus{"each": bad}},
		{name: "too long", steps: list(long), run: bad, want: map[string]soar.StepStatus{"each": bad, "each[0]/check": ""}},
		{name: "one fails, all get their turn", steps: list(loop()), run: bad,
			before: func(w *world) {
				w.answer = func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
					if nth == 1 {
						return broken("first"), nil
					}
					return done(nil), nil
				}
			},
			want: map[string]soar.StepStatus{"each": bad, "each[0]/check": bad, "each[1]/check": ok}},
		{name: "cancelled", run: stopped, steps: list(forEach("each", "alert.urls", "link", 1, list(wait("w", plan.Wait{For: time.Hour})))),
			before: func(w *world) { w.at(time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")}) },
			want:   map[string]soar.StepStatus{"each": stopped, "each[0]/w": stopped, "each[1]/w": ""}},
		{name: "out of time", run: bad, steps: list(forEach("each", "alert.urls", "link", 2, list(wait("w", plan.Wait{For: time.Hour})), within(time.Minute))),
			want: map[string]soar.StepStatus{"each": bad, "each[0]/w": stopped, "each[1]/w": stopped}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestForEachItems(t *testing.T) {
	t.Parallel()
	single := forEach("each", "alert.urls", "link", 2, list(act("look", "intel.url_report", args("url", "=link"))))
	single.ForEach.Single = true
	p := playbook("one", single,
		forEach("blocks", "alert.urls", "link", 2, list(act("ask", "intel.url_report", args("url", "=link")))),
		set("sums", with(
			"worst", "=max(map(steps.each.items, .output.malicious))",
			"second", "=steps.blocks.items[1].steps.ask.output.malicious",
			"item", "=steps.each.items[1].item",
		)),
		act("tell", "notify.send", args("worst", "=vars.worst", "second", "=vars.second", "item", "=vars.item")),
	)
	w := newWorld(t, p)
	w.answer = func(r protocol.ActionRequest, _ int) (protocol.ActionResult, error) {
		if r.Args["url"] == "https://b.invalid" {
			return done(map[string]any{"malicious": 7}), nil
		}
		return done(map[string]any{"malicious": 2}), nil
	}
	w.run(incident(p)).ended(soar.StatusClosed)
	want := map[string]any{"worst": 7.0, "second": 7.0, "item": "https://b.invalid"}
	if diff := cmp.Diff(want, w.calls[len(w.calls)-1].Args); diff != "" {
		t.Errorf("what expressions saw of the loops (-want +got):\n%s\n%s", diff, w.transcript())
	}
}

// No more iterations are in flight than the narrower of max_parallel and the
// window of the settings.
func TestForEachWindow(t *testing.T) {
	t.Parallel()
	p := playbook("one", forEach("each", `["a","b","c","d","e","f","g"]`, "x", 5, list(act("check", "x.slow", args("v", "=x")))))
	w := newWorld(t, p)
	w.delays["x.slow"] = 10 * time.Second
	input := incident(p)
	input.Settings.ForEachWindow = 3
	for n := range 3 {
		w.look(time.Duration(n)*10*time.Second+5*time.Second, func(view protocol.StateView) {
			running := 0
			for _, s := range view.Runs[0].Steps {
				if s.Kind == "action" && s.Status == soar.StepRunning {
					running++
				}
			}
			if want := min(3, 7-3*n); running != want {
				t.Errorf("round %d: %d in flight, want %d", n, running, want)
			}
		})
	}
	w.run(input).ended(soar.StatusClosed)
	if len(w.calls) != 7 {
		t.Errorf("%d calls", len(w.calls))
	}
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	poll := func(most int, options ...option) *plan.Step {
		return repeat("poll", "steps.look.output.ready", 10*time.Minute, most, list(act("look", "edr.host_info")), options...)
	}
	ready := func(after int) func(*world) {
		return func(w *world) {
			w.answer = func(_ protocol.ActionRequest, nth int) (protocol.ActionResult, error) {
				return done(map[string]any{"ready": nth >= after}), nil
			}
		}
	}
	for _, row := range []stepRow{
		{name: "until it is so", steps: list(poll(5)), before: ready(3), want: map[string]soar.StepStatus{"poll": ok}, calls: []string{"edr.host_info", "edr.host_info", "edr.host_info"}},
		{name: "never so", steps: list(poll(2)), before: ready(9), run: bad, want: map[string]soar.StepStatus{"poll": bad}, calls: []string{"edr.host_info", "edr.host_info"}},
		{name: "body fails", steps: list(poll(5)), fail: []string{"edr.host_info"}, run: bad, want: map[string]soar.StepStatus{"poll": bad, "poll[0]/look": bad}},
		{name: "until does not evaluate", steps: list(repeat("poll", "steps.look.output.nope > 1", 0, 3, list(act("look", "x.y")))), run: bad, want: map[string]soar.StepStatus{"poll": bad}},
		{name: "out of time", steps: list(poll(50, within(25*time.Minute))), before: ready(9), run: bad, want: map[string]soar.StepStatus{"poll": bad}, calls: []string{"edr.host_info", "edr.host_info", "edr.host_info"}},
		{name: "cancelled in a pause", steps: list(poll(50)), run: stopped,
			before: func(w *world) {
				ready(9)(w)
				w.at(15*time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")})
			},
			want: map[string]soar.StepStatus{"poll": stopped}, calls: []string{"edr.host_info", "edr.host_info"}},
	} {
		t.Run(row.name, row.test)
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	inner := func(steps ...*plan.Step) *plan.Plan {
		p := playbook("inner", steps...)
		p.Inputs = []plan.Input{{Name: "host", Required: true}, {Name: "level", Default: &plan.Value{Kind: "expr", Expr: expr(`input.host + "-" + incident.severity`)}}}
		return seal(p)
	}
	rows := []struct {
		name   string
		child  *plan.Plan
		with   []plan.Field
		fail   []string
		status soar.StepStatus
		child2 soar.StepStatus
		args   map[string]any
		ends   soar.IncidentStatus
	}{
		{name: "ok", with: with("host", "=alert.host.name"), status: ok, child2: ok, ends: soar.StatusClosed,
			child: inner(act("look", "x.look", args("l", "=input.level")), set("out", with("answer", "=input.level"))), args: map[string]any{"l": "web-1-high"}},
		{name: "child fails", with: with("host", "h"), status: bad, child2: bad, fail: []string{"x.look"}, ends: soar.StatusClosed,
			child: inner(act("look", "x.look"))},
		{name: "input missing", status: bad, child2: bad, ends: soar.StatusClosed, child: inner(act("look", "x.look"))},
		{name: "child fails on purpose", with: with("host", "h"), status: bad, child2: bad, ends: soar.StatusClosed, child: inner(failing("f", "no"))},
		{name: "child closes the incident", with: with("host", "h"), status: ok, child2: ok, ends: soar.StatusNotIncident, child: inner(closing("c", "false_positive"))},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := playbook("outer", call("sub", row.child, row.with), act("after", "x.after", args("got", `=steps.sub.output?.answer ?? "none"`)))
			w := newWorld(t, p, row.child)
			w.answer = failOn(row.fail...)
			if row.status == bad {
				w.closeAt(time.Hour)
			}
			w.run(incident(p)).ended(row.ends).expect(map[string]soar.StepStatus{"sub": row.status})
			if got := w.runs["r2"]; got.Status != row.child2 || got.Parent != "r1/sub" {
				t.Errorf("called run: %+v", got)
			}
			if row.args != nil {
				if diff := cmp.Diff(row.args, w.calls[0].Args); diff != "" {
					t.Errorf("args (-want +got):\n%s", diff)
				}
				if got := w.calls[1].Args["got"]; got != "web-1-high" {
					t.Errorf("output of the call: %v", got)
				}
			}
		})
	}
}

func TestSetDeclareEscalate(t *testing.T) {
	t.Parallel()
	p := playbook("one",
		set("names", with("host", "=alert.host.name", "shout", `=upper(vars.host ?? "none")`)),
		declare("facts", with("severity", "critical", "category", "phishing", "owner", "ana", "facts", "=fromPairs([[\"personal\", true]])")),
		escalate("page", "on_call", "it is bad"),
		act("tell", "x.y", args("s", "=incident.severity", "f", "=incident.facts.personal", "h", "=vars.shout")),
	)
	w := newWorld(t, p)
	w.policy = onlyLead
	w.closeAt(time.Minute)
	w.run(incident(p)).ended(soar.StatusClosed)
	if diff := cmp.Diff(map[string]any{"s": "critical", "f": true, "h": "WEB-1"}, w.calls[0].Args); diff != "" {
		t.Errorf("args (-want +got):\n%s\n%s", diff, w.transcript())
	}
	message := w.sent("escalation")
	if len(message) != 1 || message[0].To[0].Role != "soc_lead" || !message[0].Urgent || !strings.Contains(message[0].Body, "it is bad") {
		t.Errorf("escalation: %+v", message)
	}
	if w.views.Incident.Owner != "ana" || w.views.Incident.Severity != soar.SeverityCritical {
		t.Errorf("incident: %+v", w.views.Incident)
	}
}

func TestDeclareRefusesNonsense(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]plan.Field{
		"severity": with("severity", "dreadful"), "status": with("status", "closed"), "type": with("severity", 7), "expression": with("owner", "=alert.nope.nope"),
	} {
		t.Run(name, stepRow{steps: list(declare("d", fields)), run: bad, want: map[string]soar.StepStatus{"d": bad}}.test)
	}
}
