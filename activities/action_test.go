package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"

	labserver "github.com/tocsin-soar/tocsin/internal/lab"
)

func TestActionIsDoneAndWrittenDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := request("edr.isolate_host", host("ws-042"))
	result := b.must(r)
	want := protocol.ActionResult{Outcome: protocol.OutcomeDone, Output: map[string]any{"id": "H-0042", "host": "ws-042", "isolated": true, "changed": true}}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{protocol.EventActionIntent, protocol.EventActionOutcome}, b.store.kinds()); diff != "" {
		t.Errorf("record: %s", diff)
	}
	b.state(r, soar.LedgerConfirmed)
	if diff := cmp.Diff(result, b.must(r)); diff != "" {
		t.Errorf("answered again: %s", diff)
	}
	if b.did("edr.isolate_host") != 1 || len(b.store.kinds()) != 2 {
		t.Error("the repeat did something")
	}
	checkEvents(t, b)
}

// checkEvents: what stands in the record can be read by a person and a program.
func checkEvents(t *testing.T, b *bench) {
	t.Helper()
	for _, event := range b.store.events {
		var data map[string]any
		if err := json.Unmarshal(event.Data, &data); err != nil || data["key"] == "" || data["action"] == "" {
			t.Errorf("event %s: %v", event.Kind, err)
		}
		if event.Text == "" || event.At.IsZero() || event.By.Kind != soar.ActorPlaybook || event.Step == "" {
			t.Errorf("event %+v says too little", event)
		}
		if _, err := event.Canonical(); err != nil {
			t.Errorf("event %s: %v", event.Kind, err)
		}
	}
}

func TestReadsNeedNoLedger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.freeze = soar.Freeze{On: true}
	r := request("edr.host_info", host("ws-042"))
	if result := b.must(r); result.Outcome != protocol.OutcomeDone || result.Output["name"] != "ws-042" {
		t.Errorf("%+v", result)
	}
	if len(b.store.keys()) != 0 || len(b.store.kinds()) != 0 {
		t.Error("a read went into the ledger")
	}
	b.fault("/edr/hosts/ws-042", labserver.ModeError)
	_, err := b.run(r)
	_ = wantType(t, err, protocol.ErrorTransient)
	b.fault("/edr/hosts/ws-042", labserver.ModeError)
	result, err := b.acts.run(t.Context(), r, always)
	if err != nil || result.Outcome != protocol.OutcomeFailed || result.Class != "transient" {
		t.Errorf("last try: %+v, %v", result, err)
	}
	result = b.must(request("edr.host_info", host("nobody")))
	if result.Outcome != protocol.OutcomeFailed || !strings.Contains(result.Error, "no such host") {
		t.Errorf("%+v", result)
	}
}

func wantType(t *testing.T, err error, want string) *temporal.ApplicationError {
	t.Helper()
	known, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok || known.Type() != want {
		t.Fatalf("got %v, want an error of type %s", err, want)
	}
	return known
}

func TestArgumentsAreChecked(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		ref   string
		args  map[string]any
		fault string
	}{
		{"no instance", "siem.isolate_host", host("ws-042"), "no connector instance is named siem"},
		{"no action", "edr.wipe_host", host("ws-042"), "edr (lab_edr) has no action wipe_host"},
		{"nothing", "edr.isolate_host", nil, "do not fit"},
		{"unknown argument", "edr.isolate_host", map[string]any{"host": "ws-042", "force": true}, "force"},
		{"wrong kind", "edr.isolate_host", map[string]any{"host": 42}, "host"},
		{"wildcard", "edr.isolate_host", host("ws-*"), "more than one"},
		{"all", "edr.isolate_host", host("ALL"), "more than one"},
		{"a network", "firewall.block_address", map[string]any{"address": "203.0.113.0/24"}, "network"},
		{"an empty list", "mail.quarantine_messages", map[string]any{"ids": []any{}}, "ids"},
		{"a star in a list", "mail.quarantine_messages", map[string]any{"ids": []any{"m-1001", "*"}}, "target 1"},
		{"a wildcard recipient", "mail.send", map[string]any{"to": []any{"*@lab.example"}, "subject": "s", "body": ""}, "more than one"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			result := b.must(request(row.ref, row.args))
			if result.Outcome != protocol.OutcomeFailed || result.Class != "permanent" || !strings.Contains(result.Error, row.fault) {
				t.Errorf("%+v, want %q", result, row.fault)
			}
			if len(b.lab.Effects()) != 0 || len(b.store.keys()) != 0 {
				t.Error("something happened")
			}
		})
	}
}

