package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// sshAlert is a Wazuh alert of guessing on a host of the lab.
func sshAlert(id, host, address, account string) []byte {
	return fmt.Appendf(nil, `{"timestamp":"2026-01-02T03:04:05.678+0000","id":%q,
		"rule":{"id":"5763","level":10,"description":"sshd: brute force trying to get access to the system.","mitre":{"id":["T1110"]},"groups":["sshd"]},
		"agent":{"id":"007","name":%q,"ip":"192.0.2.10"},"manager":{"name":"m"},"location":"/var/log/auth.log",
		"data":{"srcip":%q,"dstuser":%q}}`, id, host, address, account)
}

func phishing(id string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"title":"Phishing reported","severity":"high","host":{"name":"ws-042"},
		"user":{"name":"clerk-17","email":"clerk-17@lab.example"},"urls":["https://login.phish.example/verify?id=8841"],"techniques":["T1566.002"]}`, id)
}

func (p *product) send(t *testing.T, body []byte) string {
	t.Helper()
	receipts, err := p.tool.AlertSend(t.Context(), "wazuh", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	return receipts.Items[0].AlertID
}

func (p *product) pendingApproval(t *testing.T, incident string) soar.Approval {
	t.Helper()
	return eventually(t, incident+" asks for approval", func() (soar.Approval, bool) {
		page, err := p.lead.Approvals(t.Context(), soar.ApprovalPending, incident, client.Page{})
		if err != nil || len(page.Items) == 0 {
			return soar.Approval{}, false
		}
		return page.Items[0], true
	})
}

func (p *product) decide(t *testing.T, approval soar.Approval, decision gen.DecisionInputDecision) {
	t.Helper()
	input := gen.DecisionInput{Decision: decision, Reason: "decided in a test"}
	if approval.Digest != "" {
		input.Digest = &approval.Digest
	}
	_, err := p.lead.Decide(t.Context(), approval.ID, "test-"+approval.ID, input)
	if err != nil {
		t.Fatal(err)
	}
}

func ended(d protocol.Detail) bool { return d.Incident.Status.Ended() }

func TestBruteForceIsContainedOnceAndClosed(t *testing.T) {
	p := start(t)
	incident := p.incidentOf(t, p.send(t, sshAlert("1", "web-01", "203.0.113.66", "deploy")))
	approval := p.pendingApproval(t, incident)
	if len(approval.Bound) != 2 || approval.Digest == "" {
		t.Errorf("the approval shows %+v", approval.Bound)
	}
	if effects := p.happened(t); effects["edr.isolate_host web-01"] != 0 || effects["firewall.block_address 203.0.113.66"] != 0 {
		t.Fatalf("contained before anybody approved: %v", effects)
	}
	p.decide(t, approval, gen.Approve)
	detail := p.detail(t, incident, "closes", ended)

	if detail.Incident.Status != soar.StatusClosed || detail.Incident.Severity != soar.SeverityCritical || detail.Incident.Category != soar.CategoryBruteForce {
		t.Errorf("the incident ended as %+v", detail.Incident)
	}
	effects := p.happened(t)
	for _, effect := range []string{"edr.isolate_host web-01", "firewall.block_address 203.0.113.66"} {
		if effects[effect] != 1 {
			t.Errorf("%s happened %d times", effect, effects[effect])
		}
	}
	if len(detail.Evidence) == 0 || detail.Evidence[0].SHA256 == "" {
		t.Errorf("evidence: %+v", detail.Evidence)
	}
	requireOrder(t, p, incident, protocol.EventIncidentOpened, protocol.EventEvidence, protocol.EventApprovalRequested,
		protocol.EventApprovalDecision, protocol.EventActionIntent, protocol.EventContained, protocol.EventIncidentClosed)
	p.recordHistory(t, incident, "ssh_brute_force")
}

// requireOrder checks that the record verifies and has these kinds in this order.
func requireOrder(t *testing.T, p *product, incident string, kinds ...string) {
	t.Helper()
	var seen []string
	next := 0
	for _, payload := range p.verify(t, incident) {
		seen = append(seen, payload.Kind)
		if next < len(kinds) && payload.Kind == kinds[next] {
			next++
		}
	}
	if next < len(kinds) {
		t.Errorf("the record lacks %s in its place:\n%s", kinds[next], strings.Join(seen, "\n"))
	}
}

func TestPhishingRunsThroughItsTask(t *testing.T) {
	p := start(t)
	reporter := p.person(t, access.TokenRequest{Name: "button", Source: "generic"})
	receipts, err := reporter.AlertSend(t.Context(), "generic", "application/json", phishing("p-1"))
	if err != nil {
		t.Fatal(err)
	}
	incident := p.incidentOf(t, receipts.Items[0].AlertID)
	p.decide(t, p.pendingApproval(t, incident), gen.Approve)
	task := eventually(t, "a task is opened", func() (soar.Task, bool) {
		page, err := p.lead.Tasks(t.Context(), soar.TaskOpen, incident, client.Page{})
		if err != nil || len(page.Items) == 0 {
			return soar.Task{}, false
		}
		return page.Items[0], true
	})
	if _, err := p.lead.TaskDone(t.Context(), task.ID, "task-done-1", map[string]any{"remarks": "no answer to the question"}); err == nil {
		t.Error("an answer without its required field was taken")
	}
	if _, err := p.lead.TaskDone(t.Context(), task.ID, "task-done-2", map[string]any{"entered_credentials": true}); err != nil {
		t.Fatal(err)
	}
	detail := p.detail(t, incident, "closes", ended)
	if detail.Incident.Status != soar.StatusClosed {
		t.Errorf("ended as %+v", detail.Incident)
	}
	effects := p.happened(t)
	for effect, times := range map[string]int{"edr.isolate_host ws-042": 1, "directory.disable_user clerk-17": 1, "directory.revoke_sessions clerk-17": 1} {
		if effects[effect] != times {
			t.Errorf("%s happened %d times, want %d: %v", effect, effects[effect], times, effects)
		}
	}
	p.verify(t, incident)
	p.recordHistory(t, incident, "phishing_clicked_link")
}

func TestDenialContainsNothing(t *testing.T) {
	p := start(t)
	incident := p.incidentOf(t, p.send(t, sshAlert("1", "web-01", "203.0.113.66", "deploy")))
	p.decide(t, p.pendingApproval(t, incident), gen.Deny)
	p.detail(t, incident, "closes", ended)
	for effect := range p.happened(t) {
		if strings.HasPrefix(effect, "edr.isolate") || strings.HasPrefix(effect, "firewall.block") {
			t.Errorf("%s happened although it was denied", effect)
		}
	}
	p.verify(t, incident)
	p.recordHistory(t, incident, "ssh_brute_force_denied")
}

func TestTheSameAlertOpensOneIncident(t *testing.T) {
	p := start(t)
	first := p.send(t, sshAlert("same", "web-01", "203.0.113.66", "deploy"))
	incident := p.incidentOf(t, first)
	for range 5 {
		if again := p.send(t, sshAlert("same", "web-01", "203.0.113.66", "deploy")); again != first {
			t.Errorf("the same alert got the ids %s and %s", first, again)
		}
	}
	page, err := p.lead.Incidents(t.Context(), client.IncidentQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 1 || page.Items[0].ID != incident {
		t.Errorf("there are %d incidents", len(page.Items))
	}
}

func TestManyAlertsLoseNothing(t *testing.T) {
	p := start(t)
	const many = 40
	ids := map[string]bool{}
	for i := range many {
		ids[p.send(t, sshAlert(strconv.Itoa(i), "web-02", "198.51.100."+strconv.Itoa(i+1), "guest"+strconv.Itoa(i)))] = true
	}
	if len(ids) != many {
		t.Fatalf("%d alerts got %d ids", many, len(ids))
	}
	for id := range ids {
		p.incidentOf(t, id)
	}
}
