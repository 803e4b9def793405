package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/api/gen"
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
	w := newWorld(t, api.Options{Checks: []api.Check{
		apitest.Healthy("temporal"),
		{Name: "database", Run: func(context.Context) error {
			return soar.Wrap(soar.CodeUnavailable, "store", errors.New("dial tcp 10.0.0.1 sql"), "%s", message)
		}},
		{Name: "worker", Run: func(context.Context) error { return errors.New("goroutine at worker.go:7") }},
	}})
	got := w.send(ask{Path: "/readyz"})
	var health gen.Health
	got.into(t, &health)
	generic := soar.MessageOf(nil)
	want := gen.Health{Status: "unavailable", Version: "v0.0.0-test", Checks: []gen.HealthCheck{
		{Name: "temporal", Ok: true}, {Name: "database", Message: &message}, {Name: "worker", Message: &generic},
	}}
	if diff := cmp.Diff(want, health); diff != "" || got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %d (-want +got): %s", got.StatusCode, diff)
	}
	if alive := w.send(ask{Path: "/healthz"}); alive.StatusCode != http.StatusOK {
		t.Errorf("the process is alive, and /healthz says %d", alive.StatusCode)
	}
}

// TestReadyAsksOncePerSecond: the check needs no token, so that it must not be a
// way to load the database.
func TestReadyAsksOncePerSecond(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	w := newWorld(t, api.Options{Checks: []api.Check{{Name: "database", Run: func(context.Context) error { asked.Add(1); return nil }}}})
	began := time.Now()
	for range 50 {
		w.send(ask{Path: "/readyz"})
	}
	if most := int64(time.Since(began)/time.Second) + 1; asked.Load() > most {
		t.Errorf("50 requests asked the database %d times, want at most %d", asked.Load(), most)
	}
}

func TestReadyDoesNotHang(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	w := newWorld(t, api.Options{Checks: []api.Check{{Name: "temporal", Run: func(context.Context) error { <-stuck; return nil }}}})
	got := w.send(ask{Path: "/readyz"})
	if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.Text, "no answer within 2s") {
		t.Errorf("got %d %s", got.StatusCode, got.Text)
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
