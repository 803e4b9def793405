package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func nil2log() *slog.Logger { return slog.New(slog.DiscardHandler) }

// listen serves on a free port until the test ends.
func listen(t *testing.T, server *http.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }() // ends with the test
	t.Cleanup(func() { server.Close() })
	return "http://" + listener.Addr().String()
}

func TestReadyTellsTheTruth(t *testing.T) {
	t.Parallel()
	message := "the database does not answer"
	away := func(context.Context) error {
		return soar.Wrap(soar.CodeUnavailable, "store", errors.New("dial tcp 10.0.0.1 sql"), "%s", message)
	}
	well := func(context.Context) error { return nil }
	for name, c := range map[string]struct {
		check      health.Check
		wantStatus int
		want       gen.Health
	}{
		"ok":          {health.Check{Name: "x", Vital: true, Run: well}, 200, gen.Health{Status: "ok", Checks: []gen.HealthCheck{{Name: "x", Vital: true, Ok: true}}}},
		"degraded":    {health.Check{Name: "x", Run: away}, 200, gen.Health{Status: "degraded", Checks: []gen.HealthCheck{{Name: "x", Message: &message}}}},
		"unavailable": {health.Check{Name: "x", Vital: true, Run: away}, 503, gen.Health{Status: "unavailable", Checks: []gen.HealthCheck{{Name: "x", Vital: true, Message: &message}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{Health: health.New(time.Now, c.check)})
			got := w.send(ask{Path: "/readyz"})
			var answered gen.Health
			got.into(t, &answered)
			c.want.Version = "v0.0.0-test"
			measured := cmpopts.IgnoreFields(gen.HealthCheck{}, "AgeMs", "LatencyMs")
			if diff := cmp.Diff(c.want, answered, measured); diff != "" || got.StatusCode != c.wantStatus {
				t.Errorf("got %d (-want +got): %s", got.StatusCode, diff)
			}
			if alive := w.send(ask{Path: "/healthz"}); alive.StatusCode != http.StatusOK {
				t.Errorf("the process is alive, and /healthz says %d", alive.StatusCode)
			}
		})
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	server := api.NewServer("", w.server.Router, nil2log())
	if server.ReadHeaderTimeout > 5*time.Second || server.ReadTimeout > 15*time.Second || server.MaxHeaderBytes > 16<<10 || server.IdleTimeout == 0 || server.WriteTimeout == 0 {
		t.Errorf("bounds are missing: %+v", server)
	}
	server.ReadHeaderTimeout = 50 * time.Millisecond
	connection, err := net.Dial("tcp", strings.TrimPrefix(listen(t, server), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")); err != nil {
		t.Fatal(err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 512)
	for {
		if _, err := connection.Read(buffer); err != nil {
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Error("a client that sends half a header is kept")
			}
			return
		}
	}
}
