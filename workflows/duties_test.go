package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/deadline/packs"
	"github.com/tocsin-soar/tocsin/internal/deadline/timeline"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func shippedPacks(t *testing.T) *duty.Library {
	t.Helper()
	library, faults := packs.Load("")
	if library == nil {
		t.Fatal(faults)
	}
	return library
}

func breachFacts() map[string]any {
	return map[string]any{"personal_data_breach": true, "significant_incident": true, "processor": false, "high_risk": false, "significant_harm": false, "ongoing": false, "jurisdictions": []any{"eu"}}
}

// Duties open when a fact is declared, ring when the simulator says, and stop when
// they were sent or waived.
func TestDutiesOpenRingAndEnd(t *testing.T) {
	t.Parallel()
	for _, often := range []bool{false, true} {
		p := playbook("one", wait("w", plan.Wait{For: 30 * time.Minute}))
		w := newWorld(t, p)
		w.often, w.duties = often, timeline.Duties(shippedPacks(t))
		input := incident(p)
		input.Policy = protocol.ObjectivePolicy{Name: "agreed", Version: "4", Rules: []protocol.ObjectiveRule{{ID: "a", Objective: "acknowledge", Within: 3000 * time.Hour}}}
		hours := func(n int) time.Duration { return time.Duration(n) * time.Hour }
		w.at(time.Minute, protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Facts: breachFacts()})
		tooEarly := w.at(hours(1), protocol.UpdateClose, protocol.Close{Command: by("anna"), Resolution: soar.ResolutionResolved})
		noProof := w.at(hours(2), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-nis2-23/early_warning", Do: protocol.DutySent})
		w.at(hours(3), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-nis2-23", Do: protocol.DutyConfirm})
		w.at(hours(20), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-nis2-23/early_warning", Do: protocol.DutySent, Proof: "receipt 1"})
		w.at(hours(80), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-nis2-23/notification", Do: protocol.DutySent, Proof: "receipt 2"})
		w.at(hours(81), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-gdpr-33", Do: protocol.DutyWaive})
		w.at(hours(900), protocol.UpdateDuty, protocol.DutyCommand{Command: by("anna"), Duty: "eu-nis2-23/final", Do: protocol.DutySent, Proof: "EVD-1"})
		w.run(input).ended(soar.StatusClosed)

		simulated, err := timeline.Compute(timeline.Request{Library: shippedPacks(t), Certain: true, Incident: soar.Incident{OpenedAt: start(), Severity: soar.SeverityHigh, Facts: breachFacts()}})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, m := range simulated.Moments {
			if m.Projected || m.Clock == "eu-nis2-23 early_warning" && m.At.After(start().Add(hours(20))) {
				continue
			}
			want = append(want, fmt.Sprintf("%s %s %s", m.At.UTC().Format(time.RFC3339), m.What, strings.Replace(m.Clock, " ", "/", 1)))
		}
		final := finalDue(t, start().Add(hours(80)))
		want = append(want, final.Format(time.RFC3339)+" due eu-nis2-23/final")
		slices.Sort(want)
		var got []string
		for _, line := range dutiesRang(w) {
			if !strings.Contains(line, "warning eu-nis2-23/final") {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("often %t (-simulator +workflow):\n%s\n%s", often, diff, w.transcript())
		}
		if !strings.Contains(tooEarly.refused, "not sent") || !strings.Contains(noProof.refused, "a proof is needed") {
			t.Errorf("closing with open duties: %q; sent without proof: %q", tooEarly.refused, noProof.refused)
		}
		checkRecordOfDuties(t, w)
	}
}

func finalDue(t *testing.T, sent time.Time) time.Time {
	t.Helper()
	library := shippedPacks(t)
	outcome, _ := library.Outcome(library.Regime("eu-nis2-23"), duty.Incident{OpenedAt: start(), Declared: breachFacts(),
		Submitted: map[string]map[string]time.Time{"eu-nis2-23": {"notification": sent}}}, false)
	return outcome.Due("final").At.UTC()
}

func dutiesRang(w *world) []string {
	var lines []string
	for _, event := range w.events {
		what := map[string]string{protocol.EventObjectiveWarning: "warning", protocol.EventObjectiveBreached: "due"}[event.Kind]
		if name, ours := strings.CutPrefix(event.Text, "Duty "); ours && what != "" {
			name, _, _ = strings.Cut(name, " ")
			lines = append(lines, fmt.Sprintf("%s %s %s", event.At.UTC().Format(time.RFC3339), what, name))
		}
	}
	slices.Sort(lines)
	return lines
}

func checkRecordOfDuties(t *testing.T, w *world) {
	t.Helper()
	text := w.transcript()
	for _, want := range []string{
		"Duty opened: GDPR Article 33(1), controller to authority: notification, to the competent supervisory authority, due ",
		"Duty eu-nis2-23 confirmed: because", "Duty eu-gdpr-33 waived: because",
		"Duty eu-nis2-23/early_warning sent to the CSIRT or the competent authority at ", "proof receipt 1: in time, by ",
		"proof receipt 2: late, by 8h0m0s", "Duty eu-nis2-23/final: running, due ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the record:\n%s", want, text)
		}
	}
	opened := 0
	for _, m := range w.messages {
		if strings.Contains(m.Subject, "a duty to notify may apply") {
			opened++
			if !strings.Contains(m.Body, "not legal advice") || !slices.ContainsFunc(m.To, func(a soar.Approver) bool { return a.Role == soar.RoleLegal }) {
				t.Errorf("the message does not reach or warn the right people: %+v", m)
			}
		}
	}
	if opened != 2 {
		t.Errorf("%d regimes were told, want 2", opened)
	}
	at := slices.IndexFunc(w.views.Objectives, func(o soar.Objective) bool { return o.Name == "eu-nis2-23/notification" })
	if at < 0 || w.views.Objectives[at].Duty.Proof != "receipt 2" || !w.views.Objectives[at].Breached || !strings.Contains(w.views.Objectives[at].Duty.Draft, "personal_data_breach: true") {
		t.Errorf("what is kept of the notification: %+v", w.views.Objectives)
	}
}

// Nothing opens from nothing, and what cannot be read is told.
func TestDutiesNeedFacts(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 10 * time.Hour}))
	w := newWorld(t, p)
	w.duties = timeline.Duties(shippedPacks(t))
	input := incident(p)
	input.Policy = agreed(t)
	w.at(time.Hour, protocol.UpdateDeclare, protocol.Declare{Command: by("anna"), Facts: map[string]any{"personal_data_breach": "perhaps", "note": "x"}})
	w.run(input).ended(soar.StatusClosed)
	text := w.transcript()
	if strings.Contains(text, "Duty opened") || !strings.Contains(text, "A duty cannot be computed: fact personal_data_breach must be true or false") {
		t.Errorf("the record:\n%s", text)
	}
}

// A breach starts the escalation policy that its rule names.
func TestABreachEscalates(t *testing.T) {
	t.Parallel()
	p := playbook("one", wait("w", plan.Wait{For: 10 * time.Hour}))
	w := newWorld(t, p)
	w.policy = func(protocol.EscalationRequest) (protocol.EscalationPolicy, error) { return night(), nil }
	input := incident(p)
	input.Settings.AutoClose = false
	input.Policy = protocol.ObjectivePolicy{Name: "agreed", Version: "4", Rules: []protocol.ObjectiveRule{
		{ID: "a", Objective: "contain", Within: time.Hour, OnBreach: []protocol.ObjectiveAction{{Escalate: "night"}}},
	}}
	w.look(61*time.Minute, func(view protocol.StateView) {
		if got := view.Incident.Escalations; len(got) != 1 || got[0].Policy != "night" || !strings.Contains(got[0].Reason, "Objective contain (high) is breached") {
			t.Errorf("escalations %+v", got)
		}
	})
	w.at(20*time.Hour, protocol.UpdateClose, protocol.Close{Command: by("anna"), Resolution: soar.ResolutionResolved})
	w.run(input).ended(soar.StatusClosed)
}
