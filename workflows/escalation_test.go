package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-soar/tocsin/internal/oncall/escalation"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func tells(role soar.Role, wait time.Duration) protocol.EscalationStep {
	return protocol.EscalationStep{To: []soar.Approver{{Role: role}}, Wait: wait}
}

// night is a policy with everything: three steps, once more, then a crisis.
func night() protocol.EscalationPolicy {
	return protocol.EscalationPolicy{
		Name: "night", Digest: "d", Repeat: 1, StaleAfter: 30 * time.Minute,
		Steps: []protocol.EscalationStep{tells("soc_lead", 10*time.Minute), tells("incident_commander", 15*time.Minute), tells("ciso", 20*time.Minute)},
		Final: &protocol.EscalationStep{Wait: time.Hour, Crisis: &protocol.EscalationCrisis{
			Title: "Lead the crisis", Team: []soar.Approver{{Role: "ciso"}, {Role: "manager"}}, DueIn: 30 * time.Minute,
			Severity: soar.SeverityCritical, Facts: map[string]any{"crisis": true},
		}},
	}
}

// nightWorld is an incident whose playbook escalates at once.
func nightWorld(t tester, policy protocol.EscalationPolicy) (*world, protocol.IncidentInput) {
	p := playbook("one", escalate("esc", policy.Name, "nobody answers"))
	w := newWorld(t, p)
	w.policy = func(r protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
		if r.Policy != policy.Name {
			return protocol.EscalationPolicy{}, nil
		}
		return policy, nil
	}
	return w, incident(p)
}

func (w *world) acknowledge(d time.Duration, id string) *act2 {
	return w.at(d, protocol.UpdateAcknowledgeEscalation, protocol.AcknowledgeEscalation{Command: by("ada"), EscalationID: id})
}

// rang gives when which event about escalations happened.
func (w *world) rang() []string {
	var lines []string
	for _, event := range w.events {
		if kind, ok := strings.CutPrefix(event.Kind, "escalation."); ok {
			lines = append(lines, event.At.Sub(start()).String()+" "+kind+told(event.Text))
		}
	}
	return lines
}

func told(text string) string {
	if _, rest, found := strings.Cut(text, "told "); found {
		who, _, _ := strings.Cut(rest, ".")
		who, _, _ = strings.Cut(who, ";")
		return " " + who
	}
	return ""
}

// planned walks the pure machine to the same end.
func planned(p protocol.EscalationPolicy, until time.Duration) []string {
	var lines []string
	g := escalation.Start(start())
	for {
		due, some := g.Due(p)
		if !some || due.Sub(start()) > until {
			return lines
		}
		f, _ := g.Advance(p, due)
		line := due.Sub(start()).String()
		switch {
		case f.Exhausted:
			line += " exhausted"
		case f.Step.Crisis != nil:
			line += " step ciso, manager"
		default:
			line += " step " + string(f.Step.To[0].Role)
		}
		lines = append(lines, line)
	}
}

func TestEscalation(t *testing.T) {
	t.Parallel()
	wholeNight := planned(night(), 10*time.Hour)
	if len(wholeNight) != 8 {
		t.Fatalf("the machine gives %v", wholeNight)
	}
	for name, row := range map[string]struct {
		acts func(*world)
		want []string
	}{
		"nobody answers": {func(*world) {}, append(wholeNight[:8:8], "10h0m0s ended")},
		"acknowledged": {func(w *world) { w.acknowledge(12*time.Minute, ""); w.closeAt(20 * time.Minute) },
			[]string{"0s step soc_lead", "10m0s step incident_commander", "12m0s acknowledged", "20m0s ended"}},
		"the incident's acknowledgement counts": {func(w *world) {
			w.at(5*time.Minute, protocol.UpdateAcknowledge, protocol.Control{Command: by("ada")})
			w.closeAt(20 * time.Minute)
		}, []string{"0s step soc_lead", "5m0s acknowledged", "20m0s ended"}},
		"a remark does not acknowledge": {func(w *world) {
			w.at(5*time.Minute, protocol.UpdateNote, protocol.Note{Command: by("ada"), Text: "hm"})
			w.closeAt(20 * time.Minute)
		}, []string{"0s step soc_lead", "10m0s step incident_commander", "20m0s ended"}},
		"goes stale": {func(w *world) { w.acknowledge(12*time.Minute, ""); w.closeAt(50 * time.Minute) },
			[]string{"0s step soc_lead", "10m0s step incident_commander", "12m0s acknowledged", "42m0s stale", "42m0s step ciso", "50m0s ended"}},
		"work keeps it fresh": {func(w *world) {
			w.acknowledge(12*time.Minute, "")
			w.at(40*time.Minute, protocol.UpdateNote, protocol.Note{Command: by("ada"), Text: "looking"})
			w.closeAt(75 * time.Minute)
		}, []string{"0s step soc_lead", "10m0s step incident_commander", "12m0s acknowledged", "1h10m0s stale", "1h10m0s step ciso", "1h15m0s ended"}},
		"closed meanwhile": {func(w *world) { w.closeAt(12 * time.Minute) }, []string{"0s step soc_lead", "10m0s step incident_commander", "12m0s ended"}},
	} {
		for _, often := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/continued %v", name, often), func(t *testing.T) {
				t.Parallel()
				w, input := nightWorld(t, night())
				w.often = often
				row.acts(w)
				w.closeAt(10 * time.Hour).done = len(w.acts) > 0 && name != "nobody answers"
				w.run(input).ended(soar.StatusClosed)
				if diff := cmp.Diff(row.want, w.rang()); diff != "" {
					t.Errorf("(-want +got)\n%s\n%s", diff, w.transcript())
				}
				if often && w.rounds < 2 {
					t.Errorf("it never continued as new")
				}
			})
		}
	}
}

