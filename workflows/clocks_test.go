package workflows_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// agreed is a policy with a calendar, conditions and everything that a rule may do.
func agreed(t *testing.T) protocol.ObjectivePolicy {
	t.Helper()
	spec := calendar.Spec{Name: "office", Zone: "America/New_York"}
	for day := time.Monday; day <= time.Friday; day++ {
		spec.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	office, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	high := []soar.Severity{soar.SeverityHigh}
	return protocol.ObjectivePolicy{Name: "agreed", Version: "4", Calendars: map[string]json.RawMessage{"office": office}, Rules: []protocol.ObjectiveRule{
		{ID: "ack", Objective: "acknowledge", Severities: high, Within: 30 * time.Minute, WarnAt: []float64{0.5}},
		{ID: "contain_office", Objective: "contain", Severities: high, Within: 12 * time.Hour, WarnAt: []float64{0.25, 0.5, 0.9}, Calendar: "office",
			Pause:    `incident.facts.waiting ?? false`,
			OnBreach: []protocol.ObjectiveAction{{Notify: []soar.Role{soar.RoleCISO}}, {Declare: map[string]any{"contain_late": true}}}},
		{ID: "contain_critical", Objective: "contain", Severities: []soar.Severity{soar.SeverityCritical}, Within: time.Hour},
		{ID: "report", Objective: "report", Within: 100 * time.Hour, Stop: `incident.facts.report_sent ?? false`},
		{ID: "close", Objective: "close", Within: 200 * time.Hour, WarnAt: []float64{0.5}},
	}}
}

// rang lists the moments at which alarms were told, from the record.
func rang(w *world) []string {
	var lines []string
	for _, event := range w.events {
		what := map[string]string{protocol.EventObjectiveWarning: "warning", protocol.EventObjectiveBreached: "due"}[event.Kind]
		if what != "" {
			name, _, _ := strings.Cut(strings.TrimPrefix(event.Text, "Objective "), " ")
			lines = append(lines, fmt.Sprintf("%s %s %s", event.At.UTC().Format(time.RFC3339), what, name))
		}
	}
	slices.Sort(lines)
	return lines
}

// What the simulator prints is what rings, to the second, also when the workflow
// continues as new all the time.
func TestTheWorkflowRingsWhenTheSimulatorSays(t *testing.T) {
	t.Parallel()
	for _, often := range []bool{false, true} {
		p := playbook("one", wait("w", plan.Wait{For: 400 * time.Hour}))
		w := newWorld(t, p)
		w.often = often
		input := incident(p)
		input.Policy = agreed(t)
		answer, err := timeline.Compute(timeline.Request{Incident: input.Incident, Playbooks: []string{"one"}, Policy: input.Policy})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, m := range answer.Moments {
			want = append(want, fmt.Sprintf("%s %s %s", m.At.UTC().Format(time.RFC3339), m.What, m.Clock))
		}
		slices.Sort(want)
		w.run(input).ended(soar.StatusClosed)
		if diff := cmp.Diff(want, rang(w)); diff != "" || len(want) != 9 {
			t.Errorf("often %t: %d moments (-simulator +workflow):\n%s", often, len(want), diff)
		}
	}
}

func TestBreachesDoWhatTheRuleSays(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 400 * time.Hour}))
	w := newWorld(t, p)
	input := incident(p)
	input.Policy = agreed(t)
	w.run(input).ended(soar.StatusClosed)
	if w.views.Incident.Facts["contain_late"] != true {
		t.Errorf("facts %v", w.views.Incident.Facts)
	}
	told := slices.ContainsFunc(w.messages, func(m protocol.Message) bool {
		return m.Urgent && strings.Contains(m.Subject, "objective contain breached") && slices.ContainsFunc(m.To, func(a soar.Approver) bool { return a.Role == soar.RoleCISO })
	})
	if !told {
		t.Errorf("nobody told the CISO: %+v", w.messages)
	}
}

