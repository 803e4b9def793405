package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/oncall"
	"github.com/tocsin-soar/tocsin/internal/oncall/escalation"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const oneLayer = "{name: weeks, people: [ada, otto], starting: 2026-01-05, handover: \"08:00\", turn: 7d}"

func rosterFile(layers string) string {
	return "version: \"1\"\nrosters:\n  soc:\n    zone: Europe/Berlin\n    layers:\n      - " + layers + "\n"
}

func policyFile(body string) string {
	return "version: \"1\"\npolicies:\n  one:\n    description: d\n" + body
}

func TestRosterFaults(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, source string
		want         []string
	}{
		{"right", rosterFile(oneLayer), nil},
		{"unknown zone", strings.Replace(rosterFile(oneLayer), "Europe/Berlin", "Europe/Berlyn", 1),
			[]string{`4:11: error: "Europe/Berlyn" is not a time zone [policy_form] | use the name of the IANA database, such as Europe/Berlin or UTC`}},
		{"the machine's zone", strings.Replace(rosterFile(oneLayer), "Europe/Berlin", "Local", 1),
			[]string{`4:11: error: "Local" is not a time zone [policy_form] | use the name of the IANA database, such as Europe/Berlin or UTC`}},
		{"without people", rosterFile(strings.Replace(oneLayer, "[ada, otto]", "[]", 1)),
			[]string{`6:31: error: nobody is in this layer [policy_empty] | name at least one person by id, as in tocsin person list`}},
		{"no id of a person", rosterFile(strings.Replace(oneLayer, "ada", "Ada L", 1)),
			[]string{`6:32: error: this is not a person's id [policy_form] | as in tocsin person list, such as ada@lab.invalid`}},
		{"half an hour", rosterFile(strings.Replace(oneLayer, "7d", "1h30m", 1)),
			[]string{`6:91: error: turn must be whole hours [range] | write 7d, 1d or 12h`}},
		{"too short", rosterFile(strings.Replace(oneLayer, "7d", "30m", 1)),
			[]string{`6:91: error: turn must be from 1h to 366d [range]`}},
		{"no such day", rosterFile(strings.Replace(oneLayer, "2026-01-05", "2026-02-30", 1)),
			[]string{`6:54: error: starting must be a date [policy_form] | write it as 2026-01-31`}},
		{"no time of day", rosterFile(strings.Replace(oneLayer, "08:00", "8 o'clock", 1)),
			[]string{`6:76: error: handover must be a time of day [policy_form] | write it in quotes: "08:00"`}},
		{"no layers", "version: \"1\"\nrosters:\n  soc:\n    zone: UTC\n    layers: []\n", []string{`5:13: error: layers must not be empty [policy_empty]`}},
		{"the same layer twice", rosterFile(oneLayer + "\n      - " + oneLayer),
			[]string{`7:16: error: "weeks" stands here twice [policy_twice] | give each its own name`}},
		{"no such day of the week", rosterFile(strings.Replace(oneLayer, "7d", "7d, only: [{days: [mo], from: \"09:00\", until: \"17:00\"}]", 1)),
			[]string{`6:110: error: a day must be sun, mon, tue, wed, thu, fri or sat, not "mo" [choice] | did you mean "mon"?`}},
		{"a gap", rosterFile(strings.Replace(oneLayer, "7d", "7d, only: [{days: [mon, tue, wed, thu, fri], from: \"09:00\", until: \"17:00\"}]", 1)),
			[]string{`3:3: warning: nobody is on call by roster soc from Mon 2026-01-05 08:00 until Mon 2026-01-05 09:00 CET [policy_gap] | 11 such gaps in two weeks; add a layer without only, or let an escalation go on to a role`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, got := site(fileRosters, row.source)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEscalationFaults(t *testing.T) {
	t.Parallel()
	const step = "      - {to: [{role: ciso}], wait: 10m}\n"
	rows := []struct {
		name, source string
		want         []string
	}{
		{"right", policyFile("    steps:\n" + step), nil},
		{"no step", policyFile("    steps: []\n"), []string{`5:12: error: steps must not be empty [policy_empty]`}},
		{"no steps at all", policyFile("    repeat: 1\n"), []string{`4:5: error: a policy needs the key "steps" [missing_key]`}},
		{"no wait", policyFile("    steps:\n      - {to: [{role: ciso}]}\n"),
			[]string{`6:9: error: a step needs the key "wait" [missing_key] | how long to wait for an acknowledgement before the next step, such as 10m`}},
		{"wait 0 in a repeat", policyFile("    repeat: 3\n    steps:\n      - {to: [{role: ciso}], wait: 0s}\n"),
			[]string{`7:36: error: wait must be at least 1m [range] | without it nobody has time to answer, and a repeat would never pause`}},
		{"repeats without end", policyFile("    repeat: 1000\n    steps:\n" + step), []string{`5:13: error: repeat must be from 0 to 10 [range]`}},
		{"unknown roster", policyFile("    steps:\n      - {to: [{roster: sock}], wait: 10m}\n"),
			[]string{`6:24: error: there is no roster "sock" [policy_unknown] | there are no rosters of rosters.yaml`}},
		{"unknown role", policyFile("    steps:\n      - {to: [{role: cisco}], wait: 10m}\n"), []string{`6:22: error: role must be ` + roleList() + `, not "cisco" [choice] | did you mean "ciso"?`}},
		{"two in one", policyFile("    steps:\n      - {to: [{role: ciso, person: ada}], wait: 10m}\n"),
			[]string{`6:15: error: who is told is exactly one of role, person and roster [policy_form] | write each on its own, such as [{role: soc_lead}, {roster: soc}]`}},
		{"two kinds", policyFile("    steps:\n      - {to: [{role: ciso}], policy: one, wait: 10m}\n"),
			[]string{`6:9: error: a step has exactly one of to, crisis, continuity and policy [policy_form]`}},
		{"unknown policy", policyFile("    steps:\n      - {policy: on}\n"), []string{`6:18: error: there is no policy "on" [policy_unknown] | did you mean "one"?`}},
		{"through itself", policyFile("    steps:\n      - {policy: one}\n"), []string{`6:18: error: policies go in a circle: one -> one [policy_cycle] | take one of the steps out`}},
		{"in a circle", policyFile("    steps:\n" + step + "      - {policy: two}\n  two:\n    description: d\n    steps:\n      - {policy: one}\n"),
			[]string{`11:18: error: policies go in a circle: one -> two -> one [policy_cycle] | take one of the steps out`}},
		{"the last step is a policy", policyFile("    steps:\n" + step + "    final: {policy: two}\n  two:\n    description: d\n    steps:\n" + step + step),
			[]string{`7:12: error: the final step is one step, not a policy [policy_form] | write to, crisis or continuity`}},
		{"a crisis without a team", policyFile("    steps:\n" + step + "    final: {crisis: {title: t, team: []}, wait: 1h}\n"), []string{`7:38: error: team must not be empty [policy_empty]`}},
		{"a crisis that closes", policyFile("    steps:\n" + step + "    final: {crisis: {title: t, team: [{role: ciso}], status: closed}, wait: 1h}\n"),
			[]string{`7:62: error: status must be ` + openStatuses() + `, not "closed" [choice]`}},
		{"a plan without an owner", policyFile("    steps:\n      - {continuity: {plan: BCP-4}, wait: 1h}\n"), []string{`6:22: error: continuity needs the key "owner" [missing_key]`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, got := site(fileEscalation, row.source)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func roleList() string {
	_, faults := site(fileEscalation, policyFile("    steps:\n      - {to: [{role: xxxxxxxxxxxx}], wait: 10m}\n"))
	_, rest, _ := strings.Cut(faults[0], "role must be ")
	list, _, _ := strings.Cut(rest, ", not")
	return list
}

func openStatuses() string { return "reported, assessed, contained, eradicated or recovered" }

func TestEscalationIsRead(t *testing.T) {
	t.Parallel()
	p, faults := site(fileEscalation, policyFile(`    repeat: 2
    stale_after: 30m
    steps:
      - {policy: two}
      - {continuity: {plan: "BCP-4, mail", owner: {person: ada}, due: 1h}, wait: 5m}
    final: {crisis: {title: Lead, team: [{role: ciso}], due: 30m, severity: critical, status: assessed, facts: {crisis: true, level: 2}}, wait: 1h}
  two:
    description: d
    steps:
      - {to: [{role: soc_lead}, {person: otto}], wait: 10m}
`))
	if faults != nil {
		t.Fatal(faults)
	}
	lead := protocol.EscalationStep{To: []soar.Approver{{Role: soar.RoleSOCLead}, {Person: "otto"}}, Wait: 10 * time.Minute}
	want := protocol.EscalationPolicy{
		Name: "one", Digest: p.Digest, Repeat: 2, StaleAfter: 30 * time.Minute,
		Steps: []protocol.EscalationStep{lead, {Wait: 5 * time.Minute, Continuity: &protocol.EscalationContinuity{
			Plan: "BCP-4, mail", Owner: soar.Approver{Person: "ada"}, DueIn: time.Hour}}},
		Final: &protocol.EscalationStep{Wait: time.Hour, Crisis: &protocol.EscalationCrisis{
			Title: "Lead", Team: []soar.Approver{{Role: soar.RoleCISO}}, DueIn: 30 * time.Minute, Severity: soar.SeverityCritical,
			Status: soar.StatusAssessed, Facts: map[string]any{"crisis": true, "level": 2}}},
	}
	if diff := cmp.Diff(want, p.EscalationPolicy("one")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if none := p.EscalationPolicy("three"); none.Name != "" {
		t.Errorf("got %+v", none)
	}
	if diff := cmp.Diff([]string{"one", "two"}, p.EscalationNames()); diff != "" {
		t.Error(diff)
	}
}

// TestShippedEscalation: what ships works without rosters and comes to an end.
func TestShippedEscalation(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	soc := p.EscalationPolicy("soc")
	if soc.Final == nil || soc.Final.Crisis == nil || escalation.Steps(soc) != 7 {
		t.Fatalf("soc is %+v", soc)
	}
	for _, name := range p.EscalationNames() {
		for _, step := range p.EscalationPolicy(name).Steps {
			for _, who := range step.To {
				if who.Role == "" {
					t.Errorf("%s tells %+v, whom a new site does not have", name, who)
				}
			}
		}
	}
}

func TestRosterIsRead(t *testing.T) {
	t.Parallel()
	p, faults := site(fileRosters, rosterFile(oneLayer))
	if faults != nil || p.Roster("sock") != nil {
		t.Fatal(faults)
	}
	roster := p.Roster("soc")
	at := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	if duty := roster.At(at, oncall.Changes{}); duty.Person != "otto" || duty.Layer != "weeks" {
		t.Errorf("got %+v", duty)
	}
	shifts := roster.Shifts(at, at.Add(7*24*time.Hour), oncall.Changes{})
	if want := time.Date(2026, 3, 30, 6, 0, 0, 0, time.UTC); len(shifts) != 2 || !shifts[1].From.Equal(want) {
		t.Errorf("the handover is not at 08:00 of the summer: %+v", shifts)
	}
}
