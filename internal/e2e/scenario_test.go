package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// stealer is a file that the lab's reputation service knows, and that its EDR has
// seen on two hosts.
const stealer = "5b2f4e0c8d1a6b39f7c2e4d5a8b1c0937e6f2a4d9c8b7e1f3a5d6c4b2e8f9a01"

func malware(id, host, hash, address string) string {
	return fmt.Sprintf(`{"id":%q,"title":"Malware was run","severity":"high","category":"infected_system","host":{"name":%q},
		"hashes":[%q],"destination_ip":%q,"techniques":["T1204.002"]}`, id, host, hash, address)
}

func oddSignIn(id, user, address string) string {
	return fmt.Sprintf(`{"id":%q,"title":"Sign-in without a second factor","severity":"high","category":"unprivileged_account_compromise",
		"user":{"email":%q},"source_ip":%q,"techniques":["T1078"]}`, id, user, address)
}

// scenario is one way through a shipped playbook: what comes in, what people say
// to each question and task in turn, and what has happened in the world at the end.
type scenario struct {
	name, alert string
	decisions   []gen.DecisionInputDecision
	answers     map[string]map[string]any // by the id of the task's step
	effects     []string                  // each once
	never       []string                  // beginnings of effects that must not be
	status      soar.IncidentStatus
	resolution  string
	facts       map[string]any
}

func scenarios() []scenario {
	duties := map[string]any{"personal_data": true, "notify": true, "whom": "the data protection authority, within 72 hours"}
	review := map[string]any{"report": "shared drive, folder of the incident", "improvements": "block macros, operations, next month"}
	return []scenario{
		{
			name: "malware_on_endpoint", alert: malware("m-1", "ws-042", stealer, "203.0.113.80"),
			decisions: []gen.DecisionInputDecision{gen.Approve, gen.Approve},
			answers: map[string]map[string]any{
				"eradicate": {"outcome": "rebuilt", "entry": "a macro in an invoice"}, "recover": {"patched": true, "restored_from": "last Sunday"},
				"duties": duties, "review": review,
			},
			effects: []string{"edr.isolate_host ws-042", "edr.block_file " + stealer, "firewall.block_address 203.0.113.80",
				"directory.revoke_sessions clerk-17", "directory.reset_password clerk-17"},
			status: soar.StatusClosed,
			facts:  map[string]any{"malware_family": "labstealer", "hosts_affected": float64(2), "personal_data": true, "root_cause": "a macro in an invoice"},
		},
		{
			name: "malware_on_endpoint denied", alert: malware("m-2", "ws-042", stealer, "203.0.113.80"),
			decisions: []gen.DecisionInputDecision{gen.Deny, gen.Deny},
			answers: map[string]map[string]any{
				"eradicate": {"outcome": "cleaned", "entry": "a macro in an invoice"}, "recover": {"patched": true, "restored_from": "none"},
				"duties": {"personal_data": false, "notify": false}, "review": review,
			},
			never:  []string{"edr.isolate", "edr.block", "firewall.", "directory."},
			status: soar.StatusClosed, facts: map[string]any{"authorities": "none"},
		},
		{
			name: "malware_on_endpoint harmless", alert: malware("m-3", "ws-023", strings.Repeat("0", 64), "198.51.100.10"),
			never: []string{"edr.isolate", "edr.block", "firewall.", "directory."}, status: soar.StatusNotIncident, resolution: "false_positive",
		},
		{
			name: "compromised_account", alert: oddSignIn("a-1", "clerk-17@lab.example", "203.0.113.66"),
			decisions: []gen.DecisionInputDecision{gen.Approve},
			answers: map[string]map[string]any{
				"speak":     {"was_it_them": "no", "remarks": "on leave"},
				"eradicate": {"mfa": "registered_anew", "scope": "the mailbox only", "entry": "a stolen cookie"},
				"restore":   {"identity_proven": true, "how": "in person"}, "duties": duties, "review": review,
			},
			effects: []string{"directory.disable_user clerk-17", "directory.revoke_sessions clerk-17", "directory.reset_password clerk-17",
				"firewall.block_address 203.0.113.66", "mail.disable_rules r-2001"},
			status: soar.StatusClosed, facts: map[string]any{"sign_ins_without_mfa": float64(1), "forwarding_rules": float64(1), "root_cause": "a stolen cookie"},
		},
		{
			name: "compromised_account was the holder", alert: oddSignIn("a-2", "clerk-18@lab.example", "192.0.2.17"),
			answers: map[string]map[string]any{"speak": {"was_it_them": "yes"}},
			never:   []string{"directory.", "firewall.", "mail.disable"}, status: soar.StatusNotIncident, resolution: "benign",
		},
	}
}

