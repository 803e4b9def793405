package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/payloadkey"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

// canaries are words of an alert that must not be readable in Temporal: the title,
// the host, the address, the account, the place.
func canaries() []string {
	return []string{"canary-title", "web-01", "203.0.113.66", "canary-user", "canary-location"}
}

func canaryAlert(id, host string) []byte {
	return fmt.Appendf(nil, `{"timestamp":"2026-01-02T03:04:05.678+0000","id":%q,
		"rule":{"id":"5763","level":10,"description":"canary-title","mitre":{"id":["T1110"]},"groups":["sshd"]},
		"agent":{"id":"007","name":%q,"ip":"192.0.2.10"},"manager":{"name":"m"},"location":"canary-location",
		"data":{"srcip":"203.0.113.66","dstuser":"canary-user"}}`, id, host)
}

// vault is the product with keys.
type vault struct {
	*product
	keys map[string]secret.String
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{keys: map[string]secret.String{}}
	for _, id := range []string{"first", "second", "other"} {
		key, err := codec.NewKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		v.keys[id] = key
	}
	given := v.ring("first", "first")
	given["temporal_address"] = devstacktest.Temporal(t)
	v.product = startWith(t, given)
	return v
}

// ring gives the settings of a ring: "id" or "id:key", the latter with another key
// under that id.
func (v *vault) ring(active string, ids ...string) settings {
	given := settings{"encryption_active_key": active}
	var references []string
	for _, id := range ids {
		id, key, other := strings.Cut(id, ":")
		if !other {
			key = id
		}
		references = append(references, id+"=from_env:TOCSIN_RING_"+id)
		given["ring_"+id] = v.keys[key].Reveal()
	}
	given["encryption_keys"] = strings.Join(references, ",")
	return given
}

// restart ends the process and starts the next with another ring.
func (v *vault) restart(t *testing.T, ring settings) {
	t.Helper()
	v.stop()
	v.run(t, v.withRing(t, ring))
	v.introduce(t)
}

func (v *vault) withRing(t *testing.T, ring settings) *app.Config {
	t.Helper()
	given := settings{}
	for key, value := range v.settings {
		if !strings.HasPrefix(key, "encryption") && !strings.HasPrefix(key, "ring_") {
			given[key] = value
		}
	}
	maps.Copy(given, ring)
	return v.configure(t, given)
}

// refused gives the error of a start with another ring.
func (v *vault) refused(t *testing.T, ring settings) string {
	t.Helper()
	_, err := app.New(t.Context(), v.withRing(t, ring), slog.New(slog.DiscardHandler), app.Roles{Worker: true})
	if err == nil {
		t.Fatal("it started")
	}
	return err.Error()
}

// codec reads with all keys.
func (v *vault) codec(t *testing.T) *codec.Codec {
	t.Helper()
	ring, err := codec.NewRing(v.keys, "second")
	if err != nil {
		t.Fatal(err)
	}
	return codec.New(codec.Options{Ring: ring, Namespace: "default"})
}

