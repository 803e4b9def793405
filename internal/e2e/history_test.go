package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	sdk "go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// recordEnv names the folder that histories are written to: a release's folder in
// workflows/testdata/history. Without it the runs are only checked.
const recordEnv = "TOCSIN_RECORD_HISTORIES"

// publish puts a playbook of testdata into the library.
func (p *product) publish(t *testing.T, author *client.Client, name string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := author.PlaybookPublish(t.Context(), name, "", source); err != nil {
		t.Fatalf("publish %s: %v", name, err)
	}
}

// taskOf waits for an open task and answers it.
func (p *product) taskOf(t *testing.T, incident string, answer map[string]any) {
	t.Helper()
	task := eventually(t, "a task is opened", func() (soar.Task, bool) {
		page, err := p.lead.Tasks(t.Context(), soar.TaskOpen, incident, client.Page{})
		if err != nil || len(page.Items) == 0 {
			return soar.Task{}, false
		}
		return page.Items[0], true
	})
	if _, err := p.lead.TaskDone(t.Context(), task.ID, "answer-"+task.ID, answer); err != nil {
		t.Fatal(err)
	}
}

// TestEveryKindOfStep runs a playbook with every kind of step on the real servers.
func TestEveryKindOfStep(t *testing.T) {
	p := start(t)
	author := p.person(t, access.TokenRequest{Name: "author", Person: "author@lab.invalid", Roles: []soar.Role{soar.RolePlaybookEngineer}})
	p.publish(t, author, "called_lookup")
	p.publish(t, author, "every_kind")
	generic := p.person(t, access.TokenRequest{Name: "scanner", Source: "generic"})
	receipts, err := generic.AlertSend(t.Context(), "generic", "application/json",
		[]byte(`{"id":"scan-1","title":"Port scan seen","severity":"medium","host":{"name":"web-02"},"techniques":["T1046"]}`))
	if err != nil {
		t.Fatal(err)
	}
	incident := p.incidentOf(t, receipts.Items[0].AlertID)
	p.detail(t, incident, "waits for the event", func(d protocol.Detail) bool { return stepIs(d, "r1/all_clear", soar.StepRunning) })
	early := soar.Approval{ID: protocol.DerivedID("APR-", incident, "r1/asked", 0), Digest: strings.Repeat("0", 64)}
	if _, err := sayYes(t, p.lead, early); !refusedWith(err, "is not asked yet: step r1/asked of playbook every_kind in incident "+incident) {
		t.Errorf("a decision before the question was answered %v", err)
	}
	if _, err := p.lead.Command(t.Context(), incident, "event-scan-over", gen.EventCommand{Name: "scan_over"}); err != nil {
		t.Fatal(err)
	}
	p.decide(t, p.pendingApproval(t, incident), gen.Approve)
	p.taskOf(t, incident, map[string]any{"seen": true})
	detail := p.detail(t, incident, "closes", ended)
	if detail.Incident.Status != soar.StatusClosed || detail.Incident.Severity != soar.SeverityHigh {
		t.Errorf("ended as %+v", detail.Incident)
	}
	if !stepIs(detail, "r1/missing", soar.StepFailed) || !stepIs(detail, "r1/which", soar.StepSucceeded) {
		t.Errorf("steps: %+v", detail.Runs)
	}
	p.verify(t, incident)
	p.recordHistory(t, incident, "every_kind")
}

func stepIs(d protocol.Detail, key string, status soar.StepStatus) bool {
	for _, run := range d.Runs {
		for _, step := range run.Steps {
			if step.Key == key {
				return step.Status == status
			}
		}
	}
	return false
}

// recordHistory writes the incident's history and the plans that it names, for
// the replay tests of workflows.
func (p *product) recordHistory(t *testing.T, incident, name string) {
	t.Helper()
	dir := os.Getenv(recordEnv)
	if dir == "" {
		return
	}
	temporal, err := sdk.Dial(sdk.Options{HostPort: devstacktest.Temporal(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer temporal.Close()
	whole := &history.History{}
	pages := temporal.GetWorkflowHistory(t.Context(), incident, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			t.Fatal(err)
		}
		whole.Events = append(whole.Events, event)
	}
	raw, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, name+".json"), raw)
	p.recordPlans(t, incident, filepath.Join(dir, "plans"))
}

func (p *product) recordPlans(t *testing.T, incident, dir string) {
	t.Helper()
	detail, err := p.lead.Incident(t.Context(), incident)
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range detail.Runs {
		pinned, err := p.app.Plan(run.Digest)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.MarshalIndent(pinned, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, run.Digest+".json"), raw)
	}
}

func write(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(body, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