// TestScenarios runs the shipped playbooks for malware and accounts to their ends.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			sensor := p.person(t, access.TokenRequest{Name: "sensor", Source: "generic"})
			receipts, err := sensor.AlertSend(t.Context(), "generic", "application/json", []byte(s.alert))
			if err != nil {
				t.Fatal(err)
			}
			incident := p.incidentOf(t, receipts.Items[0].AlertID)
			detail := p.work(t, incident, s)
			p.judge(t, s, detail)
			p.verify(t, incident)
			p.recordHistory(t, incident, strings.ReplaceAll(s.name, " ", "_"))
		})
	}
}

// work answers whatever is asked until the incident has ended.
func (p *product) work(t *testing.T, incident string, s scenario) protocol.Detail {
	t.Helper()
	people := p.person(t, access.TokenRequest{Name: "legal", Person: "legal@lab.invalid", Roles: []soar.Role{soar.RoleLegal, soar.RoleSOCLead, soar.RoleAnalyst}})
	decided, answered := map[string]bool{}, map[string]bool{}
	return eventually(t, incident+" ends", func() (protocol.Detail, bool) {
		approvals, err := p.lead.Approvals(t.Context(), soar.ApprovalPending, incident, client.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, approval := range approvals.Items {
			if decided[approval.ID] {
				continue
			}
			if len(decided) >= len(s.decisions) {
				t.Fatalf("nobody said that this would be asked: %s", approval.Title)
			}
			p.decide(t, approval, s.decisions[len(decided)])
			decided[approval.ID] = true
		}
		tasks, err := people.Tasks(t.Context(), soar.TaskOpen, incident, client.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks.Items {
			step := task.StepPath[strings.LastIndex(task.StepPath, "/")+1:]
			if answered[task.ID] {
				continue
			}
			if _, err := people.TaskDone(t.Context(), task.ID, "answer-"+task.ID, s.answers[step]); err != nil {
				t.Fatalf("task %s: %v", task.StepPath, err)
			}
			answered[task.ID] = true
		}
		detail, err := p.lead.Incident(t.Context(), incident)
		if err != nil {
			t.Fatal(err)
		}
		return *detail, ended(*detail) && len(decided) == len(s.decisions) && len(answered) == len(s.answers)
	})
}

// judge compares the end with what the scenario promises.
func (p *product) judge(t *testing.T, s scenario, detail protocol.Detail) {
	t.Helper()
	if detail.Incident.Status != s.status || (s.resolution != "" && string(detail.Incident.Resolution) != s.resolution) {
		t.Errorf("ended as %s %s", detail.Incident.Status, detail.Incident.Resolution)
	}
	happened := p.happened(t)
	for _, effect := range s.effects {
		if happened[effect] != 1 {
			t.Errorf("%s happened %d times: %v", effect, happened[effect], happened)
		}
	}
	for effect := range happened {
		for _, never := range s.never {
			if strings.HasPrefix(effect, never) {
				t.Errorf("%s happened", effect)
			}
		}
	}
	for name, want := range s.facts {
		if got := detail.Incident.Facts[name]; got != want {
			t.Errorf("fact %s is %v, want %v", name, got, want)
		}
	}
}
