package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// guarded is a playbook whose containment needs an approval.
func guarded(a plan.Approval, options ...option) *plan.Plan {
	a.Bind = []string{"contain"}
	return playbook("guarded",
		approval("ask", a, options...),
		block("contain", list(isolate("iso", "web-1")), phase("contain"), when(`steps.ask.status in ["approved", "skipped"]`)),
	)
}

func approvalID(key string, generation int) string {
	return protocol.DerivedID("APR-", incidentID, key, generation)
}

// boundDigest is what a person was shown for the guarded playbook.
func boundDigest(p *plan.Plan) string {
	digest, err := protocol.BoundDigest(p.Digest, []soar.BoundAction{{
		StepPath: "r1/contain/iso", Action: "edr.isolate_host", Args: map[string]any{"host": "web-1"},
	}})
	if err != nil {
		panic(err)
	}
	return digest
}

func decision(p *plan.Plan, who string, yes bool, roles ...soar.Role) protocol.Decide {
	if roles == nil {
		roles = []soar.Role{soar.RoleSOCLead}
	}
	return protocol.Decide{Command: protocol.Command{By: person(who)}, Decision: soar.Decision{
		ID: "d-" + who, ApprovalID: approvalID("r1/ask", 0), IncidentID: incidentID, Approve: yes, By: person(who), Roles: roles,
		Reason: "looked", Digest: boundDigest(p),
	}}
}

func (w *world) decide(d time.Duration, p *plan.Plan, who string, yes bool, roles ...soar.Role) *act2 {
	return w.at(d, protocol.UpdateDecide, decision(p, who, yes, roles...))
}

func TestApprovalGranted(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{})
	w := newWorld(t, p)
	yes := w.decide(5*time.Minute, p, "lead", true)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": approved, "contain/iso": ok})
	asked := w.asked[approvalID("r1/ask", 0)]
	want := soar.Approval{
		ID: asked.ID, IncidentID: incidentID, StepPath: "r1/ask", Title: "May it run?", Status: soar.ApprovalApproved,
		Approvers: []soar.Approver{{Role: "soc_lead"}, {Role: "incident_commander"}}, Quorum: 1, Digest: boundDigest(p),
		Bound:    []soar.BoundAction{{StepPath: "r1/contain/iso", Action: "edr.isolate_host", Args: map[string]any{"host": "web-1"}}},
		OnExpire: "deny", RequestedBy: soar.Actor{Kind: "playbook", ID: "guarded", Name: "guarded 1.0.0"},
		RequestedAt: start(), ExpiresAt: start().Add(15 * time.Minute), DecidedAt: asked.DecidedAt, Decisions: asked.Decisions,
		Playbook: "guarded 1.0.0", PlaybookDigest: p.Digest, Shown: []soar.ShownAction{{
			StepPath: "r1/contain/iso", Action: "edr.isolate_host", Title: "edr.isolate_host", Target: "web-1", Why: "Strange | process",
			Risk: soar.RiskChange, Undo: "edr.release_host",
		}},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("approval (-want +got):\n%s", diff)
	}
	proof := &protocol.ApprovalProof{ApprovalID: asked.ID, Digest: asked.Digest, StepPath: "r1/contain/iso"}
	if diff := cmp.Diff(proof, w.calls[0].Approval); diff != "" {
		t.Errorf("proof (-want +got):\n%s", diff)
	}
	if message := w.sent("approval_requested"); len(message) != 1 || !strings.Contains(message[0].Body, `edr.isolate_host {"host":"web-1"}`) {
		t.Errorf("message: %+v", message)
	}
	if yes.reply.Message != "approval "+asked.ID+" is approved" {
		t.Errorf("reply: %+v", yes.reply)
	}
	if w.views.Incident.Status != soar.StatusClosed || w.views.Incident.ContainedAt == nil {
		t.Errorf("the containment phase did not move the incident: %+v", w.views.Incident)
	}
}