// temporal is a connection without any key.
func (v *vault) temporal(t *testing.T) sdk.Client {
	t.Helper()
	client, err := sdk.Dial(sdk.Options{HostPort: v.settings["temporal_address"], Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// raw reads a history as Temporal keeps it.
func raw(t *testing.T, temporal sdk.Client, incident string) *history.History {
	t.Helper()
	whole := &history.History{}
	pages := temporal.GetWorkflowHistory(t.Context(), incident, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			t.Fatal(err)
		}
		whole.Events = append(whole.Events, event)
	}
	return whole
}

// readable are the canaries that stand in a message's bytes.
func readable(t *testing.T, message proto.Message) []string {
	t.Helper()
	whole, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(canaries(), func(word string) bool { return !bytes.Contains(whole, []byte(word)) })
}

// visit replaces every payload of a message, search attributes excepted.
func visit(t *testing.T, message proto.Message, each func(parent proto.Message, payload *commonpb.Payload) *commonpb.Payload) {
	t.Helper()
	err := proxy.VisitPayloads(t.Context(), message, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(at *proxy.VisitPayloadsContext, all []*commonpb.Payload) ([]*commonpb.Payload, error) {
			out := make([]*commonpb.Payload, len(all))
			for i, payload := range all {
				out[i] = each(at.Parent, payload)
			}
			return out, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// kinds counts the payloads of a message by the key they are encrypted under ("" is
// none), and those that are not bound to a workflow by where they stand.
func kinds(t *testing.T, message proto.Message) (keys, unbound map[string]int) {
	keys, unbound = map[string]int{}, map[string]int{}
	visit(t, message, func(parent proto.Message, payload *commonpb.Payload) *commonpb.Payload {
		keys[string(payload.GetMetadata()["encryption-key-id"])]++
		if len(payload.GetMetadata()["encryption-workflow-id"]) == 0 {
			unbound[string(parent.ProtoReflect().Descriptor().Name())]++
		}
		return payload
	})
	return keys, unbound
}

// TestNothingOfAnAlertIsReadableInTemporal runs incidents with encryption on, one of
// them into failures, rotates the key in the middle, and looks at what Temporal keeps.
func TestNothingOfAnAlertIsReadableInTemporal(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	temporal := v.temporal(t)
	incident := v.incidentOf(t, v.send(t, canaryAlert("1", "web-01")))
	approval := v.pendingApproval(t, incident)
	v.restart(t, v.ring("second", "first", "second"))
	v.decide(t, approval, gen.Approve)
	detail := v.detail(t, incident, "closes under the second key", ended)
	if detail.Incident.Status != soar.StatusClosed {
		t.Errorf("it ended as %+v", detail.Incident)
	}

	whole := raw(t, temporal, incident)
	if found := readable(t, whole); len(found) > 0 {
		t.Errorf("Temporal's history shows %q", found)
	}
	keys, unbound := kinds(t, whole)
	if keys[""] > 0 || keys["first"] == 0 || keys["second"] == 0 || len(unbound) > 0 {
		t.Errorf("payloads by key: %v; not bound to the workflow: %v", keys, unbound)
	}
	described, err := temporal.DescribeWorkflowExecution(t.Context(), incident, "")
	if err != nil {
		t.Fatal(err)
	}
	if keys, _ := kinds(t, described); keys[""] > 0 || keys["first"] == 0 {
		t.Errorf("summary, details and memo by key: %v", keys)
	}
	if found := readable(t, described); len(found) > 0 {
		t.Errorf("the description shows %q", found)
	}
	v.replays(t, incident, whole)

	decrypt := v.remote(v.token(t, soar.RoleAnalyst))
	visit(t, whole, func(_ proto.Message, payload *commonpb.Payload) *commonpb.Payload {
		plain, err := decrypt.Decode([]*commonpb.Payload{payload})
		if err != nil {
			t.Fatal(err)
		}
		return plain[0]
	})
	if found := readable(t, whole); len(found) != len(canaries()) {
		t.Errorf("decrypted, the history shows only %q: the test would not see a leak", found)
	}
}

// TestFailedActionsAndAnswersAreEncrypted looks at an incident whose actions fail, and
// at what a query answers.
func TestFailedActionsAndAnswersAreEncrypted(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	temporal := v.temporal(t)
	incident := v.incidentOf(t, v.send(t, canaryAlert("1", "canary-host")))
	failed := false
	v.detail(t, incident, "an action fails or people are asked", func(d protocol.Detail) bool {
		for _, run := range d.Runs {
			for _, step := range run.Steps {
				failed = failed || step.Status == soar.StepFailed
			}
		}
		return failed
	})
	for _, query := range []string{protocol.QueryState, "__temporal_workflow_metadata", sdk.QueryTypeStackTrace} {
		answer, err := temporal.QueryWorkflowWithOptions(t.Context(), &sdk.QueryWorkflowWithOptionsRequest{WorkflowID: incident, QueryType: query})
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var sealed commonpb.Payload
		if err := answer.QueryResult.Get(&sealed); err == nil {
			t.Errorf("%s was answered in the clear", query)
		}
	}
	whole := raw(t, temporal, incident)
	text, err := proto.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("canary-")) {
		t.Error("the history shows a canary")
	}
	if keys, unbound := kinds(t, whole); keys[""] > 0 || len(unbound) > 0 {
		t.Errorf("payloads by key: %v; not bound: %v", keys, unbound)
	}
}

// replays runs a history as a worker with the rotated ring would.
func (v *vault) replays(t *testing.T, incident string, whole *history.History) {
	t.Helper()
	encryption := v.codec(t).ForWorker()
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DataConverter: encryption.DataConverter(), FailureConverter: encryption.FailureConverter(),
	})
	if err != nil {
		t.Fatal(err)
	}
	v.app.Workflows().Register(replayer)
	options := worker.ReplayWorkflowHistoryOptions{OriginalExecution: workflow.Execution{ID: incident}}
	if err := replayer.ReplayWorkflowHistoryWithOptions(nil, proto.Clone(whole).(*history.History), options); err != nil {
		t.Errorf("it does not replay: %v", err)
	}
}

// TestAWrongRingIsRefused starts with each wrong ring, and then with none of the
// checks: an incident must stand still, not end, until the key is back.
func TestAWrongRingIsRefused(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	incident := v.incidentOf(t, v.send(t, canaryAlert("1", "web-01")))
	approval := v.pendingApproval(t, incident)
	for name, row := range map[string]struct {
		ring settings
		want string
	}{
		"no ring":       {settings{}, `encrypted under the key "first" since`},
		"key gone":      {v.ring("second", "second"), "tocsin key retire first"},
		"another's key": {v.ring("first", "first:other"), `another key under the name "first"`},
	} {
		if got := v.refused(t, row.ring); !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}

	v.retire(t, "first")
	v.stop()
	v.run(t, v.withRing(t, v.ring("second", "second")))
	v.introduce(t)
	v.decide(t, approval, gen.Approve)
	temporal := v.temporal(t)
	failure := eventually(t, "a workflow task fails", func() (string, bool) {
		for _, event := range raw(t, temporal, incident).Events {
			if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED {
				return event.GetWorkflowTaskFailedEventAttributes().GetFailure().GetMessage(), true
			}
		}
		return "", false
	})
	if failure != "Encoded failure" {
		t.Errorf("a failure can be read: %q", failure)
	}
	described, err := temporal.DescribeWorkflowExecution(t.Context(), incident, "")
	if err != nil || described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		t.Fatalf("without its key the incident did not stand still: %v %v", described.GetWorkflowExecutionInfo().GetStatus(), err)
	}
	v.restart(t, v.ring("second", "first", "second"))
	if ended := v.detail(t, incident, "closes when the key is back", ended); ended.Incident.Status != soar.StatusClosed {
		t.Errorf("it ended as %+v", ended.Incident)
	}
}

func (v *vault) retire(t *testing.T, key string) {
	t.Helper()
	kept, err := store.Open(t.Context(), v.settings["database_url"], store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if err := payloadkey.New(kept).Retire(t.Context(), key); err != nil {
		t.Fatal(err)
	}
}
