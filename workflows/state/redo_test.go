package state_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// record makes an ended record from "key kind status".
func record(line string) *state.Record {
	parts := strings.Fields(line)
	ended := at(1)
	r := &state.Record{Key: parts[0], Kind: plan.Kind(parts[1]), Status: soar.StepStatus(parts[2]), Begun: true, Always: len(parts) > 3}
	if r.Status.Ended() {
		r.EndedAt = &ended
	}
	return r
}

func TestRedo(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		run     soar.StepStatus
		records []string
		key     string
		skip    bool
		want    map[string]string // status and generation
	}{
		{name: "the steps around go on, what succeeded stays", run: "failed", key: "r1/all/b",
			records: []string{"r1/all steps failed", "r1/all/a action succeeded", "r1/all/b action failed", "r1/x action succeeded"},
			want:    map[string]string{"r1/all": "running 1", "r1/all/a": "succeeded 0", "r1/all/b": "pending 1", "r1/x": "succeeded 0"}},
		{name: "what was cut off or taken back runs again", run: "failed", key: "r1/p/a/x",
			records: []string{"r1/p parallel failed", "r1/p/a/x action failed", "r1/p/b/y action compensated", "r1/p/b/z wait cancelled", "r1/p/c/v action failed"},
			want:    map[string]string{"r1/p": "running 1", "r1/p/a/x": "pending 1", "r1/p/b/y": "pending 1", "r1/p/b/z": "pending 1", "r1/p/c/v": "failed 0"}},
		{name: "always steps of the lists around, after it", run: "failed", key: "r1/p/a/x",
			records: []string{"r1/first action succeeded always", "r1/p parallel failed", "r1/p/a/x action failed", "r1/p/b/y action succeeded always", "r1/p/a/z action succeeded always", "r1/last action succeeded always"},
			want:    map[string]string{"r1/first": "succeeded 0", "r1/p": "running 1", "r1/p/a/x": "pending 1", "r1/p/b/y": "succeeded 0", "r1/p/a/z": "pending 1", "r1/last": "pending 1"}},
		{name: "a container takes what went wrong in it along", run: "failed", key: "r1/all",
			records: []string{"r1/all steps failed", "r1/all/a action succeeded", "r1/all/in steps failed", "r1/all/in/b action failed"},
			want:    map[string]string{"r1/all": "running 1", "r1/all/a": "succeeded 0", "r1/all/in": "running 1", "r1/all/in/b": "pending 1"}},
		{name: "skipping leaves what lies below", run: "failed", key: "r1/all", skip: true,
			records: []string{"r1/all steps failed", "r1/all/a action cancelled", "r1/b action cancelled"},
			want:    map[string]string{"r1/all": "skipped 0", "r1/all/a": "cancelled 0", "r1/b": "pending 1"}},
		{name: "a running run keeps what others did", run: "running", key: "r1/p/a/x",
			records: []string{"r1/p parallel running", "r1/p/a/x action failed", "r1/p/b/y wait cancelled"},
			want:    map[string]string{"r1/p": "running 0", "r1/p/a/x": "pending 1", "r1/p/b/y": "cancelled 0"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newCase()
			run := c.Runs[0]
			for _, line := range row.records {
				run.Add(record(line))
			}
			run.Status = row.run
			run.Redo = []state.Redo{{Order: state.Order{By: ana(), Reason: "why"}, Key: row.key, Skip: row.skip}}
			if done := c.ApplyRedo(run, at(5)); len(done) != 1 || len(run.Redo) != 0 {
				t.Errorf("applied %v, left %v", done, run.Redo)
			}
			got := map[string]string{}
			for _, r := range run.Records {
				got[r.Key] = string(r.Status) + " " + string(rune('0'+r.Generation))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if run.Status.Ended() {
				t.Errorf("run is %s", run.Status)
			}
		})
	}
}

