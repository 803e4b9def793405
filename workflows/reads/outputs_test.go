package reads

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

func TestOutputsRead(t *testing.T) {
	t.Parallel()
	rows := []struct {
		source string
		all    bool
		ids    []string
	}{
		{source: "alert.title", ids: nil},
		{source: "steps.look.output.score > 3", ids: []string{"look"}},
		{source: "steps?.look?.output", ids: []string{"look"}},
		{source: "any(steps.each.items, .steps.inner.output.x > 1)", ids: []string{"each"}},
		{source: "steps . look . output", ids: []string{"look"}},
		{source: "substeps.x + steps_of.y + mysteps", ids: nil},
		{source: `steps["look"].output`, all: true},
		{source: "len(keys(steps))", all: true},
		{source: "let s = steps; s.look.output", all: true},
		{source: "steps", all: true},
		{source: "steps.a.output + steps.b.output", ids: []string{"a", "b"}},
	}
	for _, row := range rows {
		o := Outputs{ids: map[string]bool{}}
		o.scan(row.source)
		want := map[string]bool{}
		for _, id := range row.ids {
			want[id] = true
		}
		if diff := cmp.Diff(want, o.ids); diff != "" || o.all != row.all {
			t.Errorf("%s: all %v (-want +got):\n%s", row.source, o.all, diff)
		}
	}
}

func TestOutputsReadEverywhere(t *testing.T) {
	t.Parallel()
	e := func(id string) *plan.Expr { return &plan.Expr{Source: "steps." + id + ".output.x"} }
	v := func(id string) *plan.Value {
		return &plan.Value{Kind: "text", Text: []plan.Part{{Text: "a"}, {Expr: e(id)}}}
	}
	f := func(id string) []plan.Field {
		return []plan.Field{{Name: "n", Value: plan.Value{Kind: "map", Map: []plan.Field{{Name: "l", Value: plan.Value{Kind: "list", List: []plan.Value{*v(id)}}}}}}}
	}
	p := &plan.Plan{Steps: []*plan.Step{
		{When: e("when"), SkipWhen: e("skip"), Title: v("title"), Kind: plan.KindSet, Set: f("set")},
		{Kind: plan.KindSwitch, Switch: []plan.Branch{{When: e("branch"), Steps: []*plan.Step{{Kind: plan.KindDeclare, Declare: f("declare")}}}}},
		{Kind: plan.KindForEach, ForEach: &plan.ForEach{List: *e("list"), Body: []*plan.Step{{Kind: plan.KindRepeat, Repeat: &plan.Repeat{Until: *e("until")}}}}},
		{Kind: plan.KindWait, Wait: &plan.Wait{Until: e("wait")}},
		{Kind: plan.KindAction, Action: &plan.Action{With: f("with"), IdempotencyKey: e("key"), Undo: &plan.Undo{With: f("undo")}}},
		{Kind: plan.KindApproval, Approval: &plan.Approval{Title: *v("asks"), Approvers: []plan.Who{{Person: v("who")}}, Escalate: []plan.After{{To: plan.Who{Person: v("later")}}}}},
		{Kind: plan.KindTask, Task: &plan.Task{Title: v("task"), Assignee: plan.Who{Person: v("assignee")}, Escalate: []plan.After{{To: plan.Who{Person: v("boss")}}}}},
		{Kind: plan.KindCall, Call: &plan.Call{With: f("call")}},
		{Kind: plan.KindEscalate, Escalate: &plan.Escalate{Reason: *v("reason")}},
		{Kind: plan.KindClose, End: &plan.End{Reason: *v("end")}},
	}}
	read := Of(p)
	for _, id := range []string{
		"when", "skip", "title", "set", "branch", "declare", "list", "until", "wait", "with", "key", "undo", "asks", "who", "later",
		"task", "assignee", "boss", "call", "reason", "end",
	} {
		if !read.Kept(id) {
			t.Errorf("%s is read, and was not seen", id)
		}
	}
	if read.all || read.Kept("other") {
		t.Error("more is kept than is read")
	}
}
