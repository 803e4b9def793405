package apitest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
)

// Server is the API on a port of this machine.
type Server struct {
	URL    string
	Router *echo.Echo
	Log    *Log
}

// Serve serves the fake until the test ends. Streams look every few
// milliseconds. The options' Log, Now and NewID are filled in.
func Serve(t testing.TB, fake *Fake, options api.Options) *Server {
	t.Helper()
	log := &Log{}
	var ids atomic.Int64
	options.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	options.Now = time.Now
	options.NewID = func() string { return fmt.Sprintf("id%08d", ids.Add(1)) }
	if options.Version == "" {
		options.Version = "v0.0.0-test"
	}
	if options.PollEvery == 0 {
		options.PollEvery = 5 * time.Millisecond
	}
	door, err := api.New(fake.Services(), options)
	if err != nil {
		t.Fatal(err)
	}
	router := api.NewRouter(api.RouterOptions{Log: options.Log, Now: options.Now, NewID: options.NewID})
	door.Mount(router)
	server := httptest.NewUnstartedServer(router)
	server.Config = api.NewServer("", router, options.Log)
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return &Server{URL: server.URL, Router: router, Log: log}
}

// Healthy is a check that is always well.
func Healthy(name string) health.Check {
	return health.Check{Name: name, Vital: true, Run: func(context.Context) error { return nil }}
}

// Log keeps what was logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
