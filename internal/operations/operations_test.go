package operations_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/operations"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

func admin() soar.Principal { return who("admin@lab.invalid", soar.RoleAdmin) }

func who(id string, role soar.Role) soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}, Roles: []soar.Role{role}, Token: "tok-1"}
}

// onStore is the use case on the real store.
func onStore(t *testing.T) (*operations.Service, *store.Store) {
	t.Helper()
	s := storetest.New(t)
	return operations.New(s, time.Now), s
}

// system gives what the system's chain says, after it verified.
func system(t *testing.T, s *store.Store) []string {
	t.Helper()
	entries, err := s.RecordList(t.Context(), record.ChainSystem, 0, 100)
	if err != nil || !record.Verify(entries).OK() {
		t.Fatalf("the system's chain does not verify: %v", err)
	}
	var texts []string
	for _, entry := range entries {
		payload, err := record.ParsePayload(entry.Payload)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, payload.Kind+": "+payload.Text)
	}
	return texts
}

func TestProtected(t *testing.T) {
	t.Parallel()
	service, s := onStore(t)
	controllers := soar.Protected{Class: "host", Pattern: "dc-*", Reason: "domain controllers"}
	backup := soar.Protected{Class: "address", Pattern: "10.0.0.0/24", Reason: "backup"}
	list, err := service.Protect(t.Context(), admin(), nil, []soar.Protected{controllers, backup}, "first list")
	if diff := cmp.Diff([]soar.Protected{backup, controllers}, list); diff != "" || err != nil {
		t.Fatalf("%v (-want +got)\n%s", err, diff)
	}
	if _, err := service.Protect(t.Context(), admin(), nil, nil, "from an old page"); soar.CodeOf(err) != soar.CodeConflict {
		t.Errorf("an old list was written over a new one: %v", err)
	}
	if list, err = service.Protect(t.Context(), admin(), list, list[:1], "moved to the cloud"); err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	if seen, err := service.Protected(t.Context(), who("engineer@lab.invalid", soar.RolePlaybookEngineer)); err != nil || len(seen) != 1 {
		t.Errorf("%v %v", seen, err)
	}
	want := []string{
		"protected.changed: Protected targets: 2 added, 0 taken off by admin@lab.invalid: first list",
		"protected.changed: Protected targets: 0 added, 1 taken off by admin@lab.invalid: moved to the cloud",
	}
	if diff := cmp.Diff(want, system(t, s)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProtectedRefused(t *testing.T) {
	t.Parallel()
	service, s := onStore(t)
	good := soar.Protected{Class: "host", Pattern: "dc-1", Reason: "directory"}
	for name, row := range map[string]struct {
		p      soar.Principal
		list   []soar.Protected
		reason string
		code   soar.Code
		part   string
	}{
		"a lead":                  {who("lead@lab.invalid", soar.RoleSOCLead), []soar.Protected{good}, "because", soar.CodeDenied, "config:write"},
		"no reason":               {admin(), []soar.Protected{good}, " ", soar.CodeInvalid, "say why"},
		"twice":                   {admin(), []soar.Protected{good, good}, "because", soar.CodeInvalid, "twice"},
		"an address that is none": {admin(), []soar.Protected{{Class: "address", Pattern: "10.0.0.*", Reason: "x"}}, "because", soar.CodeInvalid, "neither an address nor a network"},
		"no pattern":              {admin(), []soar.Protected{{Class: "host", Reason: "x"}}, "because", soar.CodeInvalid, "entry 1 needs"},
		"no reason of its own":    {admin(), []soar.Protected{{Class: "host", Pattern: "x"}}, "because", soar.CodeInvalid, "say why x"},
		"far too many":            {admin(), make([]soar.Protected, 5001), "because", soar.CodeInvalid, "at most 5000"},
	} {
		if _, err := service.Protect(t.Context(), row.p, nil, row.list, row.reason); soar.CodeOf(err) != row.code || !strings.Contains(soar.MessageOf(err), row.part) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := service.Protected(t.Context(), who("analyst@lab.invalid", soar.RoleAnalyst)); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an analyst reads the list: %v", err)
	}
	if entries := system(t, s); len(entries) != 0 {
		t.Errorf("a refusal changed something: %q", entries)
	}
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	service, s := onStore(t)
	if _, _, err := s.AlertInsert(t.Context(), soar.Alert{ID: "ALR-1", Source: "x", Fingerprint: "f", Title: "secret title", ReceivedAt: time.Now().UTC()}, nil); err != nil {
		t.Fatal(err)
	}
	items, err := s.OutboxClaim(t.Context(), []string{soar.OutboxAlertDispatch}, 1, time.Minute)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v %v", items, err)
	}
	if err := s.OutboxPark(t.Context(), items[0].ID, "nobody takes it"); err != nil {
		t.Fatal(err)
	}
	backlog, err := service.Outbox(t.Context(), admin(), 10)
	if err != nil || backlog.Parked != 1 || backlog.Waiting != 0 || len(backlog.Items) != 1 || backlog.Items[0].Payload != nil || backlog.Items[0].Problem != "nobody takes it" {
		t.Fatalf("%+v %v", backlog, err)
	}
	if err := service.Retry(t.Context(), who("auditor@lab.invalid", soar.RoleAuditor), items[0].ID); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("an auditor: %v", err)
	}
	if err := service.Retry(t.Context(), admin(), items[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := service.Retry(t.Context(), admin(), items[0].ID); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("what is not parked: %v", err)
	}
	if again, err := s.OutboxClaim(t.Context(), []string{soar.OutboxAlertDispatch}, 1, time.Minute); err != nil || len(again) != 1 || again[0].Attempts != 1 {
		t.Errorf("it is not in line again: %+v %v", again, err)
	}
	if got := system(t, s); len(got) != 1 || !strings.HasPrefix(got[0], "outbox.retried: Parked item ") {
		t.Errorf("record %q", got)
	}
	if _, err := service.Outbox(t.Context(), who("lead@lab.invalid", soar.RoleSOCLead), 10); soar.CodeOf(err) != soar.CodeDenied {
		t.Errorf("a lead looks: %v", err)
	}
}
