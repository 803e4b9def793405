package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// TestAWholeRun measures everything once, small. What the figures are is not
// tested, only that each was measured.
func TestAWholeRun(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{
		"-rounds", "1", "-time", "100ms", "-incidents", "2", "-steps", "2", "-alerts", "2", "-senders", "2",
		"-postgres", devstacktest.Postgres(t), "-temporal", devstacktest.Temporal(t), "-file", filepath.Join(t.TempDir(), "new", "results.json"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, progress bytes.Buffer
	if err := run(t.Context(), o, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	body, err := os.ReadFile(o.file)
	if err != nil {
		t.Fatal(err)
	}
	var kept report
	if err := json.Unmarshal(body, &kept); err != nil {
		t.Fatal(err)
	}
	values := map[string]int{}
	for _, s := range kept.Sections {
		for _, side := range s.Sides {
			values[s.Name] += len(side.Values)
			if side.Min <= 0 || side.Median < side.Min || side.Max < side.Median || side.Costs[0].Value <= 0 {
				t.Errorf("%s: %s: nothing was measured: %+v", s.Name, side.Name, side)
			}
		}
		if !strings.Contains(out.String(), s.Title) || !strings.Contains(out.String(), s.Ratios[0].Name) {
			t.Errorf("the table does not tell of %s:\n%s", s.Name, out.String())
		}
	}
	if diff := cmp.Diff(map[string]int{"steps": 4, "first": 4, "intake": 4}, values); diff != "" {
		t.Errorf("values by scenario (-want +got):\n%s", diff)
	}
	if kept.Machine.Temporal == unknown || kept.Machine.Postgres == unknown {
		t.Errorf("the servers are not named: %+v", kept.Machine)
	}
}

func TestThePlaybooksCompile(t *testing.T) {
	t.Parallel()
	catalog, err := app.LabCatalog(map[string]string{"mail": "lab_mail"})
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range []int{1, maxSteps} {
		compiled, faults := playbook.Compile("bench.yaml", []byte(playbookText("bench_steps", steps)), catalog, func(string) *plan.Plan { return nil })
		if faults.HasErrors() {
			t.Fatalf("%d steps: %v", steps, faults)
		}
		if len(compiled.Steps) != steps {
			t.Errorf("%d steps compiled to %d", steps, len(compiled.Steps))
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, arguments, want string
	}{
		{"too many steps", "-steps 21", "at most 20"},
		{"no round", "-rounds 0", "at least 1"},
		{"no time", "-time 0s", "at least 1"},
		{"an unknown scenario", "-only steps,nonsense", "expected some of"},
		{"an unknown form", "-output xml", "expected table or json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(strings.Fields(row.arguments))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	s := &side{}
	s.add(4, 1, 3, 2)
	s.spend(usage{own: 3 * time.Second}, 300)
	s.spend(usage{own: time.Second}, 100)
	s.sum()
	got := []float64{s.Min, s.Median, s.Max, s.Costs[0].Value, quantile(s.Values, 0.5), quantile(s.Values, 0.99), quantile([]float64{7}, 0.99)}
	if diff := cmp.Diff([]float64{1, 2.5, 4, 10, 2, 4, 7}, got); diff != "" {
		t.Errorf("min, median, max, cost, quantiles (-want +got):\n%s", diff)
	}
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	if got := quantile(hundred, 0.99); got != 99 {
		t.Errorf("the 99th percentile of 1 to 100 is %v", got)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		ratio ratio
		want  string
	}{
		{least("a", 0.81, 0.8), "0.81   (aim: at least 0.8; reached)"},
		{least("a", 0.79, 0.8), "0.79   (aim: at least 0.8; NOT reached)"},
		{most("a", 1.2, 1.3), "1.20   (aim: at most 1.3; reached)"},
		{most("a", 1.4, 1.3), "1.40   (aim: at most 1.3; NOT reached)"},
		{ratio{Name: "a", Value: 1}, "1.00"},
	} {
		if got := row.ratio.String(); !strings.HasSuffix(got, row.want) {
			t.Errorf("got %q, want it to end with %q", got, row.want)
		}
	}
}

// TestTheTargetLooksAtCalls: a call that is not as a connector promises, or that
// comes twice, spoils the run.
func TestTheTargetLooksAtCalls(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, token, key string
		bodies           []string
		want             string
	}{
		{"as promised", "right", "k", []string{`{"ids":["a"]}`}, ""},
		{"twice", "right", "k", []string{`{"ids":["a"]}`, `{"ids":["a"]}`}, "came twice"},
		{"another token", "wrong", "k", []string{`{"ids":["a"]}`}, "without its token"},
		{"no key", "right", "", []string{`{"ids":["a"]}`}, "without an idempotency key"},
		{"two messages", "right", "k", []string{`{"ids":["a","b"]}`}, "names 2 messages"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var listen net.ListenConfig
			listener, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			stand := startTarget(listener, "right")
			defer stand.http.Close()
			for _, body := range row.bodies {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, stand.url+"/mail/quarantine", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				request.Header = http.Header{"Authorization": {"Bearer " + row.token}, "Idempotency-Key": slices.DeleteFunc([]string{row.key}, func(k string) bool { return k == "" })}
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
			}
			times, _, err := stand.look([]string{"a", "never"})
			if row.want == "" && (err != nil || len(times) != 1) {
				t.Errorf("got %d arrivals, %v", len(times), err)
			}
			if row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}