// TestEscalationToTheCrisis: what the final step does.
func TestEscalationToTheCrisis(t *testing.T) {
	t.Parallel()
	w, input := nightWorld(t, night())
	w.look(95*time.Minute, func(view protocol.StateView) {
		esc := view.Incident.Escalations
		if len(esc) != 1 || esc[0].Status != soar.EscalationRunning || esc[0].Taken != 7 || esc[0].Steps != 7 || !esc[0].NextAt.Equal(start().Add(150*time.Minute)) {
			t.Errorf("view %+v", esc)
		}
	})
	w.closeAt(3 * time.Hour)
	w.run(input).ended(soar.StatusClosed)
	if w.views.Incident.Severity != soar.SeverityCritical || w.views.Incident.Facts["crisis"] != true {
		t.Errorf("declared %+v", w.views.Incident)
	}
	if len(w.tasks) != 1 {
		t.Fatalf("tasks %+v", w.tasks)
	}
	for _, task := range w.tasks {
		if task.Title != "Lead the crisis" || task.Assignee.Role != "ciso" || task.Status != soar.TaskCancelled || !task.DueAt.Equal(start().Add(2*time.Hour)) {
			t.Errorf("task %+v", task)
		}
	}
	if len(w.sent("reminder")) != 1 {
		t.Errorf("the overdue task was told %d times", len(w.sent("reminder")))
	}
	messages := w.sent("escalation")
	if len(messages) != 7 {
		t.Fatalf("%d messages", len(messages))
	}
	second, last := messages[1], messages[6]
	if !strings.Contains(second.Body, "step 2 of 7 of policy night") || !strings.Contains(second.Body, "tocsin escalation ack "+incidentID+" "+second.About) || !second.Urgent {
		t.Errorf("second %+v", second)
	}
	if len(last.To) != 2 || !strings.Contains(last.Body, "Crisis management is called in, task TSK-") {
		t.Errorf("last %+v", last)
	}
	nobody := w.sent("needs_decision")
	if len(nobody) != 1 || !strings.Contains(nobody[0].Subject, "Nobody answered") {
		t.Errorf("at the end %+v", nobody)
	}
}

// TestEscalationIsPinned: a policy that changes meanwhile changes nothing, and is
// asked for once.
func TestEscalationIsPinned(t *testing.T) {
	t.Parallel()
	w, input := nightWorld(t, night())
	asked := 0
	w.policy = func(protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
		if asked++; asked == 1 {
			return night(), nil
		}
		return protocol.EscalationPolicy{Name: "night", Steps: []protocol.EscalationStep{tells("legal", time.Minute)}}, nil
	}
	w.often = true
	w.closeAt(30 * time.Minute)
	w.run(input).ended(soar.StatusClosed)
	want := []string{"0s step soc_lead", "10m0s step incident_commander", "25m0s step ciso", "30m0s ended"}
	if diff := cmp.Diff(want, w.rang()); diff != "" || asked != 1 {
		t.Errorf("asked %d times (-want +got)\n%s", asked, diff)
	}
}

// TestEscalationAfterAnOutage: nothing ran for a while between two histories.
func TestEscalationAfterAnOutage(t *testing.T) {
	t.Parallel()
	w, input := nightWorld(t, night())
	w.often, w.gap = true, 0
	w.acts = append(w.acts, &act2{at: 5 * time.Minute, special: func(*testsuite.TestWorkflowEnvironment) { w.gap = 45 * time.Minute }})
	w.at(5*time.Minute+time.Second, protocol.UpdateRunPlaybook, protocol.RunPlaybook{Command: by("ada"), Run: protocol.RunPin{Playbook: "one", Digest: input.Runs[0].Digest}})
	w.closeAt(55 * time.Minute)
	w.run(input)
	got := strings.Join(w.rang(), "\n")
	if !strings.Contains(got, "step ciso, incident_commander") {
		t.Errorf("got\n%s", got)
	}
	late := 0
	for _, message := range w.sent("escalation") {
		if strings.Contains(message.Body, "late: nothing ran in the meantime") && strings.Contains(message.Body, "1 step before it would have been taken") {
			late++
		}
	}
	if late != 1 {
		t.Errorf("%d messages say how late they are:\n%s", late, w.transcript())
	}
}