func TestApprovalEnds(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		asked  plan.Approval
		before func(*world, *plan.Plan)
		status soar.StepStatus
		run    soar.StepStatus
		calls  int
	}{
		{name: "denied", status: soar.StepDenied, run: ok,
			before: func(w *world, p *plan.Plan) { w.decide(time.Minute, p, "lead", false) }},
		{name: "expired, counts as no", asked: plan.Approval{OnExpire: "deny"}, status: soar.StepDenied, run: ok},
		{name: "expired, fails", asked: plan.Approval{OnExpire: "fail"}, status: bad, run: bad},
		{name: "expired twice", asked: plan.Approval{OnExpire: "escalate"}, status: soar.StepExpired, run: ok},
		{name: "granted after the escalation", asked: plan.Approval{OnExpire: "escalate"}, status: approved, run: ok, calls: 1,
			before: func(w *world, p *plan.Plan) { w.decide(20*time.Minute, p, "lead", true) }},
		{name: "quorum of two persons", asked: plan.Approval{Quorum: 2}, status: approved, run: ok, calls: 1,
			before: func(w *world, p *plan.Plan) {
				w.decide(time.Minute, p, "lead", true)
				w.decide(2*time.Minute, p, "boss", true, soar.RoleIncidentCommander)
			}},
		{name: "one yes is not a quorum of two", asked: plan.Approval{Quorum: 2}, status: soar.StepDenied, run: ok,
			before: func(w *world, p *plan.Plan) { w.decide(time.Minute, p, "lead", true) }},
		{name: "one no ends it", asked: plan.Approval{Quorum: 2}, status: soar.StepDenied, run: ok,
			before: func(w *world, p *plan.Plan) {
				w.decide(time.Minute, p, "lead", true)
				w.decide(2*time.Minute, p, "boss", false)
			}},
		{name: "cancelled", status: stopped, run: stopped,
			before: func(w *world, _ *plan.Plan) {
				w.at(time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")})
			}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := guarded(row.asked)
			w := newWorld(t, p)
			if row.before != nil {
				row.before(w, p)
			}
			if row.run != ok {
				w.closeAt(48 * time.Hour)
			}
			w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": row.status})
			if len(w.calls) != row.calls || w.runs["r1"].Status != row.run {
				t.Errorf("%d calls, run %s\n%s", len(w.calls), w.runs["r1"].Status, w.transcript())
			}
		})
	}
}

func TestDecisionsRefused(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{Quorum: 2, Exclude: []string{"requester", "playbook_author"}})
	rows := []struct {
		name   string
		change func(*protocol.Decide)
		want   string
	}{
		{"other digest", func(d *protocol.Decide) { d.Decision.Digest = "0000" }, "other actions"},
		{"no role", func(d *protocol.Decide) { d.Decision.Roles = []soar.Role{soar.RoleAnalyst} }, "no role"},
		{"the requester", func(d *protocol.Decide) { d.Decision.By = person("starter") }, "second pair of eyes"},
		{"the author", func(d *protocol.Decide) { d.Decision.By = person("author") }, "second pair of eyes"},
		{"a tool", func(d *protocol.Decide) { d.Decision.By = soar.Actor{Kind: soar.ActorTool, ID: "edr"} }, "only a person"},
		{"twice by one person", func(d *protocol.Decide) { d.Decision.By = person("first") }, "decided approval"},
		{"unknown approval", func(d *protocol.Decide) { d.Decision.ApprovalID = "APR-0000000000" }, "no approval"},
		{"other incident", func(d *protocol.Decide) { d.Decision.IncidentID = "INC-OTHER" }, "for incident"},
	}
	w := newWorld(t, p)
	input := incident(p)
	input.Runs[0].By = person("starter")
	input.Settings.AutoClose = false
	w.decide(time.Minute, p, "first", true)
	refused := make([]*act2, len(rows))
	for i, row := range rows {
		d := decision(p, "lead", true)
		row.change(&d)
		refused[i] = w.at(2*time.Minute, protocol.UpdateDecide, d)
	}
	w.decide(3*time.Minute, p, "boss", true)
	late := w.decide(4*time.Minute, p, "late", true)
	w.closeAt(time.Hour)
	w.run(input).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": approved})
	for i, row := range rows {
		if !strings.Contains(refused[i].refused, row.want) {
			t.Errorf("%s: %q, want %q in it", row.name, refused[i].refused, row.want)
		}
	}
	if late.refused == "" {
		t.Error("a decision after the end was taken")
	}
	if got := len(w.asked[approvalID("r1/ask", 0)].Decisions); got != 2 {
		t.Errorf("%d decisions counted", got)
	}
}

func TestApprovalClocks(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{
		ExpiresIn: time.Hour, RemindEvery: 20 * time.Minute, Approvers: []plan.Who{{Role: "soc_lead"}},
		Escalate: []plan.After{{After: 30 * time.Minute, To: plan.Who{Role: "ciso"}}},
	})
	w := newWorld(t, p)
	early := w.decide(10*time.Minute, p, "chief", true, soar.RoleCISO)
	w.decide(50*time.Minute, p, "chief", true, soar.RoleCISO)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": approved})
	if early.refused == "" {
		t.Error("the chief decided before it was escalated to her")
	}
	if len(w.sent("reminder")) != 2 || len(w.sent("escalation")) != 1 || w.sent("escalation")[0].To[0].Role != soar.RoleCISO {
		t.Errorf("messages: %+v", w.messages)
	}
	if at := w.told(protocol.EventApprovalEscalated)[0].At; !at.Equal(start().Add(30 * time.Minute)) {
		t.Errorf("escalated at %s", at)
	}
}