// A pause rests the clock, a milder severity counts it anew, and the record keeps
// how it was before.
func TestClocksRestAndAreCountedAnew(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 400 * time.Hour}))
	w := newWorld(t, p)
	input := incident(p)
	input.Policy = agreed(t)
	hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	w.at(hours(1), protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Facts: map[string]any{"waiting": true}})
	w.at(hours(120), protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Facts: map[string]any{"waiting": false}})
	w.at(hours(121), protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Severity: soar.SeverityCritical})
	w.at(hours(122), protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Status: soar.StatusContained, Facts: map[string]any{"report_sent": true}})
	w.look(hours(2), func(view protocol.StateView) {
		for _, o := range view.Objectives {
			if o.Name == "contain" && o.State() != "paused" {
				t.Errorf("contain does not rest: %+v", o)
			}
		}
	})
	w.run(input).ended(soar.StatusClosed)
	for _, line := range rang(w) {
		if strings.Contains(line, "contain") && line < start().Add(hours(120)).Format(time.RFC3339) {
			t.Errorf("a resting clock rang: %s", line)
		}
	}
	at := slices.IndexFunc(w.views.Objectives, func(o soar.Objective) bool { return o.Name == "contain" })
	contain := w.views.Objectives[at]
	if len(contain.Pauses) != 1 || contain.Pauses[0].To == nil || len(contain.History) != 1 || contain.History[0].Rule != "contain_office" || contain.Rule != "contain_critical" || contain.MetAt == nil {
		t.Errorf("contain: %+v", contain)
	}
	text := w.transcript()
	for _, want := range []string{"Objective contain rests", "Objective contain runs on", "Objective contain is counted anew by contain_critical", "Objective report met late, by 22h0m0s"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the record:\n%s", want, text)
		}
	}
}

// After three days in which nothing ran, a clock with five warnings and an escalation
// with four steps are each told once, with what was passed over.
func TestAfterThreeDaysThereIsNoBurst(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		within time.Duration
		want   string
	}{
		"due too":       {4 * time.Hour, "Objective contain (high) is breached: due 2026-01-02 12:00 UTC, told 68h1m0s late: nothing ran at that time; 5 warnings before it left out"},
		"warnings only": {100 * time.Hour, "Objective contain (high) is about to be breached: due 2026-01-06 12:00 UTC, told 22h1m0s late: nothing ran at that time; 4 warnings before it left out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := playbook("one", wait("w", plan.Wait{For: time.Minute}))
			w := newWorld(t, p)
			w.often = true
			w.acts = append(w.acts, &act2{at: 2 * time.Second, special: func(*testsuite.TestWorkflowEnvironment) { w.gap = 72 * time.Hour }},
				&act2{at: 2 * time.Hour, special: func(*testsuite.TestWorkflowEnvironment) { w.gap = 0 }})
			w.policy = func(protocol.EscalationRequest) (protocol.EscalationPolicy, error) {
				return protocol.EscalationPolicy{Name: "night", Steps: []protocol.EscalationStep{tells("analyst", time.Hour), tells("soc_lead", time.Hour),
					tells("incident_commander", time.Hour), tells("legal", time.Hour), tells("ciso", 24*time.Hour)}}, nil
			}
			input := incident(p)
			input.Settings.AutoClose = false
			input.Policy = protocol.ObjectivePolicy{Name: "agreed", Version: "4", Rules: []protocol.ObjectiveRule{
				{ID: "a", Objective: "contain", Within: row.within, WarnAt: []float64{0.1, 0.2, 0.3, 0.4, 0.5}},
			}}
			w.at(time.Second, protocol.UpdateEscalate, protocol.Escalate{Command: by("anna"), Policy: "night"})
			closing := w.at(74*time.Hour, protocol.UpdateClose, protocol.Close{Command: by("anna"), Resolution: soar.ResolutionResolved})
			w.run(input).ended(soar.StatusClosed)
			rang := append(w.told(protocol.EventObjectiveWarning), w.told(protocol.EventObjectiveBreached)...)
			if len(rang) != 1 || rang[0].Text != row.want {
				t.Errorf("%d alarms, closing refused %q:\n%s", len(rang), closing.refused, w.transcript())
			}
			steps := w.told(protocol.EventEscalationStep)
			if len(steps) != 2 || !strings.Contains(steps[1].Text, "step 5 of 5 of policy night: told ciso, soc_lead, incident_commander, legal") ||
				!strings.Contains(steps[1].Text, "3 steps before it would have been taken in that time") {
				t.Errorf("steps of the escalation: %+v", steps)
			}
		})
	}
}

