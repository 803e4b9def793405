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

// ruled is an incident of severity high whose site asks for more when it is worse.
func ruled(p *plan.Plan, rules ...protocol.ApprovalRule) protocol.IncidentInput {
	input := incident(p)
	input.Settings.Approvals = rules
	return input
}

func crisis() protocol.ApprovalRule {
	return protocol.ApprovalRule{Name: "crisis", When: `incident.severity == "critical" and risk == "change"`, Needs: []soar.Role{soar.RoleCISO}, Quorum: 2}
}

func hostile() protocol.ApprovalRule {
	return protocol.ApprovalRule{Name: "insider", When: `incident.category == "brute_force"`, Needs: []soar.Role{soar.RoleLegal}}
}

func (w *world) becomes(d time.Duration, who string, severity soar.Severity, category soar.Category) *act2 {
	return w.at(d, protocol.UpdateDeclare, protocol.Declare{Command: by(who), Severity: severity, Category: category})
}

// TestApproversFollow: what must be approved follows the severity and the category
// while the question waits, up and down; what was decided stays counted.
func TestApproversFollow(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		rules   []protocol.ApprovalRule
		asked   plan.Approval
		acts    func(*world, *plan.Plan)
		status  soar.StepStatus
		changes int
		told    string // of the last change
	}{
		{name: "no rule fits", rules: []protocol.ApprovalRule{crisis()}, status: approved,
			acts: func(w *world, p *plan.Plan) { w.decide(time.Minute, p, "lead", true) }},
		{name: "worse: one more person and the ciso", rules: []protocol.ApprovalRule{crisis()}, status: approved, changes: 1,
			told: "needs the yes of 2 persons now, and that of ciso: the incident is critical, phishing (crisis)",
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
				w.decide(2*time.Minute, p, "lead", true)
				w.decide(3*time.Minute, p, "chief", true, soar.RoleCISO)
				w.decide(4*time.Minute, p, "lead2", true)
			}},
		{name: "worse: the ciso alone is not enough", rules: []protocol.ApprovalRule{crisis()}, status: soar.StepDenied, changes: 1,
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
				w.decide(2*time.Minute, p, "lead", true)
				w.decide(3*time.Minute, p, "chief", true, soar.RoleCISO)
			}},
		{name: "worse in the moment of the decision", rules: []protocol.ApprovalRule{crisis()}, status: soar.StepDenied, changes: 1,
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
				w.decide(time.Minute, p, "lead", true)
			}},
		{name: "better again, by somebody else: what was said is enough", rules: []protocol.ApprovalRule{crisis()}, status: approved, changes: 2,
			told: "needs one yes now: the incident is medium, phishing",
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
				w.decide(2*time.Minute, p, "lead", true)
				w.becomes(3*time.Minute, "ana", soar.SeverityMedium, "")
			}},
		{name: "better, by one who has decided: nothing is lowered", rules: []protocol.ApprovalRule{crisis()}, status: soar.StepDenied, changes: 2,
			told: "lead has decided it and cannot lower what it needs",
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
				w.decide(2*time.Minute, p, "lead", true)
				w.becomes(3*time.Minute, "lead", soar.SeverityMedium, "")
			}},
		{name: "better, by one who then would decide", rules: []protocol.ApprovalRule{crisis()}, status: soar.StepDenied, changes: 2,
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
				w.becomes(2*time.Minute, "lead", soar.SeverityMedium, "")
				w.decide(3*time.Minute, p, "lead", true)
			}},
		{name: "never below the playbook", rules: []protocol.ApprovalRule{{Name: "light", When: `incident.severity == "low"`, Quorum: 1}},
			asked: plan.Approval{Quorum: 2}, status: soar.StepDenied,
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", soar.SeverityLow, "")
				w.decide(2*time.Minute, p, "lead", true)
			}},
		{name: "another category", rules: []protocol.ApprovalRule{hostile()}, status: approved, changes: 1,
			told: "needs one yes now, and that of legal: the incident is high, brute_force (insider)",
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", "", soar.CategoryBruteForce)
				w.decide(2*time.Minute, p, "lead", true)
				w.decide(3*time.Minute, p, "counsel", true, soar.RoleLegal)
			}},
		{name: "another category and back", rules: []protocol.ApprovalRule{hostile()}, status: approved, changes: 2,
			acts: func(w *world, p *plan.Plan) {
				w.becomes(time.Minute, "ana", "", soar.CategoryBruteForce)
				w.becomes(2*time.Minute, "ana", "", soar.CategoryPhishing)
				w.decide(3*time.Minute, p, "lead", true)
			}},
		{name: "a rule that cannot be evaluated asks", rules: []protocol.ApprovalRule{{Name: "odd", When: `actions[7] == "x"`, Quorum: 2}}, status: soar.StepDenied,
			acts: func(w *world, p *plan.Plan) { w.decide(time.Minute, p, "lead", true) }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			p := guarded(row.asked)
			w := newWorld(t, p)
			row.acts(w, p)
			w.run(ruled(p, row.rules...)).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": row.status})
			changes := w.told(protocol.EventApprovalChanged)
			if len(changes) != row.changes || row.told != "" && !strings.Contains(changes[len(changes)-1].Text, row.told) {
				t.Errorf("changes %+v\n%s", changes, w.transcript())
			}
			if want := map[bool]int{true: 1}[row.status == approved]; len(w.calls) != want {
				t.Errorf("%d actions ran", len(w.calls))
			}
		})
	}
}

