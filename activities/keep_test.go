package activities

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestEvidenceIsStoredWithItsCustody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := request("edr.collect_evidence", map[string]any{"host": "web-01", "kinds": []any{"auth_log", "memory_summary"}})
	result := b.must(r)
	if result.Outcome != protocol.OutcomeDone || len(result.Evidence) != 2 || len(b.store.custody) != 2 {
		t.Fatalf("%+v with %d custody entries", result, len(b.store.custody))
	}
	for i, item := range b.store.items {
		custody, ref := b.store.custody[i], result.Evidence[i]
		if !strings.HasPrefix(item.ID, "EVD-") || len(item.ID) != 14 || ref.ID != item.ID || custody.EvidenceID != item.ID {
			t.Errorf("ids %s %s %s", item.ID, ref.ID, custody.EvidenceID)
		}
		if item.SHA256 == "" || item.SHA512 == "" || item.Source != "web-01" || item.Bytes == 0 || item.IncidentID != incident || item.CollectedAt.IsZero() || !strings.Contains(item.Method, "edr.collect_evidence") {
			t.Errorf("item %+v", item)
		}
		if custody.Seq != 1 || custody.What != "collected" || custody.SHA256 != item.SHA256 || custody.Why == "" {
			t.Errorf("custody %+v", custody)
		}
		if len(b.store.blobs[item.SHA256]) != int(item.Bytes) {
			t.Error("the bytes are not in the store")
		}
	}
	if b.store.items[0].Volatility > b.store.items[1].Volatility {
		t.Error("collected in the wrong order")
	}
	if diff := cmp.Diff(result, b.must(r)); diff != "" {
		t.Errorf("answered again: %s", diff)
	}
	want := []string{protocol.EventActionIntent, protocol.EventEvidence, protocol.EventEvidence, protocol.EventActionOutcome}
	if diff := cmp.Diff(want, b.store.kinds()); diff != "" {
		t.Errorf("record: %s", diff)
	}
}

func TestEvidenceIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, parts := range [][3]string{{"k", "a", "d"}, {"k", "a", "e"}, {"k", "b", "d"}, {"l", "a", "d"}, {"k", "a\x00d", ""}} {
		id := evidenceID(parts[0], parts[1], parts[2])
		if seen[id] && parts[2] != "" {
			t.Errorf("%v has the id of something else", parts)
		}
		seen[id] = true
	}
	if again := evidenceID("k", "a", "d"); again != evidenceID("k", "a", "d") {
		t.Error("the id changes")
	}
}

func TestLongOutputsGoByReference(t *testing.T) {
	t.Parallel()
	long, middle := strings.Repeat("a", 50<<10), strings.Repeat("b", 20<<10)
	b, r := oddBench(t, manifest.Action{Risk: soar.RiskRead}, func(context.Context, connector.Call) (connector.Result, error) {
		return connector.Result{Output: map[string]any{"long": long, "middle": middle, "short": "c"}}, nil
	})
	result := b.must(r)
	reference, ok := result.Output["long"].(map[string]any)
	if !ok || reference["by_reference"] != true || reference["len"] != len(long)+2 {
		t.Fatalf("long is %T %v", result.Output["long"], reference)
	}
	if result.Output["middle"] != middle || result.Output["short"] != "c" {
		t.Error("more went by reference than had to")
	}
	sum, _ := reference["sha256"].(string)
	var back string
	if err := json.Unmarshal(b.store.blobs[sum], &back); err != nil || back != long {
		t.Errorf("the value is not in the store: %v", err)
	}
	body, err := json.Marshal(result)
	if err != nil || len(body) > maxOutput+1024 {
		t.Errorf("the result has %d bytes", len(body))
	}
}

func TestManyLongOutputs(t *testing.T) {
	t.Parallel()
	b, r := oddBench(t, manifest.Action{Risk: soar.RiskRead}, func(context.Context, connector.Call) (connector.Result, error) {
		output := map[string]any{}
		for _, name := range strings.Split("abcdefghijklmnopqrst", "") {
			output[name] = strings.Repeat(name, 30<<10)
		}
		return connector.Result{Output: output}, nil
	})
	body, err := json.Marshal(b.must(r).Output)
	if err != nil || len(body) > maxOutput {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestReconcileArguments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	attempt, fault := b.acts.prepare(request("edr.isolate_host", host("ws-042")))
	if fault != "" {
		t.Fatal(fault)
	}
	rows := map[string]any{"plain": "plain", "${{ args.host }}": "ws-042", " ${{args.host}} ": "ws-042", "${{ 1 + 1 }}": 2}
	for value, want := range rows {
		if got, err := attempt.render(value); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"host ${{ args.host }}", "${{ args.host", "${{ args.host }} or ${{ args.host }}", "${{ nothing( }}"} {
		if got, err := attempt.render(value); err == nil {
			t.Errorf("%s: gave %v", value, got)
		}
	}
}

// Whatever goes wrong while asking is silence, never an answer.
func TestAskingFailsSilently(t *testing.T) {
	t.Parallel()
	read := manifest.Action{Name: "look", Risk: soar.RiskRead, Timeout: 1, Output: map[string]any{"type": "object", "required": []any{"there"}}}
	rows := map[string]manifest.Reconcile{
		"no such action":     {Action: "nothing", Done: "true"},
		"bad argument":       {Action: "look", With: []manifest.UndoArg{{Name: "host", Value: "a ${{ b }}"}}, Done: "true"},
		"answer misfits":     {Action: "look", Done: "true"},
		"done is no boolean": {Action: "act", Done: `"yes"`},
		"done fails":         {Action: "act", Done: "output.a.b.c > 1"},
	}
	for name, reconcile := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, r := oddBench(t, manifest.Action{Risk: soar.RiskChange, Target: "host", Reconcile: &reconcile}, func(ctx context.Context, c connector.Call) (connector.Result, error) {
				if c.Sent == nil {
					return connector.Result{Output: map[string]any{}}, nil
				}
				return connector.Result{}, c.Sent(ctx)
			})
			_, described, _ := b.deps.Connectors.Find("odd")
			described.Actions = append(described.Actions, read)
			if result := b.must(r); result.Outcome != protocol.OutcomeDone {
				t.Errorf("%+v: silence must not contradict the system's own word", result)
			}
		})
	}
}
