package devstack

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// needTemporal leaves tests out that may have to build the server for minutes.
func needTemporal(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the Temporal server may have to be built first, which takes minutes")
	}
}

// startTemporalForTest starts a server and stops it when the test ends.
func startTemporalForTest(t *testing.T, opts TemporalOptions) *Temporal {
	t.Helper()
	opts.Progress = testWriter{t}
	temporal, err := StartTemporal(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = temporal.Stop(context.Background()) })
	return temporal
}

// silence is a log handler for SDK clients, which report every lost connection.
type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Info(string, ...any)  {}
func (silence) Warn(string, ...any)  {}
func (silence) Error(string, ...any) {}

var _ log.Logger = silence{}

func dialTemporal(t *testing.T, address string) client.Client {
	t.Helper()
	temporal, err := client.DialContext(t.Context(), client.Options{HostPort: address, Logger: silence{}})
	if err != nil {
		t.Fatalf("dialling Temporal: %v", err)
	}
	t.Cleanup(temporal.Close)
	return temporal
}

// searchAttribute is the type of a search attribute of the default namespace.
func searchAttribute(t *testing.T, temporal client.Client, name string) enums.IndexedValueType {
	t.Helper()
	listed, err := temporal.OperatorService().ListSearchAttributes(t.Context(),
		&operatorservice.ListSearchAttributesRequest{Namespace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	return listed.GetCustomAttributes()[name]
}

// startWorkflow leaves a workflow behind that no worker will ever pick up.
func startWorkflow(t *testing.T, temporal client.Client, id string) {
	t.Helper()
	_, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "nobody"}, "Nothing")
	if err != nil {
		t.Fatal(err)
	}
}

func describeWorkflow(t *testing.T, temporal client.Client, id string) enums.WorkflowExecutionStatus {
	t.Helper()
	described, err := temporal.DescribeWorkflowExecution(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return described.GetWorkflowExecutionInfo().GetStatus()
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestTemporalKeepsWorkflowsOverKill(t *testing.T) {
	t.Parallel()
	needTemporal(t)
	opts := TemporalOptions{Dir: t.TempDir(), SearchAttributes: map[string]string{"IncTeam": "Keyword"}}
	first := startTemporalForTest(t, opts)
	before := dialTemporal(t, first.Address())
	startWorkflow(t, before, "kept")
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-first.Done(); err == nil || !strings.Contains(err.Error(), "ended unexpectedly") {
		t.Errorf("a kill was told as %v", err)
	}

	// A later release wants one attribute more.
	opts.SearchAttributes["IncSlaDue"] = "Datetime"
	opts.Port = portOf(t, first.Address())
	second := startTemporalForTest(t, opts)
	if second.Address() != first.Address() {
		t.Errorf("it came back at %s, not at %s", second.Address(), first.Address())
	}
	after := dialTemporal(t, second.Address())
	if got := describeWorkflow(t, after, "kept"); got != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		t.Errorf("the workflow is %v", got)
	}
	if got := searchAttribute(t, after, "IncSlaDue"); got != enums.INDEXED_VALUE_TYPE_DATETIME {
		t.Errorf("the new search attribute is of type %v", got)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if err, failed := <-second.Done(); failed {
		t.Errorf("an orderly stop was told as a failure: %v", err)
	}
}

func TestTemporalTellsWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	needTemporal(t)
	_, err := StartTemporal(t.Context(), TemporalOptions{SearchAttributes: map[string]string{"IncTeam": "Colour"}})
	if err == nil || !strings.Contains(err.Error(), `"Colour" is not a type`) {
		t.Errorf("got %v", err)
	}
}

func TestStackStartsAndStopsBoth(t *testing.T) {
	t.Parallel()
	needTemporal(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	opts := Options{
		Dir:              passableDir(t),
		TemporalPort:     busy.Addr().(*net.TCPAddr).Port,
		UIPort:           -1,
		SearchAttributes: map[string]string{"IncTeam": "Keyword"},
		Progress:         testWriter{t},
	}
	stack, err := Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stack.Stop(context.Background()) })
	if stack.TemporalUI != "" {
		t.Errorf("there is a UI at %s", stack.TemporalUI)
	}
	if got := query(t, stack.PostgresURL, "select 'up'"); got != "up" {
		t.Errorf("Postgres answers %s", got)
	}
	temporal := dialTemporal(t, stack.TemporalAddress)
	if got := searchAttribute(t, temporal, "IncTeam"); got != enums.INDEXED_VALUE_TYPE_KEYWORD {
		t.Errorf("the search attribute is of type %v", got)
	}
	if _, err := Start(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "already uses") {
		t.Errorf("a second stack got %v", err)
	}
	if err := stack.postgres.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-stack.Done(); err == nil || !strings.Contains(err.Error(), "Postgres") {
		t.Errorf("the death of Postgres was told as %v", err)
	}
	if err := stack.Stop(t.Context()); err != nil {
		t.Errorf("stopping: %v", err)
	}
}

func TestStackOfExternalServersStartsNothing(t *testing.T) {
	t.Parallel()
	stack, err := Start(t.Context(), Options{PostgresURL: "postgres://elsewhere/db", TemporalAddress: "elsewhere:7233"})
	if err != nil {
		t.Fatal(err)
	}
	if stack.PostgresURL != "postgres://elsewhere/db" || stack.TemporalAddress != "elsewhere:7233" {
		t.Errorf("got %+v", stack)
	}
	if err := stack.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStackLeavesNothingRunningWhenOneFails(t *testing.T) {
	t.Parallel()
	needTemporal(t)
	dir := passableDir(t)
	_, err := Start(t.Context(), Options{
		Dir: dir, UIPort: -1, SearchAttributes: map[string]string{"IncTeam": "Colour"}, Progress: testWriter{t},
	})
	if err == nil || !strings.Contains(err.Error(), "not a type") || strings.Contains(err.Error(), "Postgres") {
		t.Fatalf("got %v, want the cause alone", err)
	}
	lock, err := lockDir(filepath.Join(dir, "postgres"))
	if err != nil {
		t.Fatalf("Postgres was left running: %v", err)
	}
	lock.release()
}

func TestSourceIsFoundFromBelowAndDigested(t *testing.T) {
	t.Parallel()
	here, err := findSource("")
	if err != nil {
		t.Fatal(err)
	}
	if here.version == "" || len(here.digest) != 12 {
		t.Errorf("found %+v", here)
	}
	root := t.TempDir()
	copied := filepath.Join(root, "deploy", "devtemporal")
	if err := os.CopyFS(copied, os.DirFS(here.dir)); err != nil {
		t.Fatal(err)
	}
	same, err := findSource(root)
	if err != nil || same.digest != here.digest {
		t.Errorf("a copy has digest %s, not %s (%v)", same.digest, here.digest, err)
	}
	if err := os.WriteFile(filepath.Join(copied, "more.go"), []byte("package main\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := findSource(root); err != nil || changed.digest == here.digest {
		t.Errorf("a change left the digest at %s (%v)", changed.digest, err)
	}
}

func TestOldBuildsAreRemoved(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	made := map[string]time.Duration{"devtemporal-1.0.0-aaa": 40 * 24 * time.Hour, "devtemporal-1.1.0-bbb": time.Hour}
	for name, age := range made {
		program := filepath.Join(cache, name, temporalProgramName)
		if err := os.Mkdir(filepath.Dir(program), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(program, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	removeOldBuilds(cache)
	left, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "devtemporal-1.1.0-bbb" {
		t.Errorf("left are %v (%v)", left, err)
	}
}
