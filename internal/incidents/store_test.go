package incidents

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// onStore is the use case on the real store, with a Temporal that is away.
func onStore(t *testing.T) (*Service, *store.Store) {
	t.Helper()
	shipped, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	s := storetest.New(t)
	away := &workflows{err: soar.Errorf(soar.CodeUnavailable, "temporal", "away")}
	return New(Options{Store: s, Workflows: away, Playbooks: &matches{}, Policy: shipped, Logger: slog.New(slog.DiscardHandler)}), s
}

// TestWithTheStore walks through one incident: opened, commanded, decided, a task
// done, evidence taken. The record verifies, and the outbox has every order once.
func TestWithTheStore(t *testing.T) {
	t.Parallel()
	service, s := onStore(t)
	ctx := t.Context()
	opened := must(service.Open(ctx, analyst(), report()))(t)
	if again := must(service.Open(ctx, analyst(), report()))(t); again.ID != opened.ID {
		t.Errorf("opened %s and %s", opened.ID, again.ID)
	}
	for range 2 {
		reply := must(service.Command(ctx, lead(), note(opened.ID)))(t)
		if reply.Message != accepted {
			t.Errorf("got %+v", reply)
		}
	}
	approval := soar.Approval{
		ID: "APR-1", IncidentID: opened.ID, Title: "Isolate?", Status: soar.ApprovalPending, Quorum: 1, Digest: "d1",
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, Exclude: []soar.Actor{analyst().Actor},
		RequestedAt: time.Now().UTC(), ExpiresAt: time.Now().Add(time.Hour).UTC(),
	}
	task := soar.Task{ID: "TSK-1", IncidentID: opened.ID, Status: soar.TaskOpen, CreatedAt: time.Now().UTC(), Form: schema(t, `{"required": ["seen"]}`)}
	must(s.JournalWrite(ctx, protocol.JournalBatch{
		IncidentID: opened.ID, Approvals: []soar.Approval{approval}, Tasks: []soar.Task{task},
		Events: []protocol.TimelineEvent{{Seq: 1, At: time.Now(), Kind: protocol.EventApprovalRequested, By: soar.System("test"), Text: "asked"}},
	}))(t)
	request := DecideRequest{ApprovalID: "APR-1", DecisionID: "d-1", Approve: true, Reason: "seen it", Digest: "d1", Via: "api"}
	if _, err := service.Decide(ctx, analyst(), request); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an analyst decides: %v", err)
	}
	for range 2 {
		if got := must(service.Decide(ctx, lead(), request))(t); len(got.Decisions) != 1 {
			t.Errorf("decisions %+v", got.Decisions)
		}
	}
	request.DecisionID = "d-2"
	if _, err := service.Decide(ctx, lead(), request); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("decided twice: %v", err)
	}
	for range 2 {
		if got := must(service.CompleteTask(ctx, lead(), "TSK-1", "t-1", map[string]any{"seen": true}))(t); got.Status != soar.TaskDone {
			t.Errorf("got %+v", got)
		}
	}
	checkCustody(t, service, s, opened.ID)

	entries := must(service.Timeline(ctx, analyst(), opened.ID, 0, 100))(t)
	if faults := record.Verify(entries); !faults.OK() {
		t.Errorf("the record does not verify: %+v", faults)
	}
	want := []string{
		"incident.opened", "incident.assessed", "command.accepted", "approval.requested", "command.refused", "command.accepted", "command.refused",
		"command.accepted", "evidence.collected", "evidence.exported", "evidence.changed",
	}
	var got []string
	for _, entry := range entries {
		got = append(got, must(record.ParsePayload(entry.Payload))(t).Kind)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got)\n%s", diff)
	}
	checkOutbox(t, s)
	if detail := must(service.Show(ctx, analyst(), opened.ID))(t); len(detail.Approvals) != 1 || len(detail.Tasks) != 1 || len(detail.Evidence) != 1 {
		t.Errorf("got %+v", detail)
	}
}