// Who is needed now is asked as the others were, and all hear of the change.
func TestApproversFollowAndAreTold(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{})
	w := newWorld(t, p)
	w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
	w.run(ruled(p, crisis())).ended(soar.StatusClosed)
	requested := w.sent("approval_requested")
	if len(requested) != 2 || cmp.Diff([]soar.Approver{{Role: soar.RoleCISO}}, requested[1].To) != "" {
		t.Errorf("requested: %+v", requested)
	}
	if changed := w.sent("approval_changed"); len(changed) != 1 || changed[0].To[0].Role != soar.RoleSOCLead || changed[0].About != approvalID("r1/ask", 0) {
		t.Errorf("changed: %+v", changed)
	}
	asked := w.asked[approvalID("r1/ask", 0)]
	if diff := cmp.Diff([]soar.Approver{{Role: soar.RoleCISO, Since: start().Add(time.Minute)}}, asked.Needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
}

// The rules survive continue-as-new with the case.
func TestApproversFollowInTheNextHistory(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{Quorum: 1})
	w := newWorld(t, p)
	w.often = true
	w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
	w.decide(2*time.Minute, p, "lead", true)
	w.run(ruled(p, crisis())).ended(soar.StatusClosed).expect(map[string]soar.StepStatus{"ask": soar.StepDenied})
}

// Clocks and playbooks follow in both directions too.
func TestClocksAndPlaybooksFollow(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{})
	w := newWorld(t, p)
	input := incident(p)
	input.Policy = protocol.ObjectivePolicy{Name: "o", Version: "1", Clocks: map[soar.Severity][]protocol.ObjectiveClock{
		soar.SeverityCritical: {{Name: "contain", Within: time.Hour}}, soar.SeverityHigh: {{Name: "contain", Within: 4 * time.Hour}}, soar.SeverityLow: {{Name: "contain", Within: 24 * time.Hour}},
	}}
	var due []time.Time
	see := func(view protocol.StateView) { due = append(due, view.Objectives[0].DueAt) }
	var matched []string
	w.match = func(r protocol.MatchRequest) protocol.MatchResult {
		matched = append(matched, string(r.Incident.Severity)+" "+string(r.Incident.Category))
		return protocol.MatchResult{}
	}
	w.look(time.Second, see)
	w.becomes(time.Minute, "ana", soar.SeverityCritical, "")
	w.look(61*time.Second, see)
	w.becomes(2*time.Minute, "ana", soar.SeverityLow, "")
	w.look(121*time.Second, see)
	w.becomes(3*time.Minute, "ana", "", soar.CategoryBruteForce)
	w.becomes(4*time.Minute, "ana", "", soar.CategoryBruteForce) // no change
	w.run(input).ended(soar.StatusClosed)
	if diff := cmp.Diff([]time.Time{start().Add(4 * time.Hour), start().Add(time.Hour), start().Add(24 * time.Hour)}, due); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"critical phishing", "low phishing", "low brute_force"}, matched); diff != "" {
		t.Errorf("matched (-want +got):\n%s", diff)
	}
}

func TestQuestionsAboutAnApproval(t *testing.T) {
	t.Parallel()
	p := guarded(plan.Approval{})
	w := newWorld(t, p)
	id := approvalID("r1/ask", 0)
	ask := func(d time.Duration, about, text string) *act2 {
		return w.at(d, protocol.UpdateAsk, protocol.Ask{Command: protocol.Command{ID: "q-" + text, By: person("lead")}, ApprovalID: about, Text: text})
	}
	answer := func(d time.Duration, who, question string) *act2 {
		return w.at(d, protocol.UpdateAnswer, protocol.Answer{Command: by(who), ApprovalID: id, QuestionID: question, Text: "it is the shop's"})
	}
	first := ask(time.Minute, id, "whose")
	answered := answer(2*time.Minute, "ana", "q-whose")
	refused := map[string]*act2{
		"no question q-2":                   answer(2*time.Minute, "ana", "q-2"),
		"answered already, by ana at":       answer(3*time.Minute, "bob", "q-whose"),
		"there is no approval APR-X":        ask(3*time.Minute, "APR-X", "what"),
		"the question is empty":             ask(3*time.Minute, id, ""),
		"is denied: nothing is left to ask": ask(20*time.Minute, id, "late"),
	}
	w.decide(10*time.Minute, p, "lead", false)
	input := incident(p)
	input.Settings.AutoClose = false
	w.closeAt(time.Hour)
	w.run(input).ended(soar.StatusClosed)
	for part, act := range refused {
		if !strings.Contains(act.refused, part) {
			t.Errorf("refused %q, want %q", act.refused, part)
		}
	}
	if !strings.Contains(first.reply.Message, "still expires at 2026-01-02 08:15 UTC") || answered.reply.Message != "answered" {
		t.Errorf("replies %q, %q", first.reply.Message, answered.reply.Message)
	}
	at, ana := start().Add(2*time.Minute), person("ana")
	want := []soar.Question{{ID: "q-whose", AskedBy: person("lead"), Text: "whose", At: start().Add(time.Minute), Answer: "it is the shop's", AnsweredBy: &ana, AnsweredAt: &at}}
	if diff := cmp.Diff(want, w.asked[id].Questions); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	if len(w.told(protocol.EventApprovalQuestion)) != 1 || len(w.told(protocol.EventApprovalAnswer)) != 1 {
		t.Errorf("record:\n%s", w.transcript())
	}
	question, reply := w.sent("approval_question"), w.sent("approval_answer")
	if len(question) != 1 || len(reply) != 1 || question[0].About != id || reply[0].To[0].Person != "lead" || !strings.Contains(reply[0].Body, "it is the shop's") {
		t.Errorf("told %+v %+v", question, reply)
	}
}