func TestEscalationByNobody(t *testing.T) {
	t.Parallel()
	p := playbook("one", escalate("esc", "nihgt", "hm"))
	w := newWorld(t, p)
	w.closeAt(time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed)
	if step := w.steps["r1/esc"]; step.Status != bad || step.Error != "there is no escalation policy nihgt" {
		t.Errorf("step %+v", step)
	}
	if failed := w.sent("needs_decision"); len(failed) == 0 || !strings.Contains(failed[0].Subject, "Escalation failed") {
		t.Errorf("messages %+v", w.messages)
	}
}

// TestEscalationsByPeople: several at once, one of them acknowledged, one policy not
// twice; refusals say why; an incident that was escalated is not closed by itself.
func TestEscalationsByPeople(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: time.Minute}))
	w := newWorld(t, p)
	away := 0
	w.policy = func(r protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
		if away++; away <= 2 {
			return protocol.EscalationPolicy{}, storeAway()
		}
		policy := night()
		policy.Name = r.Policy
		return policy, nil
	}
	start1 := w.at(10*time.Second, protocol.UpdateEscalate, protocol.Escalate{Command: by("ada"), Policy: "night"})
	start2 := w.at(2*time.Minute, protocol.UpdateEscalate, protocol.Escalate{Command: by("ada"), Policy: "management"})
	twice := w.at(3*time.Minute, protocol.UpdateEscalate, protocol.Escalate{Command: by("otto"), Policy: "night"})
	silent := w.at(3*time.Minute, protocol.UpdateEscalate, protocol.Escalate{Command: protocol.Command{By: person("ada")}, Policy: "night"})
	w.look(4*time.Minute, func(view protocol.StateView) {
		if len(view.Incident.Escalations) != 2 || !strings.Contains(twice.reply.Message, view.Incident.Escalations[0].ID) {
			t.Errorf("escalations %+v, twice %+v", view.Incident.Escalations, twice.reply)
			return
		}
		w.acknowledge(5*time.Minute, view.Incident.Escalations[1].ID)
		last := w.acts[len(w.acts)-1]
		w.env.RegisterDelayedCallback(func() { w.perform(w.env, last) }, time.Minute)
	})
	nobody := w.acknowledge(4*time.Minute, "ESC-0000000000")
	tool := w.at(4*time.Minute, protocol.UpdateAcknowledgeEscalation, protocol.AcknowledgeEscalation{Command: protocol.Command{By: soar.System("tool")}})
	w.closeAt(20 * time.Minute)
	w.run(incident(p)).ended(soar.StatusClosed)
	if start1.refused+start2.refused != "" || silent.refused == "" || !strings.Contains(nobody.refused, "there is no escalation") || !strings.Contains(tool.refused, "only a person") {
		t.Errorf("refused %q %q %q %q %q", start1.refused, start2.refused, silent.refused, nobody.refused, tool.refused)
	}
	esc := w.views.Incident.Escalations
	if esc[0].AcknowledgedBy != nil || esc[1].AcknowledgedBy == nil || esc[1].AcknowledgedBy.ID != "ada" || esc[0].Taken != 2 || esc[1].Taken != 1 {
		t.Errorf("escalations %+v", esc)
	}
}

// Approvals and tasks start a policy when nobody answers, once for what runs already;
// it lets nobody decide who was not asked.
func TestRequestsEscalateByPolicy(t *testing.T) {
	t.Parallel()
	later := []plan.After{{After: 5 * time.Minute, Policy: "night"}}
	p := playbook("one", parallel("both", plan.Parallel{Branches: []plan.NamedBranch{
		arm("a", approval("ask", plan.Approval{Escalate: later, ExpiresIn: 50 * time.Minute})),
		arm("b", work("call", plan.Task{Assignee: plan.Who{Role: "analyst"}, Escalate: later})),
	}}))
	w := newWorld(t, p)
	w.policy = func(protocol.EscalationRequest) (protocol.EscalationPolicy, error) { return night(), nil }
	d := decision(p, "chief", true, soar.RoleCISO)
	refused := ""
	w.look(40*time.Minute, func(view protocol.StateView) {
		d.Decision.ApprovalID, d.Decision.Digest = view.Approvals[0].ID, ""
		w.env.UpdateWorkflow(protocol.UpdateDecide, "d", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { refused = err.Error() }, OnComplete: func(any, error) {},
		}, d)
	})
	w.at(45*time.Minute, protocol.UpdateCancel, protocol.Cancel{Command: by("lead")})
	w.closeAt(time.Hour)
	w.run(incident(p)).ended(soar.StatusClosed)
	escalated := w.told(protocol.EventEscalated)
	if len(escalated) != 2 || !escalated[0].At.Equal(start().Add(5*time.Minute)) || !strings.Contains(escalated[0].Text, "waits: ") || !strings.Contains(escalated[1].Text, "is under way already") {
		t.Errorf("escalated: %+v\n%s", escalated, w.transcript())
	}
	if rang := w.rang(); len(rang) == 0 || !strings.HasPrefix(rang[0], "5m0s step") {
		t.Errorf("rang: %v", rang)
	}
	if !strings.Contains(refused, "holds no role") {
		t.Error("whom the policy told decided")
	}
}
