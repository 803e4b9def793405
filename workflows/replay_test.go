package workflows_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/tocsin-soar/tocsin/internal/observe/tracing"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/workflows"
)

// Histories lie in testdata/history/<release>/<name>.json, the plans that they
// name beside them in plans/<digest>.json. They were recorded from real runs by
// internal/e2e with TOCSIN_RECORD_HISTORIES; a release adds its own and never
// removes one, because incidents outlive releases.
const histories = "testdata/history"

// recordedPlan reads a plan as the release that made the history had it.
func recordedPlan(release string, change func(*plan.Plan)) workflows.PlanSource {
	return func(digest string) (*plan.Plan, error) {
		raw, err := os.ReadFile(filepath.Join(histories, release, "plans", digest+".json"))
		if err != nil {
			return nil, err
		}
		read := &plan.Plan{}
		if err := json.Unmarshal(raw, read); err != nil {
			return nil, fmt.Errorf("plan %s: %w", digest, err)
		}
		change(read)
		return read, nil
	}
}

func replay(release, file string, change func(*plan.Plan), interceptors ...interceptor.WorkerInterceptor) error {
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: interceptors})
	if err != nil {
		return err
	}
	workflows.New(workflows.Sources{Plans: recordedPlan(release, change), Programs: expression.NewCache(1024)}).Register(replayer)
	return replayer.ReplayWorkflowHistoryFromJSONFile(nil, file)
}

func recorded(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(histories + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Fatalf("%d histories are recorded: those of the shipped playbooks at least are needed", len(files))
	}
	return files
}

func TestReplayRecordedHistories(t *testing.T) {
	t.Parallel()
	for _, file := range recorded(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			release := filepath.Base(filepath.Dir(file))
			if err := replay(release, file, func(*plan.Plan) {}); err != nil {
				t.Errorf("this build would do something else than what was done: %v", err)
			}
		})
	}
}

// TestReplayDoesNotDependOnTracing: histories that were made without tracing replay
// with it, so that it may be switched on and off while incidents run.
func TestReplayDoesNotDependOnTracing(t *testing.T) {
	t.Parallel()
	traced, err := tracing.Start(t.Context(), func(name string) (string, bool) {
		return "http://127.0.0.1:1", name == "OTEL_EXPORTER_OTLP_ENDPOINT"
	}, "test")
	if err != nil {
		t.Fatal(err)
	}
	interceptors, err := traced.Worker()
	if err != nil || len(interceptors) != 1 {
		t.Fatalf("%d interceptors, %v", len(interceptors), err)
	}
	for _, file := range recorded(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			if err := replay(filepath.Base(filepath.Dir(file)), file, func(*plan.Plan) {}, interceptors...); err != nil {
				t.Errorf("with tracing this build would do something else than what was done: %v", err)
			}
		})
	}
}

// TestReplayCatchesAPlantedChangeOfOrder swaps branches that run side by side,
// which changes nothing but the order of what is scheduled.
func TestReplayCatchesAPlantedChangeOfOrder(t *testing.T) {
	t.Parallel()
	caught := 0
	for _, file := range recorded(t) {
		swapped := false
		err := replay(filepath.Base(filepath.Dir(file)), file, func(p *plan.Plan) {
			plan.Walk(p.Steps, func(s *plan.Step) bool {
				if s.Kind == plan.KindParallel {
					slices.Reverse(s.Parallel.Branches)
					swapped = true
				}
				return true
			})
		})
		switch {
		case swapped && err == nil:
			t.Errorf("%s replays although its branches were swapped", file)
		case swapped:
			caught++
		}
	}
	if caught == 0 {
		t.Error("no history has branches to swap")
	}
}
