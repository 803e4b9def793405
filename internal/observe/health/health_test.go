package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func well(context.Context) error { return nil }

func away(context.Context) error {
	return soar.Wrap(soar.CodeUnavailable, "store", errors.New("dial tcp 10.0.0.1"), "the database does not answer")
}

func TestReportTellsTheTruth(t *testing.T) {
	t.Parallel()
	const message = "the database does not answer"
	for name, c := range map[string]struct {
		checks []health.Check
		want   health.Report
	}{
		"all well":      {[]health.Check{{Name: "a", Vital: true, Run: well}}, health.Report{Status: "ok", Checks: []health.Result{{Name: "a", Vital: true, OK: true}}}},
		"vital one bad": {[]health.Check{{Name: "a", Vital: true, Run: away}, {Name: "b", Run: away}}, health.Report{Status: "unavailable", Checks: []health.Result{{Name: "a", Vital: true, Message: message}, {Name: "b", Message: message}}}},
		"other one bad": {[]health.Check{{Name: "a", Vital: true, Run: well}, {Name: "b", Run: away}}, health.Report{Status: "degraded", Checks: []health.Result{{Name: "a", Vital: true, OK: true}, {Name: "b", Message: message}}}},
		"not for outsiders": {[]health.Check{{Name: "a", Vital: true, Run: func(context.Context) error { return errors.New("goroutine at worker.go:7") }}},
			health.Report{Status: "unavailable", Checks: []health.Result{{Name: "a", Vital: true, Message: soar.MessageOf(nil)}}}},
		"crashes": {[]health.Check{{Name: "a", Vital: true, Run: func(context.Context) error { panic("x") }}},
			health.Report{Status: "unavailable", Checks: []health.Result{{Name: "a", Vital: true, Message: soar.MessageOf(nil)}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := health.New(time.Now, c.checks...).Ask(t.Context())
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(health.Result{}, "Age", "Took")); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
		})
	}
}

// TestAnswersAreKept: the question needs no token, so that it must not be a way to
// load what is asked. Every says how old an answer may be, and the answer its age.
func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var asked atomic.Int64
	h := health.New(func() time.Time { return now }, health.Check{Name: "a", Every: 10 * time.Second, Run: func(context.Context) error { asked.Add(1); return nil }})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { h.Ask(t.Context()) })
	}
	all.Wait()
	now = now.Add(9 * time.Second)
	if got := h.Ask(t.Context()).Checks[0]; got.Age != 9*time.Second || asked.Load() != 1 {
		t.Errorf("asked %d times; %+v", asked.Load(), got)
	}
	now = now.Add(time.Second)
	if got := h.Ask(t.Context()).Checks[0]; got.Age != 0 || asked.Load() != 2 {
		t.Errorf("asked %d times; %+v", asked.Load(), got)
	}
}

// TestAnAskerThatLeavesTakesNoAnswerAway: the check goes on for the next one.
func TestAnAskerThatLeavesTakesNoAnswerAway(t *testing.T) {
	t.Parallel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	h := health.New(time.Now, health.Check{Name: "a", Vital: true, Run: func(ctx context.Context) error { return ctx.Err() }})
	if got := h.Ask(gone); !got.Ready() {
		t.Errorf("got %+v", got)
	}
}

func TestACheckThatHangsIsBounded(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	h := health.New(time.Now, health.Check{Name: "a", Vital: true, Run: func(context.Context) error { <-stuck; return nil }}, health.Check{Name: "b", Run: well})
	got := h.Ask(t.Context())
	if got.Ready() || !strings.Contains(got.Checks[0].Message, "no answer within 2s") || !got.Checks[1].OK {
		t.Errorf("got %+v", got)
	}
}

func TestAStoppingProcessIsNotReady(t *testing.T) {
	t.Parallel()
	h := health.New(time.Now, health.Check{Name: "a", Run: well})
	h.Stop()
	if got := h.Ask(t.Context()); got.Ready() || got.Checks[1].Message != "the process is stopping" {
		t.Errorf("got %+v", got)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check  health.Check
		path   string
		status int
		want   string
	}{
		"alive":         {health.Check{Name: "a", Vital: true, Run: away}, "/healthz", 200, `{"status":"ok","version":"v1","checks":[]}`},
		"ready":         {health.Check{Name: "a", Vital: true, Run: well}, "/readyz", 200, `{"status":"ok","version":"v1","checks":[{"name":"a","ok":true,"vital":true,"age_ms":0,"latency_ms":0}]}`},
		"degraded":      {health.Check{Name: "a", Run: away}, "/readyz", 200, `{"status":"degraded","version":"v1","checks":[{"name":"a","ok":false,"vital":false,"message":"the database does not answer","age_ms":0,"latency_ms":0}]}`},
		"not ready":     {health.Check{Name: "a", Vital: true, Run: away}, "/readyz", 503, `{"status":"unavailable","version":"v1","checks":[{"name":"a","ok":false,"vital":true,"message":"the database does not answer","age_ms":0,"latency_ms":0}]}`},
		"nothing there": {health.Check{Name: "a", Run: well}, "/x", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			still := time.Now()
			answer := httptest.NewRecorder()
			health.New(func() time.Time { return still }, c.check).Handler("v1").ServeHTTP(answer, httptest.NewRequest(http.MethodGet, c.path, nil))
			if answer.Code != c.status || (c.want != "" && strings.TrimSpace(answer.Body.String()) != c.want) {
				t.Errorf("got %d %s", answer.Code, answer.Body)
			}
			if c.want != "" && !json.Valid(answer.Body.Bytes()) {
				t.Error("not JSON")
			}
		})
	}
}

func TestWriteProbe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := health.WriteProbe(dir); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the probe left %v, %v", left, err)
	}
	if health.WriteProbe(filepath.Join(dir, "nothing")) == nil {
		t.Error("a folder that is not there can be written")
	}
	if os.Getuid() == 0 {
		if health.WriteProbe("/proc/self") == nil {
			t.Error("/proc can be written")
		}
		return
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if health.WriteProbe(dir) == nil {
		t.Error("a folder without rights can be written")
	}
}
