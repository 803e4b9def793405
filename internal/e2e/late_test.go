package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestDecisionsAroundAnExpiryWithoutTemporal: while Temporal is away one request is
// approved in time, another is not, and both expire. What was answered then is what
// happens once Temporal is back.
func TestDecisionsAroundAnExpiryWithoutTemporal(t *testing.T) {
	t.Parallel()
	temporal := newTemporal(t)
	temporal.start(t)
	postgres := newPostgres(t)
	s := newStand(t, settings{"temporal_address": temporal.address, "database_url": postgres.URL()})
	author, _ := s.issue(t, access.TokenRequest{Name: "author", Person: "author@lab.invalid", Roles: []soar.Role{soar.RolePlaybookEngineer}})
	boss, _ := s.issue(t, access.TokenRequest{Name: "boss", Person: "boss@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead}})
	s.publish(t, author, "short_question")
	scanner, _ := s.issue(t, access.TokenRequest{Name: "scanner", Source: "generic"})
	ask := func(host string) (string, soar.Approval) {
		alert := fmt.Sprintf(`{"id":"scan-%s","title":"Port scan seen","severity":"medium","host":{"name":%q},"techniques":["T1046"]}`, host, host)
		receipts, err := scanner.AlertSend(t.Context(), "generic", "application/json", []byte(alert))
		if err != nil {
			t.Fatal(err)
		}
		incident := s.incidentOf(t, receipts.Items[0].AlertID)
		return incident, s.pendingApproval(t, incident)
	}
	other, nobody := ask("web-02")
	incident, approval := ask("web-01")

	temporal.kill(t)
	stands := quickly(t, "a decision", func() (soar.Approval, error) { return sayYes(t, s.lead, approval) })
	if stands.Status != soar.ApprovalPending || len(stands.Decisions) != 1 {
		t.Fatalf("the decision was answered with %s and %+v", stands.Status, stands.Decisions)
	}
	eventually(t, "both requests expire", func() (bool, bool) {
		return true, time.Now().After(approval.ExpiresAt) && time.Now().After(nobody.ExpiresAt)
	})
	for _, late := range []struct {
		a    soar.Approval
		want string
	}{
		{approval, "is approved already, by soc-lead@lab.invalid at "},
		{nobody, "expired at " + nobody.ExpiresAt.Format(time.RFC3339) + ": nobody had decided, which counts as no"},
	} {
		if _, err := sayYes(t, boss, late.a); !refusedWith(err, late.want) {
			t.Errorf("a late decision was answered %v, want %q", err, late.want)
		}
	}

	postpone(t, postgres.URL())
	temporal.start(t)
	s.detail(t, incident, "closes", ended)
	s.detail(t, other, "closes", ended)
	s.requireOnce(t, "edr.isolate_host web-01")
	if happened := s.happened(t)["edr.isolate_host web-02"]; happened != 0 {
		t.Errorf("what nobody approved in time happened %d times", happened)
	}
	told := s.verify(t, incident)
	requireText(t, ofKind(told, protocol.EventApprovalDecision), "decided in time, at ")
	if got := len(ofKind(told, protocol.EventApprovalDecision)); got != 1 {
		t.Errorf("the record has %d decisions", got)
	}
	requireText(t, ofKind(told, protocol.EventCommandRefused), "boss@lab.invalid tried to approve")
	requireText(t, ofKind(s.verify(t, other), protocol.EventCommandRefused), "nobody had decided, which counts as no")
}

// postpone lets the outbox wait with what it has to tell workflows, as it does after
// a long outage: the request is due to expire before it hears of the decision.
func postpone(t *testing.T, url string) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	eventually(t, "the outbox waits", func() (bool, bool) {
		done, err := db.Exec(t.Context(), `UPDATE outbox SET next_at = now() + interval '1 hour' WHERE kind = 'incident.update' AND done_at IS NULL AND coalesce(lease_until < now(), true)`)
		if err != nil {
			t.Fatal(err)
		}
		return true, done.RowsAffected() == 1
	})
}

// sayYes says yes, once.
func sayYes(t *testing.T, who *client.Client, a soar.Approval) (soar.Approval, error) {
	t.Helper()
	got, err := who.Decide(t.Context(), a.ID, fmt.Sprintf("yes-%p-%s", who, a.ID), gen.DecisionInput{Decision: gen.Approve, Digest: &a.Digest, Reason: "decided in a test"})
	return deref(got), err
}

func refusedWith(err error, text string) bool {
	fault, ok := errors.AsType[*client.Error](err)
	return ok && fault.Status == http.StatusConflict && strings.Contains(fault.Error(), text)
}