func TestGuardRefuses(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name   string
		change func(*bench, *protocol.ActionRequest)
		reason string
	}{
		{"frozen", func(b *bench, _ *protocol.ActionRequest) { b.store.freeze = soar.Freeze{On: true, Reason: "drill"} }, "kill switch"},
		{"protected", func(b *bench, _ *protocol.ActionRequest) {
			b.store.protected = []soar.Protected{{Class: "host", Pattern: "WS-*", Reason: "pilot"}}
		}, "is protected"},
		{"no approval", func(_ *bench, r *protocol.ActionRequest) { r.Preauthorised = "" }, "needs an approval"},
		{"a policy for another action", func(_ *bench, r *protocol.ActionRequest) { r.Preauthorised = "other edr.look" }, `"other edr.look"`},
		{"a policy that is not in force", func(_ *bench, r *protocol.ActionRequest) { r.Preauthorised = "wipe" }, `"wipe"`},
		{"an approval nobody knows", func(_ *bench, r *protocol.ActionRequest) {
			r.Approval = &protocol.ApprovalProof{ApprovalID: "APR-1"}
		}, "does not exist"},
		{"milder risk in the request", func(_ *bench, r *protocol.ActionRequest) { r.Risk = soar.RiskRead }, "publish it again"},
		{"no budget", func(b *bench, _ *protocol.ActionRequest) { b.limits() }, "the limit is 0"},
		{"undoes what never was", func(_ *bench, r *protocol.ActionRequest) { r.Preauthorised, r.Undoes = "", "key-0" }, "needs an approval"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r := request("edr.isolate_host", host("ws-042"))
			row.change(b, &r)
			if row.name == "no budget" {
				b.limits(guard.Limit{Action: "isolate_host"})
			}
			result := b.must(r)
			if result.Outcome != protocol.OutcomeRefused || !strings.Contains(result.Error, row.reason) {
				t.Errorf("%+v, want %q", result, row.reason)
			}
			if len(b.lab.Effects()) != 0 {
				t.Error("something happened")
			}
			kinds := b.store.kinds()
			if len(kinds) == 0 || kinds[len(kinds)-1] != protocol.EventActionRefused {
				t.Errorf("record %v", kinds)
			}
			if state := b.store.entry(r.Key).State; state != "" && state != soar.LedgerFailed {
				t.Errorf("the ledger says %s", state)
			}
			checkEvents(t, b)
		})
	}
}

func TestGuardFailsClosed(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"LedgerGet", "FreezeGet", "ProtectedList", "ApprovalGet", "LedgerBegin", "LedgerCount", "LedgerMove sent"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			away := true
			b.store.down = func(name string) error {
				if name == op && away {
					return &soar.Error{Code: soar.CodeUnavailable, Message: "away", RetryAfter: 3 * time.Second}
				}
				return nil
			}
			r := request("edr.isolate_host", host("ws-042"))
			if op == "ApprovalGet" {
				r.Approval = &protocol.ApprovalProof{ApprovalID: "APR-1"}
			}
			_, err := b.run(r)
			if known := wantType(t, err, protocol.ErrorStore); known.NextRetryDelay() != 3*time.Second {
				t.Errorf("asks for another attempt after %v", known.NextRetryDelay())
			}
			if len(b.lab.Effects()) != 0 {
				t.Fatal("something happened although the store was away")
			}
			away = false
			if op == "ApprovalGet" {
				return
			}
			if result := b.must(r); result.Outcome != protocol.OutcomeDone || b.did("edr.isolate_host") != 1 {
				t.Errorf("when it is back: %+v", result)
			}
		})
	}
}

