package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

var (
	at      = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	analyst = soar.Actor{Kind: soar.ActorPerson, ID: "analyst@lab.invalid"}
	lead    = soar.Actor{Kind: soar.ActorPerson, ID: "soc-lead@lab.invalid"}
)

const incidentID = "INC-2026-000001"

func event(text string) record.Payload {
	return record.Payload{At: at, Kind: "note", By: analyst, Text: text}
}

func alert(n int) soar.Alert {
	return soar.Alert{
		ID: fmt.Sprintf("ALR-%04d", n), Source: "wazuh", Fingerprint: fmt.Sprintf("%064d", n), Parsed: true,
		Title: "logins failed", Severity: soar.SeverityMedium, OccurredAt: at, ReceivedAt: at.Add(time.Duration(n) * time.Second),
		Fields: map[string]any{"n": float64(n)}, Count: 1,
	}
}

func incident(id string) soar.Incident {
	return soar.Incident{
		ID: id, Title: "Brute force on web-1", Status: soar.StatusReported, Severity: soar.SeverityHigh,
		Category: soar.CategoryBruteForce, TLP: soar.TLPAmber, OpenedBy: soar.System("intake"), OpenedAt: at,
	}
}

// open stores an incident without an alert.
func open(t testing.TB, s *store.Store, id string) {
	t.Helper()
	must(t, s.IncidentOpen(t.Context(), protocol.OpenIncident{Input: protocol.IncidentInput{Incident: incident(id)}}, event("opened")))
}

func approval(id string, expires time.Time) soar.Approval {
	return soar.Approval{
		ID: id, IncidentID: incidentID, StepPath: "r1/ask", Title: "Isolate web-1?", Status: soar.ApprovalPending,
		Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, Quorum: 1, OnExpire: "deny",
		RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "r1"}, RequestedAt: at, ExpiresAt: expires,
	}
}

func decision(id, approvalID string, by soar.Actor) soar.Decision {
	return soar.Decision{ID: id, ApprovalID: approvalID, IncidentID: incidentID, Approve: true, By: by, Roles: []soar.Role{soar.RoleSOCLead}, Reason: "seen it", Via: "cli", At: at}
}

func task(id string) soar.Task {
	return soar.Task{ID: id, IncidentID: incidentID, StepPath: "r1/call", Title: "Call the owner", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}, CreatedAt: at}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get fails the test on an error, so that a call can stand in an expression.
func get[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return value
	}
}

func wantCode(t testing.TB, err error, want soar.Code, part string) {
	t.Helper()
	if soar.CodeOf(err) != want || !strings.Contains(soar.MessageOf(err), part) {
		t.Errorf("got %q %v, want code %q with %q", soar.CodeOf(err), err, want, part)
	}
}

func same(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// together runs fn n times at once and gives the errors by number.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	return errs
}

// items claims all that can be claimed now and marks it done, until nothing is left.
func items(t testing.TB, s *store.Store, kinds ...string) []soar.OutboxItem {
	t.Helper()
	var out []soar.OutboxItem
	for {
		claimed := get(s.OutboxClaim(t.Context(), kinds, 100, time.Minute))(t)
		if len(claimed) == 0 {
			return out
		}
		for _, item := range claimed {
			must(t, s.OutboxDone(t.Context(), item.ID))
		}
		out = append(out, claimed...)
	}
}

// chain reads a chain and checks that it verifies and has the given texts.
func chain(t testing.TB, s *store.Store, name string) []string {
	t.Helper()
	entries := get(s.RecordList(t.Context(), name, 0, 0))(t)
	if report := record.Verify(entries); !report.OK() {
		t.Errorf("chain %s: %+v", name, report.Faults)
	}
	var texts []string
	for _, e := range entries {
		texts = append(texts, get(record.ParsePayload(e.Payload))(t).Text)
	}
	return texts
}

// raw runs one statement past the store.
func raw(t testing.TB, url, query string, args ...any) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), query, args...)
	return err
}