// What fell due while nothing ran is told once, on return, and says how late.
func TestWhatFellDueWhileAllWasDown(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 400 * time.Hour}), wait("x", plan.Wait{For: time.Hour}))
	w := newWorld(t, p)
	w.often, w.gap = true, 300*time.Hour
	input := incident(p)
	input.Policy = protocol.ObjectivePolicy{Name: "agreed", Version: "4", Rules: []protocol.ObjectiveRule{{ID: "a", Objective: "contain", Within: 4 * time.Hour}}}
	w.run(input).ended(soar.StatusClosed)
	late := 0
	for _, event := range w.events {
		if event.Kind == protocol.EventObjectiveBreached {
			late++
			if !strings.Contains(event.Text, "late: nothing ran at that time") {
				t.Errorf("it does not say how late: %s", event.Text)
			}
		}
	}
	if late != 1 {
		t.Errorf("told %d times:\n%s", late, w.transcript())
	}
}

// Closing says of each clock what became of it, and refuses while a notice is owed
// that has no fixed term.
func TestClosingTellsWhatWasNotMet(t *testing.T) {
	t.Parallel()
	for _, often := range []bool{false, true} {
		p := playbook("one", wait("w", plan.Wait{For: time.Minute}))
		w := newWorld(t, p)
		w.often, w.duties = often, timeline.Duties(shippedPacks(t))
		input := incident(p)
		input.Settings.AutoClose = false
		input.Policy = protocol.ObjectivePolicy{Name: "agreed", Version: "4", Rules: []protocol.ObjectiveRule{
			{ID: "contain", Objective: "contain", Within: 10 * time.Hour},
			{ID: "report", Objective: "report", Within: 100 * time.Hour, Stop: `incident.facts.report_sent ?? false`},
			{ID: "close", Objective: "close", Within: 200 * time.Hour},
		}}
		hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
		facts := map[string]any{"personal_data_breach": true, "processor": false, "high_risk": true, "jurisdictions": []any{"eu"}}
		w.at(hours(1), protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Facts: facts})
		w.at(hours(2), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-gdpr-33", Do: protocol.DutyWaive})
		owed := w.at(hours(3), protocol.UpdateClose, protocol.Close{Command: by("anna"), Resolution: soar.ResolutionResolved})
		w.at(hours(4), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-gdpr-34", Do: protocol.DutyWaive})
		w.at(hours(5), protocol.UpdateClose, protocol.Close{Command: by("anna"), Resolution: soar.ResolutionCancelled})
		w.run(input).ended(soar.StatusClosed)
		if !strings.Contains(owed.refused, "eu-gdpr-34/communication") {
			t.Errorf("closing with a notice that is owed without delay: %q", owed.refused)
		}
		got := map[string]string{}
		for _, o := range w.views.Objectives {
			got[o.Name] = o.State()
		}
		want := map[string]string{"contain": "unmet", "report": "unmet", "close": "met", "eu-gdpr-33/notification": "waived", "eu-gdpr-34/communication": "waived"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("often %t (-want +got):\n%s\n%s", often, diff, w.transcript())
		}
		if !strings.Contains(w.transcript(), "Objective report ends unmet: closed as cancelled, and this did not hold: incident.facts.report_sent") {
			t.Errorf("the record does not say what was missing:\n%s", w.transcript())
		}
	}
}