// The answer is known but cannot be written down: the next attempt finds out.
func TestStoreAwayAfterTheEffect(t *testing.T) {
	t.Parallel()
	rows := []struct {
		r          protocol.ActionRequest
		want       protocol.Outcome
		reconciled bool
	}{
		{request("edr.isolate_host", host("ws-042")), protocol.OutcomeDone, true},
		{request("directory.revoke_sessions", user("clerk-17")), protocol.OutcomeDone, false},
		{request("directory.reset_password", user("clerk-17")), protocol.OutcomeUnknown, false},
	}
	for _, row := range rows {
		t.Run(row.r.Action, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			away := true
			b.store.down = func(name string) error {
				if away && name == "LedgerMove confirmed" {
					return soar.Errorf(soar.CodeUnavailable, name, "away")
				}
				return nil
			}
			_, err := b.run(row.r)
			_ = wantType(t, err, protocol.ErrorStore)
			b.state(row.r, soar.LedgerSent)
			away = false
			result := b.must(row.r)
			if result.Outcome != row.want || result.Reconciled != row.reconciled || len(b.lab.Effects()) != 1 {
				t.Errorf("%+v with %d effects", result, len(b.lab.Effects()))
			}
		})
	}
}

// A short stumble of the store does not lose the answer.
func TestStoreStumblesAfterTheEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stumbles := 2
	b.store.down = func(name string) error {
		if name == "LedgerMove confirmed" && stumbles > 0 {
			stumbles--
			return soar.Errorf(soar.CodeUnavailable, name, "away")
		}
		return nil
	}
	r := request("directory.reset_password", user("clerk-17"))
	if result, err := b.run(r); err != nil || result.Outcome != protocol.OutcomeDone {
		t.Errorf("%+v, %v", result, err)
	}
	b.state(r, soar.LedgerConfirmed)
}

func TestBudgetIsCountedOnIntents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.limits(guard.Limit{Action: "isolate_host", PerIncident: 2, PerHour: 10})
	var outcomes []protocol.Outcome
	for i, name := range []string{"ws-042", "ws-017", "ws-023"} {
		r := request("edr.isolate_host", host(name))
		r.Key = fmt.Sprintf("key-%d", i)
		outcomes = append(outcomes, b.must(r).Outcome)
	}
	if diff := cmp.Diff([]protocol.Outcome{protocol.OutcomeDone, protocol.OutcomeDone, protocol.OutcomeRefused}, outcomes); diff != "" {
		t.Error(diff)
	}
	elsewhere := request("edr.isolate_host", host("web-01"))
	elsewhere.IncidentID, elsewhere.Key = "INC-2026-000002", "key-9"
	if result := b.must(elsewhere); result.Outcome != protocol.OutcomeDone {
		t.Errorf("another incident: %+v", result)
	}
}

func TestBudgetHoldsWhenManyBeginAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.limits(guard.Limit{Action: "isolate_host", PerIncident: 3, PerHour: 3})
	hosts := []string{"ws-042", "ws-017", "ws-023", "web-01", "web-02", "db-01", "bastion-01", "dc-01"}
	ended := make(chan error, len(hosts))
	for i, name := range hosts {
		r := request("edr.isolate_host", host(name))
		r.Key = fmt.Sprintf("key-%d", i)
		go func() {
			_, err := b.acts.run(t.Context(), r, never)
			ended <- err
		}()
	}
	for range hosts {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got := b.did("edr.isolate_host"); got > 3 {
		t.Errorf("%d hosts isolated, the limit is 3", got)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := request("edr.isolate_host", host("ws-042"))
	b.must(first)
	// Since then the host turned out to be protected, the budget is spent, and
	// nobody approved the release.
	b.store.protected = []soar.Protected{{Class: "host", Pattern: "ws-042", Reason: "important after all"}}
	b.limits(guard.Limit{Action: "isolate_host"})
	undo := request("edr.release_host", host("ws-042"))
	undo.Preauthorised, undo.Undoes = "", first.Key
	if result := b.must(undo); result.Outcome != protocol.OutcomeDone {
		t.Fatalf("%+v", result)
	}
	b.state(first, soar.LedgerCompensated)
	b.state(undo, soar.LedgerConfirmed)
	if result := b.must(first); result.Outcome != protocol.OutcomeDone {
		t.Errorf("the undone action answers %+v", result)
	}
	if b.did("edr.isolate_host") != 1 || b.did("edr.release_host") != 1 {
		t.Error("a repeat did something")
	}
}

// Saying that an action takes something back opens no way around the guard.
func TestUndoMustBeTheDeclaredOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := request("edr.isolate_host", host("ws-042"))
	b.must(first)
	rows := map[string]protocol.ActionRequest{
		"another action":      request("directory.disable_user", user("clerk-17")),
		"another system":      request("firewall.block_address", map[string]any{"address": "203.0.113.66"}),
		"the same once more":  request("edr.isolate_host", host("ws-017")),
		"a person who is new": request("directory.reset_password", user("clerk-18")),
	}
	for name, r := range rows {
		r.Preauthorised, r.Undoes = "", first.Key
		if result := b.must(r); result.Outcome != protocol.OutcomeRefused {
			t.Errorf("%s: %+v", name, result)
		}
	}
	if len(b.lab.Effects()) != 1 {
		t.Error("something happened")
	}
	b.state(first, soar.LedgerConfirmed)
}

func TestUndoIsMarkedAlsoAfterACrash(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := request("edr.isolate_host", host("ws-042"))
	b.must(first)
	away := true
	b.store.down = func(name string) error {
		if away && name == "LedgerMove compensated" {
			return soar.Errorf(soar.CodeUnavailable, name, "away")
		}
		return nil
	}
	undo := request("edr.release_host", host("ws-042"))
	undo.Undoes = first.Key
	_, err := b.run(undo)
	_ = wantType(t, err, protocol.ErrorStore)
	b.state(undo, soar.LedgerConfirmed)
	b.state(first, soar.LedgerConfirmed)
	away = false
	b.must(undo)
	b.state(first, soar.LedgerCompensated)
}

func TestApprovedByPersons(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := request("edr.isolate_host", host("ws-042"))
	bound := []soar.BoundAction{{StepPath: "r1/step", Action: "edr.isolate_host", Args: host("ws-042")}}
	sum, err := protocol.BoundDigest(r.PlaybookDigest, bound)
	if err != nil {
		t.Fatal(err)
	}
	lead := soar.Actor{Kind: soar.ActorPerson, ID: "soc-lead@lab.invalid"}
	b.store.approvals["APR-1"] = soar.Approval{
		ID: "APR-1", IncidentID: incident, Status: soar.ApprovalPending, Quorum: 1, Digest: sum, Bound: bound, Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, ExpiresAt: time.Now().Add(time.Hour),
		Decisions: []soar.Decision{{ID: "d1", ApprovalID: "APR-1", Approve: true, By: lead, Roles: []soar.Role{soar.RoleSOCLead}, Digest: sum, At: time.Now()}},
	}
	r.Preauthorised, r.Approval = "", &protocol.ApprovalProof{ApprovalID: "APR-1", Digest: sum, StepPath: "r1/step"}
	if result := b.must(r); result.Outcome != protocol.OutcomeDone {
		t.Errorf("%+v", result)
	}
	other := r
	other.Args, other.Target, other.Key = host("ws-017"), "ws-017", "key-2"
	if result := b.must(other); result.Outcome != protocol.OutcomeRefused || !strings.Contains(result.Error, "does not cover") {
		t.Errorf("another host under the same approval: %+v", result)
	}
}

