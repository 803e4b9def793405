package interpreter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// Every place of a plan where an expression may stand is looked at: an output
// that is forgotten although it is read fails a playbook.
func TestKeys(t *testing.T) {
	t.Parallel()
	leaf := &plan.Step{ID: "leaf", Path: "out/1/in/leaf", Kind: plan.KindSet}
	inner := &plan.Step{ID: "in", Path: "out/1/in", Kind: plan.KindRepeat, Repeat: &plan.Repeat{Body: []*plan.Step{leaf}}}
	pick := &plan.Step{ID: "pick", Path: "out/1", Kind: plan.KindSwitch, Switch: []plan.Branch{{Steps: []*plan.Step{inner}}}}
	single := &plan.Step{ID: "one", Path: "one", Kind: plan.KindSet}
	loop := &plan.Step{ID: "out", Path: "out", Kind: plan.KindForEach, ForEach: &plan.ForEach{As: "x", Body: []*plan.Step{pick}}}
	same := &plan.Step{ID: "one", Path: "one", Kind: plan.KindForEach, ForEach: &plan.ForEach{As: "y", Body: []*plan.Step{single}, Single: true}}
	p := &plan.Plan{Digest: "d", Steps: []*plan.Step{loop, same}}
	at := &place{run: &state.Run{ID: "r7"}, plan: p, lay: New(nil, nil, nil, nil).layout(p)}
	if got := at.key(loop); got != "r7/out" {
		t.Error(got)
	}
	if at.sees(leaf) || at.sees(pick) {
		t.Error("outside of the loop no instance of its steps is meant")
	}
	first := at.in(turn{loop: loop, key: "r7/out[3]", index: 3})
	second := first.in(turn{loop: inner, key: "r7/out[3]/1/in[0]", index: 0})
	for step, want := range map[*plan.Step]string{pick: "r7/out[3]/1", inner: "r7/out[3]/1/in", leaf: "r7/out[3]/1/in[0]/leaf"} {
		if got := second.key(step); got != want || !second.sees(step) {
			t.Errorf("key %s, want %s", got, want)
		}
	}
	if first.sees(leaf) || second.sees(single) {
		t.Error("a step of another loop is seen")
	}
	// A loop written on one step: both have the same path and id.
	if at.lay.byID["one"].step != same || at.in(turn{loop: same, key: "r7/one[0]"}).key(single) != "r7/one[0]" {
		t.Error("the loop is what its id means, and its step has a key of its own")
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	long := Summary(strings.Repeat("é", 300))
	if len(long) > maxSummary || !strings.HasSuffix(long, "é") {
		t.Errorf("%d bytes", len(long))
	}
	if got := Summary("a\nb\tc\x00\x7f"); got != "a b c  " {
		t.Errorf("%q", got)
	}
	// The server's bound is 400 bytes of JSON, and markdown's marks grow in it.
	if got := jsonSize(Summary(strings.Repeat("*", 1000))); got > 400 {
		t.Errorf("%d bytes of JSON", got)
	}
}

func jsonSize(text string) int { return size(text) }

func TestPreauthorisedBy(t *testing.T) {
	t.Parallel()
	names := []string{"contain", "contain_host"}
	for source, want := range map[string]string{
		`policy.preauthorised("contain_host")`: "contain_host", `policy.preauthorised('contain')`: "contain", `true`: "", `policy.preauthorised("other")`: "",
	} {
		if got := preauthorisedBy(source, names); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

func TestErrandErrors(t *testing.T) {
	t.Parallel()
	store := temporal.NewApplicationError("away", protocol.ErrorStore)
	lost := temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil)
	late := temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil)
	if !StoreAway(store) || StoreAway(lost) || StoreAway(errors.New("store_unavailable")) {
		t.Error("store away")
	}
	if !workerLost(lost) || workerLost(late) || workerLost(store) {
		t.Error("worker lost")
	}
	if diff := cmp.Diff([]string{"store_unavailable", "limited"}, finalClasses([]string{"transient"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for rounds, want := range map[int]time.Duration{0: 5 * time.Second, 1: 5 * time.Second, 2: 10 * time.Second, 4: 40 * time.Second, 5: time.Minute, 500: time.Minute} {
		if got := outagePause(rounds); got != want {
			t.Errorf("pause %d: %s", rounds, got)
		}
	}
	for failures, want := range map[int]time.Duration{1: 2 * time.Second, 5: 32 * time.Second, 6: time.Minute, 900: time.Minute} {
		if got := flushPause(failures); got != want {
			t.Errorf("flush pause %d: %s", failures, got)
		}
	}
}

func TestErrandOptions(t *testing.T) {
	t.Parallel()
	e := &errand{
		retry:   plan.Retry{MaxAttempts: 4, Initial: 2 * time.Second, Backoff: 3, Maximum: time.Minute, On: []string{"transient"}},
		attempt: 40 * time.Second, total: 5 * time.Minute, title: "Isolate", rounds: new(int),
		request: protocol.ActionRequest{StepKey: "r1/a", Key: "0123456789abcdef", Risk: soar.RiskChange},
	}
	got := e.options()
	if got.StartToCloseTimeout != 55*time.Second || got.ScheduleToCloseTimeout != 5*time.Minute+55*time.Second || !got.WaitForCancellation || got.Summary != "Isolate" {
		t.Errorf("options: %+v", got)
	}
	policy := got.RetryPolicy
	if policy.MaximumAttempts != 4 || policy.InitialInterval != 2*time.Second || policy.BackoffCoefficient != 3 || policy.MaximumInterval != time.Minute {
		t.Errorf("policy: %+v", policy)
	}
	if e.request.Timeout != 40*time.Second {
		t.Error("the activity is not told how long the call may take")
	}
	first := got.ActivityID
	*e.rounds++
	if e.options().ActivityID == first {
		t.Error("two schedulings share an id")
	}
}