func TestRedoOfALoop(t *testing.T) {
	t.Parallel()
	c := newCase()
	run := c.Runs[0]
	loop := record("r1/each for_each failed")
	loop.Items = []state.Item{{Status: "succeeded"}, {Status: "failed"}, {Status: "failed"}, {Status: "cancelled"}}
	loop.List, loop.Listed = []any{"a", "b", "c", "d"}, true
	run.Add(loop)
	run.Add(record("r1/each[1]/x action failed"))
	run.Add(record("r1/each[2]/x action failed"))
	run.Status = soar.StepFailed
	run.Redo = []state.Redo{{Order: state.Order{By: ana()}, Key: "r1/each[1]/x"}}
	c.ApplyRedo(run, at(5))
	var got []string
	for _, item := range loop.Items {
		got = append(got, string(item.Status))
	}
	if diff := cmp.Diff([]string{"succeeded", "", "failed", ""}, got); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	if !loop.Listed || len(loop.List) != 4 || run.Find("r1/each[2]/x").Status != soar.StepFailed {
		t.Error("the loop lost what it had resolved, or another turn changed")
	}
}

// A turn that succeeded although a step in it failed, because that was told to
// continue, does not run again with its loop: the step keeps its status.
func TestRedoLeavesTurnsThatWentWell(t *testing.T) {
	t.Parallel()
	c := newCase()
	run := c.Runs[0]
	loop := record("r1/each for_each failed")
	loop.Items, loop.List, loop.Listed = []state.Item{{Status: "succeeded"}, {Status: "failed"}}, []any{"a", "b"}, true
	run.Add(loop)
	run.Add(record("r1/each[0]/in steps failed"))
	run.Add(record("r1/each[1]/in steps failed"))
	run.Status = soar.StepFailed
	run.Redo = []state.Redo{{Order: state.Order{By: ana()}, Key: "r1/each"}}
	c.ApplyRedo(run, at(5))
	if got := run.Find("r1/each[0]/in").Status; got != soar.StepFailed {
		t.Errorf("in the good turn: %s", got)
	}
	if got := run.Find("r1/each[1]/in").Status; got != soar.StepRunning || loop.Items[1].Status != "" || loop.Items[0].Status == "" {
		t.Errorf("in the bad turn: %s, turns %v", got, loop.Items)
	}
}

func TestRedoReachesUp(t *testing.T) {
	t.Parallel()
	c := newCase()
	root := c.Runs[0]
	root.Add(record("r1/all steps failed"))
	root.Add(record("r1/all/sub call failed"))
	child := c.AddChild(protocol.RunPin{Playbook: "c"}, "r1/all/sub", at(0))
	root.Find("r1/all/sub").Child = child.ID
	child.Add(record("r2/x action failed"))
	child.Status, root.Status = soar.StepFailed, soar.StepFailed
	root.Redo = []state.Redo{{Order: state.Order{By: ana()}, Key: "r2/x"}}
	c.ApplyRedo(root, at(5))
	if child.Status != soar.StepRunning || root.Status != soar.StepRunning || root.Find("r1/all/sub").Child != child.ID ||
		root.Find("r1/all").Status != soar.StepRunning || child.Find("r2/x").Generation != 1 {
		t.Errorf("child %s, root %s, records %+v", child.Status, root.Status, root.Records)
	}
}

func TestMayRetryAndSkip(t *testing.T) {
	t.Parallel()
	c := newCase()
	run := c.Runs[0]
	for _, line := range []string{"r1/failed action failed", "r1/ok action succeeded", "r1/run wait running", "r1/ask approval failed", "r1/f fail failed", "r1/exp approval expired"} {
		run.Add(record(line))
	}
	fly := record("r1/fly action running")
	fly.Flying = true
	run.Add(fly)
	person := record("r1/person action running")
	person.Person = true
	run.Add(person)
	for key, want := range map[string][2]bool{ // retry, skip
		"r1/failed": {true, true}, "r1/ok": {false, false}, "r1/run": {false, true}, "r1/ask": {true, false}, "r1/f": {false, false},
		"r1/exp": {true, false}, "r1/fly": {false, false}, "r1/person": {true, true}, "r1/none": {false, false}, "r9/none": {false, false}, "": {false, false},
	} {
		if got := [2]bool{c.MayRetry(key) == nil, c.MaySkip(key) == nil}; got != want {
			t.Errorf("%s: retry, skip = %v, want %v", key, got, want)
		}
	}
	run.Redo = append(run.Redo, state.Redo{Key: "r1/failed"})
	if c.MayRetry("r1/failed") == nil || c.MaySkip("r1/failed") == nil {
		t.Error("asked twice")
	}
}