// What people did not see does not run, whatever the playbook's conditions say.
func TestBoundActionRefused(t *testing.T) {
	t.Parallel()
	ask := func() *plan.Step { return approval("ask", plan.Approval{Bind: []string{"contain"}}) }
	contain := func(host string, options ...option) *plan.Step {
		return block("contain", list(isolate("iso", host)), options...)
	}
	rows := []struct {
		name  string
		steps []*plan.Step
		yes   bool
		err   string
	}{
		{"denied, and the condition forgotten", list(ask(), contain("web-1")), false, "is denied"},
		{"not asked", list(contain("web-1"), ask()), true, "was not asked"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", row.steps...)
			w := newWorld(t, p)
			w.look(time.Minute, func(view protocol.StateView) {
				if len(view.Approvals) == 0 {
					return
				}
				d := decision(p, "lead", row.yes)
				d.Decision.Digest = view.Approvals[0].Digest
				w.env.UpdateWorkflow(protocol.UpdateDecide, "d", noCallback(t), d)
			})
			w.closeAt(time.Hour)
			w.run(incident(p)).ended(soar.StatusClosed)
			refused := w.told(protocol.EventApprovalRefused)
			if len(refused) != 1 || !strings.Contains(refused[0].Text, row.err) {
				t.Errorf("refusals: %v\n%s", refused, w.transcript())
			}
			for _, request := range w.calls {
				if request.Approval == nil || request.Args["host"] == "b" {
					t.Errorf("it ran: %+v", request)
				}
			}
		})
	}
}

// What changed after the yes is asked about anew: the refusal stands, and only a yes
// to the new question lets it run.
func TestChangedIsAskedAgain(t *testing.T) {
	t.Parallel()
	ask := func() *plan.Step { return approval("ask", plan.Approval{Bind: []string{"contain"}}) }
	hosts := func(steps ...*plan.Step) *plan.Step { return block("contain", steps) }
	rows := []struct {
		name    string
		steps   []*plan.Step
		answers []bool
		refused string
		asked   int
		ran     []string
	}{
		{"other arguments, yes again", list(set("s", with("host", "web-1")), ask(), set("t", with("host", "web-2")), hosts(isolate("iso", "=vars.host"))),
			[]bool{true, true}, "arguments changed since", 2, []string{"web-2"}},
		{"other arguments, then no", list(set("s", with("host", "web-1")), ask(), set("t", with("host", "web-2")), hosts(isolate("iso", "=vars.host"))),
			[]bool{true, false}, "arguments changed since", 2, nil},
		{"other arguments, then nobody", list(set("s", with("host", "web-1")), ask(), set("t", with("host", "web-2")), hosts(isolate("iso", "=vars.host"))),
			[]bool{true}, "arguments changed since", 2, nil},
		{"a list that grew: what ran is not asked about again", list(set("s", with("hosts", `=["a"]`)), ask(), set("t", with("hosts", `=["a", "b"]`)),
			hosts(forEach("each", "vars.hosts", "h", 1, list(isolate("iso", "=h"))))), []bool{true, true}, "not among the actions", 2, []string{"a", "b"}},
		{"two that changed at once are one question", list(set("s", with("hosts", `=["a", "b"]`)), ask(), set("t", with("hosts", `=["c", "d"]`)),
			hosts(forEach("each", "vars.hosts", "h", 2, list(isolate("iso", "=h"))))), []bool{true, true}, "arguments changed since", 2, []string{"c", "d"}},
	}
	for _, row := range rows {
		for _, often := range []bool{false, true} {
			t.Run(fmt.Sprint(row.name, ", new histories ", often), func(t *testing.T) {
				t.Parallel()
				p := playbook("one", row.steps...)
				w := newWorld(t, p)
				w.often = often
				for n, yes := range row.answers {
					w.look(time.Duration(n+1)*time.Minute, func(view protocol.StateView) {
						d := decision(p, "lead", yes)
						a := view.Approvals[len(view.Approvals)-1]
						d.Decision.ApprovalID, d.Decision.Digest = a.ID, a.Digest
						w.env.UpdateWorkflow(protocol.UpdateDecide, fmt.Sprint("d", n), noCallback(t), d)
					})
				}
				w.closeAt(time.Hour)
				w.run(incident(p)).ended(soar.StatusClosed)
				var ran []string
				for _, request := range w.calls {
					ran = append(ran, request.Args["host"].(string))
					if a := w.asked[request.Approval.ApprovalID]; a.Status != soar.ApprovalApproved || a.Digest != request.Approval.Digest {
						t.Errorf("%v ran by %+v", request.Args, a)
					}
				}
				slices.Sort(ran)
				if diff := cmp.Diff(row.ran, ran); diff != "" || len(w.asked) != row.asked {
					t.Errorf("ran (-want +got):\n%s%d approvals\n%s", diff, len(w.asked), w.transcript())
				}
				refused := w.told(protocol.EventApprovalRefused)
				if len(refused) == 0 || !strings.Contains(refused[0].Text, row.refused) || len(w.told(protocol.EventApprovalAgain)) != 1 {
					t.Errorf("refusals: %+v\n%s", refused, w.transcript())
				}
				if second := w.asked[approvalID("r1/ask", 1)]; second.Replaces != approvalID("r1/ask", 0) {
					t.Errorf("the second replaces %q", second.Replaces)
				}
			})
		}
	}
}