func TestKillSwitchAtTheLastMoment(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.store.step = func(_ context.Context, where string) {
		if where == "LedgerBegin after" { // a person turns it on while the call is being made
			b.store.mu.Lock()
			b.store.freeze = soar.Freeze{On: true, Reason: "stop"}
			b.store.mu.Unlock()
		}
	}
	r := request("edr.isolate_host", host("ws-042"))
	if result := b.must(r); result.Outcome != protocol.OutcomeRefused || !strings.Contains(result.Error, "stop") {
		t.Errorf("%+v", result)
	}
	b.state(r, soar.LedgerFailed)
	if len(b.lab.Effects()) != 0 {
		t.Error("something happened")
	}
}

// With the switch on, what may have happened is asked about and not sent again.
func TestKillSwitchWithAnUnclearEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fault("/directory/users/clerk-17/revoke_sessions", labserver.ModeDropBefore)
	b.store.step = func(_ context.Context, where string) {
		if where == "LedgerMove sent after" {
			b.store.mu.Lock()
			b.store.freeze = soar.Freeze{On: true, Reason: "stop"}
			b.store.mu.Unlock()
		}
	}
	r := request("directory.revoke_sessions", user("clerk-17"))
	if result := b.must(r); result.Outcome != protocol.OutcomeUnknown {
		t.Errorf("%+v", result)
	}
	b.state(r, soar.LedgerUnknown)
	if len(b.lab.Effects()) != 0 {
		t.Error("something happened")
	}
}

func TestTransientGoesBackToIntent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fault("/edr/hosts/ws-042/isolate", labserver.ModeStatus, func(f *labserver.Fault) { f.Status, f.RetryAfter = 429, 7 })
	r := request("edr.isolate_host", host("ws-042"))
	_, err := b.run(r)
	if known := wantType(t, err, protocol.ErrorLimited); known.NextRetryDelay() != 7*time.Second {
		t.Errorf("asks for another attempt after %v", known.NextRetryDelay())
	}
	b.state(r, soar.LedgerIntent)
	if result := b.must(r); result.Outcome != protocol.OutcomeDone || b.store.entry(r.Key).Attempts != 2 {
		t.Errorf("%+v after %d attempts", result, b.store.entry(r.Key).Attempts)
	}
	checkEvents(t, b)
}

func TestLastTrySettles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fault("/edr/hosts/ws-042/isolate", labserver.ModeStatus, func(f *labserver.Fault) { f.Status = 503 })
	r := request("edr.isolate_host", host("ws-042"))
	result, err := b.acts.run(t.Context(), r, always)
	if err != nil || result.Outcome != protocol.OutcomeFailed || result.Class != "transient" {
		t.Errorf("%+v, %v", result, err)
	}
	b.state(r, soar.LedgerFailed)
	if again := b.must(r); again.Outcome != protocol.OutcomeFailed || again.Error == "" || len(b.lab.Effects()) != 0 {
		t.Errorf("answered again: %+v", again)
	}
}

func TestRefusalOfTheSystemIsFinal(t *testing.T) {
	t.Parallel()
	rows := map[string]int{"permanent": 404, "auth": 401}
	for class, status := range rows {
		t.Run(class, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.fault("/directory/users/clerk-17/reset_password", labserver.ModeStatus, func(f *labserver.Fault) { f.Status = status })
			r := request("directory.reset_password", user("clerk-17"))
			if result := b.must(r); result.Outcome != protocol.OutcomeFailed || result.Class != class {
				t.Errorf("%+v", result)
			}
			b.state(r, soar.LedgerFailed)
		})
	}
}

// A repeat that is refused says nothing about the first call.
func TestRefusedRepeatStaysUnclear(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const path = "/directory/users/clerk-17/revoke_sessions"
	b.fault(path, labserver.ModeDropAfter)
	b.fault(path, labserver.ModeStatus, func(f *labserver.Fault) { f.Status = 404 })
	r := request("directory.revoke_sessions", user("clerk-17"))
	if result := b.must(r); result.Outcome != protocol.OutcomeUnknown {
		t.Errorf("%+v", result)
	}
	b.state(r, soar.LedgerUnknown)
}

func TestBusyRepeatIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const path = "/directory/users/clerk-17/revoke_sessions"
	b.fault(path, labserver.ModeDropAfter)
	b.fault(path, labserver.ModeStatus, func(f *labserver.Fault) { f.Status = 503 })
	r := request("directory.revoke_sessions", user("clerk-17"))
	_, err := b.run(r)
	_ = wantType(t, err, errorUnknown) // not "transient": the workflow would take that for "nothing happened"
	b.state(r, soar.LedgerSent)
	if result := b.must(r); result.Outcome != protocol.OutcomeDone || len(b.lab.Effects()) != 1 {
		t.Errorf("%+v", result)
	}
}

// A system that says yes and does nothing is not believed.
func TestLyingSystem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fault("/edr/hosts/ws-042/isolate", labserver.ModeLie)
	r := request("edr.isolate_host", host("ws-042"))
	result := b.must(r)
	if result.Outcome != protocol.OutcomeUnknown || !strings.Contains(result.Error, "says that it is not") {
		t.Errorf("%+v", result)
	}
	b.state(r, soar.LedgerUnknown)
}

func TestKeyOfSomethingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(request("edr.isolate_host", host("ws-042")))
	r := request("edr.isolate_host", host("ws-017"))
	r.Key = request("edr.isolate_host", host("ws-042")).Key
	result := b.must(r)
	if result.Outcome != protocol.OutcomeRefused || !strings.Contains(result.Error, "stands for edr.isolate_host on ws-042") {
		t.Errorf("%+v", result)
	}
	b.state(r, soar.LedgerConfirmed)
}

func TestDryRunDoesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := request("edr.isolate_host", host("ws-042"))
	r.DryRun = true
	result := b.must(r)
	if diff := cmp.Diff(map[string]any{"dry_run": true, "action": "edr.isolate_host", "targets": []any{"ws-042"}}, result.Output); diff != "" {
		t.Error(diff)
	}
	if len(b.store.keys()) != 0 || len(b.lab.Effects()) != 0 {
		t.Error("something happened")
	}
	b.store.protected = []soar.Protected{{Class: "host", Pattern: "ws-042"}}
	if result := b.must(r); result.Outcome != protocol.OutcomeRefused {
		t.Errorf("the guard was not asked: %+v", result)
	}
}

// odd is a connector that behaves as it is told.
type odd struct {
	action manifest.Action
	do     func(context.Context, connector.Call) (connector.Result, error)
}

func (o odd) Manifest() *manifest.Manifest {
	return &manifest.Manifest{Connector: "odd", Actions: []manifest.Action{o.action}}
}

func (o odd) Open(connector.Config) (connector.Instance, error) { return o, nil }

func (o odd) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	return o.do(ctx, call)
}

// oddBench has one instance, "odd", with one action, "act".
func oddBench(t *testing.T, action manifest.Action, do func(context.Context, connector.Call) (connector.Result, error)) (*bench, protocol.ActionRequest) {
	t.Helper()
	b := newBench(t)
	action.Name, action.Timeout = "act", 5*time.Second
	if action.Input == nil {
		action.Input = map[string]any{"type": "object"}
	}
	registry := connector.NewRegistry()
	if err := registry.Open(odd{action, do}, connector.Config{Instance: "odd"}); err != nil {
		t.Fatal(err)
	}
	b.deps.Connectors = registry
	b.acts = New(b.deps)
	r := request("odd.act", host("ws-042"))
	r.Risk = action.Risk
	return b, r
}

