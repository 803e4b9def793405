package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Literal names: the constants under test are what running incidents ask for.
func TestRegisteredNames(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	b.acts.Register(env)
	value, err := env.ExecuteActivity("action_run", request("edr.isolate_host", host("ws-042")))
	if err != nil {
		t.Fatal(err)
	}
	var result protocol.ActionResult
	if err := value.Get(&result); err != nil || result.Outcome != protocol.OutcomeDone {
		t.Errorf("action_run: %+v, %v", result, err)
	}
	var receipt protocol.JournalReceipt
	value, err = env.ExecuteActivity("journal_write", protocol.JournalBatch{IncidentID: incident, Events: []protocol.TimelineEvent{{Seq: 7}}})
	if err != nil || value.Get(&receipt) != nil || receipt.LastSeq != 7 {
		t.Errorf("journal_write: %+v, %v", receipt, err)
	}
	var match protocol.MatchResult
	value, err = env.ExecuteActivity("playbooks_match", protocol.MatchRequest{Incident: soar.Incident{Category: soar.CategoryPhishing}})
	if err != nil || value.Get(&match) != nil || len(match.Runs) != 1 || match.Runs[0].Playbook != "phishing" {
		t.Errorf("playbooks_match: %+v, %v", match, err)
	}
	var pin protocol.RunPin
	value, err = env.ExecuteActivity("playbook_pin", protocol.PinRequest{Playbook: "phishing"})
	if err != nil || value.Get(&pin) != nil || pin.Version != "1.0.0" {
		t.Errorf("playbook_pin: %+v, %v", pin, err)
	}
	b.store.approvals["APR-1"] = soar.Approval{Decisions: []soar.Decision{{ID: "d1"}}}
	var committed protocol.CommittedDecisions
	value, err = env.ExecuteActivity("decisions_committed", protocol.DecisionsRequest{ApprovalID: "APR-1"})
	if err != nil || value.Get(&committed) != nil || len(committed.Decisions) != 1 || committed.Decisions[0].ID != "d1" {
		t.Errorf("decisions_committed: %+v, %v", committed, err)
	}
	var policy protocol.EscalationPolicy
	value, err = env.ExecuteActivity("escalation_policy", protocol.EscalationRequest{Policy: "soc"})
	if err != nil || value.Get(&policy) != nil || policy.Name != "" {
		t.Errorf("escalation_policy without policies: %+v, %v", policy, err)
	}
}

func TestErrorsOfUseCases(t *testing.T) {
	t.Parallel()
	rows := []struct {
		err   error
		kind  string
		final bool
		after time.Duration
	}{
		{soar.Errorf(soar.CodeUnavailable, "x", "away"), protocol.ErrorStore, false, 0},
		{&soar.Error{Code: soar.CodeLimited, Message: "busy", RetryAfter: time.Second}, protocol.ErrorStore, false, time.Second},
		{errors.New("odd"), protocol.ErrorStore, false, 0},
		{context.DeadlineExceeded, protocol.ErrorStore, false, 0},
		{soar.Errorf(soar.CodeNotFound, "x", "no such playbook"), "not_found", true, 0},
		{soar.Errorf(soar.CodeInvalid, "x", "wrong"), "invalid", true, 0},
		{soar.Errorf(soar.CodeConflict, "x", "late"), "conflict", true, 0},
	}
	for _, row := range rows {
		t.Run(row.err.Error(), func(t *testing.T) {
			t.Parallel()
			acts := New(Deps{Playbooks: library{err: row.err}})
			_, err := acts.Pin(t.Context(), protocol.PinRequest{})
			known := wantType(t, err, row.kind)
			if known.NonRetryable() != row.final || known.NextRetryDelay() != row.after {
				t.Errorf("final %v after %v", known.NonRetryable(), known.NextRetryDelay())
			}
			if _, err := acts.Match(t.Context(), protocol.MatchRequest{}); err == nil {
				t.Error("no error from playbooks_match")
			}
		})
	}
}

func TestLastTry(t *testing.T) {
	t.Parallel()
	policy := func(most int32, final ...string) *temporal.RetryPolicy {
		return &temporal.RetryPolicy{MaximumAttempts: most, NonRetryableErrorTypes: final}
	}
	rows := []struct {
		name string
		info activity.Info
		want []bool // transient, limited
	}{
		{"no policy known", activity.Info{Attempt: 9}, []bool{false, false}},
		{"without end", activity.Info{Attempt: 9, RetryPolicy: policy(0)}, []bool{false, false}},
		{"more to come", activity.Info{Attempt: 2, RetryPolicy: policy(3)}, []bool{false, false}},
		{"the last", activity.Info{Attempt: 3, RetryPolicy: policy(3)}, []bool{true, true}},
		{"one class is final", activity.Info{Attempt: 1, RetryPolicy: policy(3, "transient")}, []bool{true, false}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			last := lastTry(row.info)
			if diff := cmp.Diff(row.want, []bool{last("transient"), last("limited")}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	if err := wait(t.Context(), time.Microsecond); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, time.Hour); err == nil {
		t.Error("waited on")
	}
}