func TestBindFails(t *testing.T) {
	t.Parallel()
	inner := playbook("inner", isolate("iso", "web-1"))
	for _, row := range []stepRow{
		{name: "arguments not known yet", run: bad, want: map[string]soar.StepStatus{"ask": bad}, steps: list(
			approval("ask", plan.Approval{Bind: []string{"contain"}}),
			block("contain", list(act("look", "edr.host_info"), isolate("iso", "=steps.look.output.host"))))},
		{name: "a call", run: bad, want: map[string]soar.StepStatus{"ask": bad}, steps: list(
			approval("ask", plan.Approval{Bind: []string{"sub"}}), call("sub", inner, nil))},
		{name: "nothing of that name", run: bad, want: map[string]soar.StepStatus{"ask": bad}, steps: list(
			approval("ask", plan.Approval{Bind: []string{"nope"}}))},
	} {
		t.Run(row.name, row.test)
	}
}

func TestBindExpandsLoops(t *testing.T) {
	t.Parallel()
	p := playbook("one",
		approval("ask", plan.Approval{Bind: []string{"contain"}}),
		block("contain", list(forEach("each", "alert.urls", "u", 2, list(isolate("iso", "=u"), act("note", "notify.send", args("u", "=steps.iso.output.x"))))),
			when(`steps.ask.status == "approved"`)),
	)
	w := newWorld(t, p)
	w.run(incident(p)).ended(soar.StatusClosed)
	var keys []string
	for _, bound := range w.asked[approvalID("r1/ask", 0)].Bound {
		keys = append(keys, bound.StepPath+" "+bound.Args["host"].(string))
	}
	want := []string{"r1/contain/each[0]/iso https://a.invalid", "r1/contain/each[1]/iso https://b.invalid"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("bound (-want +got):\n%s", diff)
	}
}

func TestPreauthorised(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{}, skipWhen(`incident.severity == "high" and policy.preauthorised("contain_host")`))
	w := newWorld(t, p)
	input := incident(p)
	input.Settings.Preauthorised = []string{"contain_host"}
	w.run(input).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": skip, "contain/iso": ok})
	if w.calls[0].Preauthorised != "contain_host" || w.calls[0].Approval != nil {
		t.Errorf("request: %+v", w.calls[0])
	}
}

// A person cannot get past an approval by skipping it.
func TestApprovalIsNotSkipped(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{})
	w := newWorld(t, p)
	trick := w.at(time.Minute, protocol.UpdateSkipStep, protocol.StepCommand{Command: by("eve"), Key: "r1/ask"})
	w.run(incident(p)).ended(soar.StatusClosed)
	if !strings.Contains(trick.refused, "decided, not skipped") || len(w.calls) != 0 {
		t.Errorf("refused %q, %d calls", trick.refused, len(w.calls))
	}
}

// An approval that failed is asked anew under another id, and its requester is
// then the one who asked again.
func TestApprovalAskedAgain(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{OnExpire: "fail", Exclude: []string{"requester"}})
	w := newWorld(t, p)
	w.at(time.Hour, protocol.UpdateRetryStep, protocol.StepCommand{Command: by("ana"), Key: "r1/ask"})
	second := decision(p, "ana", true)
	second.Decision.ApprovalID = approvalID("r1/ask", 1)
	own := w.at(61*time.Minute, protocol.UpdateDecide, second)
	second.Decision.By = person("lead")
	w.at(62*time.Minute, protocol.UpdateDecide, second)
	w.run(incident(p)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": approved, "contain/iso": ok})
	if !strings.Contains(own.refused, "second pair of eyes") || len(w.asked) != 2 {
		t.Errorf("refused %q, %d approvals", own.refused, len(w.asked))
	}
}