// checkCustody downloads an item whose bytes are there, and one whose are not.
func checkCustody(t *testing.T, service *Service, s *store.Store, incidentID string) {
	t.Helper()
	sha256, sha512, size, err := s.BlobPut(t.Context(), bytes.NewReader([]byte("memory")), 1000)
	if err != nil {
		t.Fatal(err)
	}
	item := soar.Evidence{ID: "EVD-1", IncidentID: incidentID, Name: "memory", SHA256: sha256, SHA512: sha512, Bytes: size, CollectedAt: time.Now().UTC(), TLP: soar.TLPAmber}
	event := record.Payload{At: time.Now(), Kind: protocol.EventEvidence, By: soar.System("test"), Text: "collected"}
	if err := s.EvidenceInsert(t.Context(), item, soar.CustodyEntry{EvidenceID: "EVD-1", What: "collected", At: time.Now().UTC()}, event); err != nil {
		t.Fatal(err)
	}
	got, body, err := service.EvidenceOpen(t.Context(), analyst(), "EVD-1")
	if err != nil {
		t.Fatal(err)
	}
	content := must(io.ReadAll(body))(t)
	if err := body.Close(); err != nil || string(content) != "memory" || got.Bytes != 6 {
		t.Errorf("got %q %v", content, err)
	}
	service.changed(t.Context(), item)
	_, custody, err := service.Evidence(t.Context(), analyst(), "EVD-1")
	if err != nil || len(custody) != 3 || custody[1].What != "exported" || custody[1].By.ID != "analyst@lab.invalid" || custody[2].What != "verified" {
		t.Errorf("custody %+v %v", custody, err)
	}
}

// checkOutbox looks for one start and one order for each command.
func checkOutbox(t *testing.T, s *store.Store) {
	t.Helper()
	var got []string
	for {
		items := must(s.OutboxClaim(t.Context(), []string{soar.OutboxIncidentStart, soar.OutboxIncidentUpdate}, 10, time.Minute))(t)
		if len(items) == 0 {
			break
		}
		for _, item := range items {
			got = append(got, item.Kind)
			if err := s.OutboxDone(t.Context(), item.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff([]string{"incident.start", "incident.update", "incident.update", "incident.update"}, got); diff != "" {
		t.Errorf("outbox (-want +got)\n%s", diff)
	}
}

// TestListsAgreeWithTheRule holds what the store's lists give to callers against
// access.CanSee, over incidents and callers at random.
func TestListsAgreeWithTheRule(t *testing.T) {
	t.Parallel()
	service, s := onStore(t)
	random := rand.New(rand.NewPCG(7, 7))
	people := []string{"anna", "otto", "ines"}
	one := func(list []string) string { return list[random.IntN(len(list))] }
	var all []soar.Incident
	for n := range 60 {
		incident := soar.Incident{
			ID: fmt.Sprintf("INC-%02d", n), Title: "x", Status: soar.StatusAssessed, OpenedBy: person(one(people)).Actor,
			TLP: soar.TLPs()[random.IntN(len(soar.TLPs()))], OpenedAt: noon().Add(-time.Duration(n) * time.Minute),
		}
		if random.IntN(2) == 0 {
			incident.Owner = person(one(people)).Actor.ID
		}
		if random.IntN(4) == 0 {
			incident.OpenedBy.Kind = soar.ActorTool
		}
		all = append(all, incident)
		open := protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident}}
		if err := s.IncidentOpen(t.Context(), open, record.Payload{At: noon(), Kind: "note", Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 60 {
		p := person(one(people), soar.Roles()[random.IntN(len(soar.Roles()))], soar.Roles()[random.IntN(len(soar.Roles()))])
		if n%3 == 0 {
			p = scoped(p, access.IncidentReadOwn)
		}
		var want []string
		for _, incident := range all {
			if access.CanSee(p, incident) {
				want = append(want, incident.ID)
			}
		}
		got, denied := everything(t, service, p, 1+random.IntN(9))
		if denied {
			if len(want) > 0 {
				t.Errorf("%v: denied", p.Roles)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s as %v with %v (-CanSee +List)\n%s", p.Actor.ID, p.Roles, p.Scopes, diff)
		}
	}
}

// everything reads the list of incidents to its end. Every page but the last is
// full.
func everything(t *testing.T, service *Service, p soar.Principal, limit int) (ids []string, denied bool) {
	t.Helper()
	for page := (soar.Page{Limit: limit}); ; {
		incidents, next, err := service.List(t.Context(), p, soar.IncidentFilter{Page: page})
		if soar.CodeOf(err) == soar.CodeDenied {
			return nil, true
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, incident := range incidents {
			ids = append(ids, incident.ID)
		}
		if next == "" {
			return ids, false
		}
		if len(incidents) != limit {
			t.Errorf("a page of %d with %d asked for and more to come", len(incidents), limit)
		}
		page.After = next
	}
}

// must fails the test on an error, so that a call can stand in an expression.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
