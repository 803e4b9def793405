package activities

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"

	labserver "github.com/tocsin-soar/tocsin/internal/lab"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// The real store keeps the promises that the one in memory makes.
func postgresBench(t *testing.T) (*bench, *store.Store) {
	t.Helper()
	real, b := storetest.New(t), newBench(t)
	opened := soar.Incident{
		ID: incident, Title: "SSH brute force", Status: soar.StatusReported, Severity: soar.SeverityHigh, Category: soar.CategoryBruteForce,
		TLP: soar.TLPAmber, OpenedBy: soar.System("test"), OpenedAt: time.Now().UTC(),
	}
	event := record.Payload{At: time.Now().UTC(), Kind: protocol.EventIncidentOpened, By: soar.System("test"), Text: "opened"}
	if err := real.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: opened}}, event); err != nil {
		t.Fatal(err)
	}
	b.deps.Store = real
	b.acts = New(b.deps)
	return b, real
}

func TestOnPostgres(t *testing.T) {
	t.Parallel()
	b, real := postgresBench(t)
	isolate := request("edr.isolate_host", host("ws-042"))
	b.fault("/edr/hosts/ws-042/isolate", labserver.ModeDropAfter)
	first := b.must(isolate)
	if first.Outcome != protocol.OutcomeDone || !first.Reconciled {
		t.Fatalf("%+v", first)
	}
	if diff := cmp.Diff(asJSON(t, first), asJSON(t, b.must(isolate))); diff != "" {
		t.Errorf("answered again: %s", diff)
	}
	undo := request("edr.release_host", host("ws-042"))
	undo.Undoes = isolate.Key
	b.must(undo)
	once := request("directory.reset_password", user("clerk-17"))
	b.fault("/directory/users/clerk-17/reset_password", labserver.ModeDropAfter)
	if result := b.must(once); result.Outcome != protocol.OutcomeUnknown {
		t.Errorf("%+v", result)
	}
	collect := request("edr.collect_evidence", host("web-01"))
	result := b.must(collect)
	if diff := cmp.Diff(asJSON(t, result), asJSON(t, b.must(collect))); diff != "" || len(result.Evidence) != 4 {
		t.Errorf("evidence again: %s", diff)
	}
	blob, err := real.BlobOpen(t.Context(), result.Evidence[0].SHA256)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(blob)
	if err != nil || int64(len(body)) != result.Evidence[0].Bytes {
		t.Errorf("evidence has %d bytes, %v", len(body), err)
	}
	checkStates(t, real, map[string]soar.LedgerState{isolate.Key: soar.LedgerCompensated, undo.Key: soar.LedgerConfirmed, once.Key: soar.LedgerUnknown, collect.Key: soar.LedgerConfirmed})
	entries, err := real.RecordList(t.Context(), incident, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if report := record.Verify(entries); !report.OK() || len(entries) < 12 {
		t.Errorf("%d entries, %+v", len(entries), report.Faults)
	}
}

// asJSON is what the workflow sees.
func asJSON(t *testing.T, result protocol.ActionResult) string {
	t.Helper()
	body, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func checkStates(t *testing.T, real *store.Store, want map[string]soar.LedgerState) {
	t.Helper()
	for key, state := range want {
		entry, err := real.LedgerGet(t.Context(), key)
		if err != nil || entry.State != state {
			t.Errorf("%s is %s, want %s (%v)", entry.Action, entry.State, state, err)
		}
	}
}

// Many attempts at the same few actions at once: one effect each, and the budget
// holds.
func TestManyAttemptsOnPostgres(t *testing.T) {
	t.Parallel()
	b, real := postgresBench(t)
	b.limits(guard.Limit{Action: "isolate_host", PerIncident: 2, PerHour: 2}, guard.Limit{Risk: soar.RiskChange, PerIncident: 9, PerHour: 9})
	requests := []protocol.ActionRequest{request("directory.reset_password", user("clerk-17")), request("directory.disable_user", user("clerk-18"))}
	for _, name := range []string{"ws-042", "ws-017", "ws-023", "web-01"} {
		requests = append(requests, request("edr.isolate_host", host(name)))
	}
	var group sync.WaitGroup
	for _, r := range requests {
		for range 4 {
			group.Go(func() { _, _ = b.acts.run(context.WithoutCancel(t.Context()), r, never) })
		}
	}
	group.Wait()
	for _, r := range requests {
		b.must(r)
	}
	if got := b.did("directory.reset_password"); got > 1 {
		t.Errorf("the password was reset %d times", got)
	}
	if got := b.did("directory.disable_user"); got != 1 {
		t.Errorf("the user was disabled %d times", got)
	}
	if got := b.did("edr.isolate_host"); got > 2 {
		t.Errorf("%d hosts isolated, the limit is 2", got)
	}
	entries, err := real.RecordList(t.Context(), incident, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if report := record.Verify(entries); !report.OK() {
		t.Errorf("%+v", report.Faults)
	}
}
