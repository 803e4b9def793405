package e2e

import (
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/app"
)

// receiver is an OpenTelemetry collector that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*tracepb.Span
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var sent collector.ExportTraceServiceRequest
		if err != nil || request.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
			http.Error(w, "not OTLP", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, resource := range sent.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				r.spans = append(r.spans, scope.GetSpans()...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

// trace gives the names of all spans of the trace that has a span of this name.
func (r *receiver) trace(t *testing.T, name string) map[string]*tracepb.Span {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	at := slices.IndexFunc(r.spans, func(span *tracepb.Span) bool { return span.GetName() == name })
	if at < 0 {
		t.Fatalf("no span %s among %d", name, len(r.spans))
	}
	id := hex.EncodeToString(r.spans[at].GetTraceId())
	names := map[string]*tracepb.Span{}
	for _, span := range r.spans {
		if hex.EncodeToString(span.GetTraceId()) == id {
			names[span.GetName()] = span
		}
	}
	return names
}

// manager is a service manager's socket.
func manager(t *testing.T) (path string, next func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return path, func() string {
		buffer := make([]byte, 4096)
		if err := socket.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := socket.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
}

// exitCode waits for a process and gives its exit code; -1 when a signal ended it.
func exitCode(t *testing.T, process *exec.Cmd) int {
	t.Helper()
	err := process.Wait()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return process.ProcessState.ExitCode()
}

// TestAProcessStopsInOrder runs the real binary under a service manager and a
// collector of traces: an alert goes through it, then SIGTERM. One trace shows the
// way from the request to the action, and the stop loses nothing of it.
func TestAProcessStopsInOrder(t *testing.T) {
	t.Parallel()
	traces := newReceiver(t)
	notify, next := manager(t)
	metricsListen := net.JoinHostPort("127.0.0.1", strconv.Itoa(quietPort(t)))
	v := newVictim(t)
	v.kill(t)
	v.env = append(v.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL, "NOTIFY_SOCKET="+notify, "WATCHDOG_USEC=60000000",
		app.EnvName("metrics_listen")+"="+metricsListen, app.EnvName("stop_delay")+"=2s")
	v.start(t)
	if got := next(); !strings.HasPrefix(got, "READY=1\n") {
		t.Errorf("the service manager heard %q first", got)
	}
	if got := next(); got != "WATCHDOG=1" {
		t.Errorf("the watchdog heard %q", got)
	}
	incident := v.incidentOf(t, v.send(t, sshAlert("trace-1", "web-01", "203.0.113.66", "deploy")))
	v.decide(t, v.pendingApproval(t, incident), gen.Approve)
	v.detail(t, incident, "closes", ended)

	process := v.proc
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := next(); !strings.HasPrefix(got, "STOPPING=1\n") {
		t.Errorf("the service manager heard %q", got)
	}
	for name, url := range map[string]string{"API": v.url, "metrics": "http://" + metricsListen} {
		// It still answers, and says that it goes.
		if status, _, checks := ready(t, url); status != http.StatusServiceUnavailable || checks["process"].Message == nil {
			t.Errorf("%s: a stopping process answers /readyz with %d %+v", name, status, checks)
		}
	}
	if code := exitCode(t, process); code != 0 {
		t.Errorf("exit code %d after an orderly stop", code)
	}
	v.proc = nil

	spans := traces.trace(t, "receiveHook")
	for _, want := range []string{"outbox alert.dispatch", "outbox incident.start", "StartWorkflow:incident", "StartActivity:action_run", "RunActivity:action_run", "edr.isolate_host"} {
		if spans[want] == nil {
			t.Errorf("the trace of the request lacks %s; it has %v", want, slices.Sorted(maps.Keys(spans)))
		}
	}
	if parent := spans["receiveHook"].GetParentSpanId(); len(parent) != 0 {
		t.Errorf("the request has the parent %x", parent)
	}
}

// TestTheSecondSignalEndsAtOnce: whoever cannot wait does not have to.
func TestTheSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	v.kill(t)
	v.env = append(v.env, app.EnvName("stop_delay")+"=60s")
	v.start(t)
	process := v.proc
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says that it stops", func() (bool, bool) {
		status, _, checks := ready(t, v.url)
		return true, status == http.StatusServiceUnavailable && checks["process"].Message != nil
	})
	began := time.Now()
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, process); code != -1 || time.Since(began) > 20*time.Second {
		t.Errorf("exit code %d after %s", code, time.Since(began))
	}
	v.proc = nil
}