func TestOddConnectors(t *testing.T) {
	t.Parallel()
	once := manifest.Action{Risk: soar.RiskChange, Target: "host"}
	text := map[string]any{"type": "object", "required": []any{"done"}, "properties": map[string]any{"done": map[string]any{"type": "boolean"}}}
	good := connector.Result{Output: map[string]any{"done": true}}
	type do = func(context.Context, connector.Call) (connector.Result, error)
	rows := []struct {
		name    string
		action  manifest.Action
		do      do
		outcome protocol.Outcome // empty: asks for another attempt
		state   soar.LedgerState
	}{
		{"does not tell the ledger", once, func(context.Context, connector.Call) (connector.Result, error) { return good, nil }, protocol.OutcomeDone, soar.LedgerConfirmed},
		{"crashes before", once, func(context.Context, connector.Call) (connector.Result, error) { panic("secret") }, "", soar.LedgerIntent},
		{"crashes after", once, func(ctx context.Context, c connector.Call) (connector.Result, error) {
			_ = c.Sent(ctx)
			panic("secret")
		}, protocol.OutcomeUnknown, soar.LedgerUnknown},
		{"a plain error before", once, func(context.Context, connector.Call) (connector.Result, error) {
			return connector.Result{}, errors.New("odd")
		}, "", soar.LedgerIntent},
		{"unknown, and never told", once, func(context.Context, connector.Call) (connector.Result, error) {
			return connector.Result{}, &connector.Error{Class: connector.Unknown, Message: "odd"}
		}, protocol.OutcomeUnknown, soar.LedgerUnknown},
		{"tells twice", once, func(ctx context.Context, c connector.Call) (connector.Result, error) {
			return good, errors.Join(c.Sent(ctx), c.Sent(ctx))
		}, protocol.OutcomeDone, soar.LedgerConfirmed},
		{"an answer of the wrong shape", manifest.Action{Risk: soar.RiskChange, Target: "host", Output: text}, func(ctx context.Context, c connector.Call) (connector.Result, error) {
			return connector.Result{Output: map[string]any{"done": "yes"}}, c.Sent(ctx)
		}, protocol.OutcomeUnknown, soar.LedgerUnknown},
		{"wrong shape, and never told", manifest.Action{Risk: soar.RiskChange, Target: "host", Output: text}, func(context.Context, connector.Call) (connector.Result, error) {
			return connector.Result{}, nil
		}, protocol.OutcomeUnknown, soar.LedgerUnknown},
		{"evidence of the wrong shape", manifest.Action{Risk: soar.RiskCollect, Output: text}, func(ctx context.Context, c connector.Call) (connector.Result, error) {
			return connector.Result{}, c.Sent(ctx)
		}, protocol.OutcomeFailed, soar.LedgerFailed},
		{"a read of the wrong shape", manifest.Action{Risk: soar.RiskRead, Output: text}, func(context.Context, connector.Call) (connector.Result, error) {
			return connector.Result{}, nil
		}, protocol.OutcomeFailed, ""},
		{"an output that is no JSON", manifest.Action{Risk: soar.RiskRead}, func(context.Context, connector.Call) (connector.Result, error) {
			return connector.Result{Output: map[string]any{"f": func() {}}}, nil
		}, protocol.OutcomeFailed, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b, r := oddBench(t, row.action, row.do)
			result, err := b.run(r)
			if row.outcome == "" {
				_ = wantType(t, err, protocol.ErrorTransient)
			} else if err != nil || result.Outcome != row.outcome {
				t.Errorf("%+v, %v", result, err)
			}
			if strings.Contains(result.Error+fmt.Sprint(err), "secret") {
				t.Error("what the connector printed shows")
			}
			b.state(r, row.state)
		})
	}
}

// A connector that does not come back is given up, and what it does later is
// held back.
func TestHangingConnector(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{false, true} {
		t.Run(fmt.Sprintf("told %v", told), func(t *testing.T) {
			t.Parallel()
			hang, late := make(chan struct{}), make(chan error, 1)
			b, r := oddBench(t, manifest.Action{Risk: soar.RiskChange, Target: "host"}, func(ctx context.Context, c connector.Call) (connector.Result, error) {
				if told {
					_ = c.Sent(ctx)
				}
				<-hang
				late <- c.Sent(ctx)
				return connector.Result{}, nil
			})
			r.Timeout = 20 * time.Millisecond
			result, err := b.run(r)
			if told && (err != nil || result.Outcome != protocol.OutcomeUnknown) {
				t.Errorf("%+v, %v", result, err)
			}
			if !told {
				_ = wantType(t, err, protocol.ErrorTransient)
			}
			close(hang)
			if err := <-late; err == nil {
				t.Error("it was permitted to send after it was given up")
			}
		})
	}
}
