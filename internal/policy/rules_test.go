package policy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/deadline/calendar"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const agreed = "name: n\nversion: \"1\"\nagreed_by: ciso\nagreed_on: 2026-01-02\n"

func TestTheLongFormOfObjectives(t *testing.T) {
	t.Parallel()
	policy, faults := site(fileObjectives, agreed+`calendars:
  office: {zone: Europe/Berlin, hours: {mon-fri: 09:00-17:00}, holidays: [12-25]}
objectives:
  - id: contain_phishing
    objective: contain
    severities: [critical, high]
    categories: [phishing]
    within: 8h
    warn_at: [0.5, 0.9]
    calendar: office
    start: incident.acknowledged
    pause: incident.facts.waiting_for_provider ?? false
    on_warning: [{notify: [soc_lead]}]
    on_breach: [{escalate: management}, {declare: {contain_late: true}}]
  - {id: report_all, objective: report, within: 3d, stop: incident.facts.report_sent ?? false}
`)
	if policy == nil {
		t.Fatal(faults)
	}
	want := []protocol.ObjectiveRule{
		{ID: "contain_phishing", Objective: "contain", Severities: []soar.Severity{soar.SeverityCritical, soar.SeverityHigh}, Categories: []soar.Category{soar.CategoryPhishing},
			Within: 8 * time.Hour, WarnAt: []float64{0.5, 0.9}, Calendar: "office", Start: "incident.acknowledged", Pause: "incident.facts.waiting_for_provider ?? false",
			OnWarning: []protocol.ObjectiveAction{{Notify: []soar.Role{soar.RoleSOCLead}}},
			OnBreach:  []protocol.ObjectiveAction{{Escalate: "management"}, {Declare: map[string]any{"contain_late": true}}}},
		{ID: "report_all", Objective: "report", Within: 72 * time.Hour, Stop: "incident.facts.report_sent ?? false"},
	}
	if diff := cmp.Diff(want, policy.Objectives.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	var spec calendar.Spec
	if err := json.Unmarshal(policy.Objectives.Calendars["office"], &spec); err != nil {
		t.Fatal(err)
	}
	c, err := calendar.New(spec)
	if err != nil || c.WorkingDay(calendar.Date{Year: 2028, Month: time.December, Day: 25}) || !c.WorkingDay(calendar.Date{Year: 2028, Month: time.December, Day: 26}) {
		t.Errorf("the calendar is not what the file says: %v", err)
	}
}

func TestTheShortFormBecomesRules(t *testing.T) {
	t.Parallel()
	policy := shipped(t)
	clocks := 0
	for _, of := range policy.Objectives.Clocks {
		clocks += len(of)
	}
	if len(policy.Objectives.Rules) != clocks || clocks != 11 {
		t.Errorf("%d rules of %d clocks", len(policy.Objectives.Rules), clocks)
	}
	first := protocol.ObjectiveRule{ID: "acknowledge_critical", Objective: "acknowledge", Severities: []soar.Severity{soar.SeverityCritical}, Within: 15 * time.Minute, WarnAt: []float64{0.66}}
	if diff := cmp.Diff(first, policy.Objectives.Rules[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFaultsOfObjectives(t *testing.T) {
	t.Parallel()
	rules := func(lines ...string) string {
		return agreed + "objectives:\n  - " + strings.Join(lines, "\n  - ") + "\n"
	}
	for _, row := range []struct {
		name, source string
		want         []string
	}{
		{"neither form", agreed, []string{`1:1: error: the file needs the key "clocks" [missing_key]`}},
		{"overlapping rules", rules("{id: a, objective: contain, severities: [high, low], within: 1h}", "{id: b, objective: contain, severities: [low], within: 2h}"),
			[]string{`7:10: error: a and b both hold for some incidents, and neither goes before the other [policy_order] | narrow one of them by severities, categories or playbooks`}},
		{"overlap through a playbook", rules("{id: a, objective: contain, playbooks: [x], within: 1h}", "{id: b, objective: contain, playbooks: [y], within: 2h}"),
			[]string{`7:10: error: a and b both hold for some incidents, and neither goes before the other [policy_order] | narrow one of them by severities, categories or playbooks`}},
		{"narrower is no overlap", rules("{id: a, objective: contain, within: 1h}", "{id: b, objective: contain, categories: [phishing], within: 2h}"), nil},
		{"unknown objective", rules("{id: a, objective: contian, within: 1h}"),
			[]string{`6:24: error: objective must be acknowledge, triage, contain, eradicate, recover, close, resolve or report, not "contian" [choice] | did you mean "contain"?`}},
		{"a condition of another kind", rules("{id: a, objective: contain, within: 1h, pause: incident.status}"),
			[]string{`6:52: error: this must be true or false, but it is text [policy_expression]`}},
		{"an unknown name", rules("{id: a, objective: contain, within: 1h, pause: alert.count > 1}"), nil},
		{"no such calendar", rules("{id: a, objective: contain, within: 1h, calendar: office}"), nil},
		{"a report that nothing ends", rules("{id: a, objective: report, within: 1h}"),
			[]string{`6:24: error: nothing says when a report is done [policy_total] | give stop: an expression such as incident.facts.report_sent ?? false`}},
		{"warnings that fall", rules("{id: a, objective: contain, within: 1h, warn_at: [0.9, 0.5]}"),
			[]string{`6:60: error: warnings must rise [policy_order] | write them as [0.5, 0.75, 0.9]`}},
		{"two things in one action", rules("{id: a, objective: contain, within: 1h, on_breach: [{notify: [ciso], escalate: x}]}"),
			[]string{`6:57: error: an action is one of notify, escalate and declare [policy_total]`}},
		{"nobody to notify", rules("{id: a, objective: contain, within: 1h, on_breach: [{notify: [boss]}]}"), nil},
		{"an impossible zone", agreed + "calendars: {c: {zone: Mars/Olympus, hours: always}}\nobjectives: [{id: a, objective: contain, within: 1h}]\n",
			[]string{`5:23: error: there is no time zone "Mars/Olympus" [calendar_zone] | use a name of the IANA database, such as Europe/Berlin or UTC`}},
		{"no working hour", agreed + "calendars: {c: {zone: UTC, hours: {}}}\nobjectives: [{id: a, objective: contain, within: 1h}]\n",
			[]string{`5:35: error: there is no working hour in this calendar [calendar_hours] | write hours: {mon-fri: 09:00-17:00}, or hours: always`}},
	} {
		policy, got := site(fileObjectives, row.source)
		faulty := row.name != "narrower is no overlap"
		if (policy == nil) != faulty {
			t.Errorf("%s: accepted %t", row.name, policy != nil)
		}
		if row.want == nil && faulty {
			if len(got) != 1 || !strings.HasPrefix(got[0], "6:") {
				t.Errorf("%s: %q", row.name, got)
			}
			continue
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}
