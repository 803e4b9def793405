package e2e

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestATaskChangesHandsUntilItIsDone on a real Temporal: claimed by one analyst, refused
// to a second, given to that one by the lead, refused to the first, answered wrongly and
// then rightly. The workflow's own events say the same as the use case's.
func TestATaskChangesHandsUntilItIsDone(t *testing.T) {
	p := start(t)
	analyst := func(name string) *client.Client {
		return p.person(t, access.TokenRequest{Name: name, Person: name + "@lab.invalid", Roles: []soar.Role{soar.RoleAnalyst}})
	}
	ana, bo := analyst("ana"), analyst("bo")
	reporter := p.person(t, access.TokenRequest{Name: "button", Source: "generic"})
	receipts, err := reporter.AlertSend(t.Context(), "generic", "application/json", phishing("hands"))
	if err != nil {
		t.Fatal(err)
	}
	incident := p.incidentOf(t, receipts.Items[0].AlertID)
	p.decide(t, p.pendingApproval(t, incident), gen.Approve)
	id := eventually(t, "a task is opened", func() (string, bool) {
		page, err := p.lead.Tasks(t.Context(), soar.TaskOpen, incident, client.Page{})
		if err != nil || len(page.Items) == 0 {
			return "", false
		}
		return page.Items[0].ID, true
	})
	refused := func(err error, code soar.Code, part string) {
		t.Helper()
		fault, ok := errors.AsType[*client.Error](err)
		if !ok || fault.Code != code || !strings.Contains(fault.Message, part) {
			t.Errorf("got %v, want %s with %q", err, code, part)
		}
	}
	if task, err := ana.TaskClaim(t.Context(), id, "hands-claim-1"); err != nil || task.ClaimedBy == nil || task.ClaimedBy.ID != "ana@lab.invalid" {
		t.Fatalf("claimed: %+v %v", task, err)
	}
	_, err = bo.TaskClaim(t.Context(), id, "hands-claim-2")
	refused(err, soar.CodeConflict, "is with ana@lab.invalid since")
	person := "bo@lab.invalid"
	if task, err := p.lead.TaskAssign(t.Context(), id, "hands-assign-1", gen.TaskReceiver{Person: &person}, "knows the clerk"); err != nil || task.Assignee.Person != person || task.ClaimedBy != nil {
		t.Fatalf("assigned: %+v %v", task, err)
	}
	_, err = ana.TaskDone(t.Context(), id, "hands-done-1", map[string]any{"entered_credentials": true})
	refused(err, soar.CodeDenied, "is for bo@lab.invalid")
	_, err = bo.TaskDone(t.Context(), id, "hands-done-2", map[string]any{"entered_credentials": "yes", "oops": 1})
	refused(err, soar.CodeInvalid, "/answer/entered_credentials is of type string, expected boolean")
	if fault, _ := errors.AsType[*client.Error](err); fault == nil || len(fault.Errors) != 2 || fault.Errors[1].Field != "/answer/oops" {
		t.Errorf("the refusal names %+v", fault)
	}
	if task, err := bo.TaskDone(t.Context(), id, "hands-done-3", map[string]any{"entered_credentials": true}); err != nil || task.CompletedBy.ID != person {
		t.Fatalf("done: %+v %v", task, err)
	}
	p.detail(t, incident, "closes", ended)
	p.verify(t, incident)
	p.handedInTheRecord(t, incident)
}

// handedInTheRecord compares what the workflow wrote about the task.
func (p *product) handedInTheRecord(t *testing.T, incident string) {
	t.Helper()
	page, err := p.lead.Timeline(t.Context(), incident, 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	var handed []string
	for _, entry := range page.Items {
		if entry.Kind == protocol.EventTaskAssigned {
			handed = append(handed, entry.By.ID)
		}
	}
	if !slices.Equal(handed, []string{"ana@lab.invalid", "soc-lead@lab.invalid"}) {
		t.Errorf("in the record it was handed on by %v", handed)
	}
}
