package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestApprovalRules(t *testing.T) {
	t.Parallel()
	policy, faults := site(fileApprovals, `version: "1"
rules:
  - name: crisis
    when: incident.severity == "critical" and risk == "destroy"
    needs: [incident_commander, ciso]
    quorum: 2
  - {name: phishing, when: 'incident.category == "phishing" and any(actions, # startsWith "mail.")', quorum: 1}
`)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := []protocol.ApprovalRule{
		{Name: "crisis", When: `incident.severity == "critical" and risk == "destroy"`, Needs: []soar.Role{soar.RoleIncidentCommander, soar.RoleCISO}, Quorum: 2},
		{Name: "phishing", When: `incident.category == "phishing" and any(actions, # startsWith "mail.")`, Quorum: 1},
	}
	if diff := cmp.Diff(want, policy.Approvals); diff != "" {
		t.Error(diff)
	}
	if len(shipped(t).Approvals) != 0 {
		t.Error("the shipped policy asks for more than the playbooks do")
	}
}

func TestFaultsOfApprovalRules(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, rule, want string }{
		{"no name", `{when: 'true == true', quorum: 2}`, `needs the key "name"`},
		{"a severity that there is not", `{name: a, when: 'incident.severity == "terrible"', quorum: 2}`, "terrible"},
		{"what a rule may not read", `{name: a, when: 'alert.title == ""', quorum: 2}`, "alert"},
		{"no condition", `{name: a, when: incident.severity, quorum: 2}`, "true or false"},
		{"a role that decides nothing", `{name: a, when: 'risk == "destroy"', needs: [analyst]}`, "decides no approvals"},
		{"no such role", `{name: a, when: 'risk == "destroy"', needs: [king]}`, "king"},
		{"asks for nothing", `{name: a, when: 'risk == "destroy"'}`, "asks for nothing"},
		{"less than one", `{name: a, when: 'risk == "destroy"', quorum: 0}`, "quorum"},
		{"a quorum for a crowd", `{name: a, when: 'risk == "destroy"', quorum: 11}`, "quorum"},
		{"an unknown key", `{name: a, when: 'risk == "destroy"', quorum: 2, lower: true}`, "lower"},
	}
	for _, row := range rows {
		_, faults := site(fileApprovals, "version: \"1\"\nrules:\n  - "+row.rule+"\n")
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "3:") || !strings.Contains(faults[0], row.want) {
			t.Errorf("%s: %v", row.name, faults)
		}
	}
}
