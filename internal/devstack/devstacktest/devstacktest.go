package devstacktest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/devstack"
)

// The environment variables that name servers which run already.
const (
	PostgresEnv = "TOCSIN_TEST_POSTGRES_URL"
	TemporalEnv = "TOCSIN_TEST_TEMPORAL_ADDRESS"
)

// The servers of this process. A process has one of each, whatever the number of
// tests in it, and only TestMain sees the end of all tests: hence variables of the
// package. They are never assigned again; the state is in the server.
var (
	postgres = &server{start: startPostgres}
	temporal = &server{start: startTemporal}
)

// Postgres returns the URL of a Postgres server, as a superuser. The server may
// lose its data in a power cut and is otherwise an ordinary one.
func Postgres(t testing.TB) string {
	t.Helper()
	return postgres.address(t, PostgresEnv)
}

// Temporal returns host:port of a Temporal server, whose namespace is "default"
// and whose data is in memory. If the server's program was never built on this
// machine, the first call builds it, which takes minutes.
func Temporal(t testing.TB) string {
	t.Helper()
	return temporal.address(t, TemporalEnv)
}

// Main runs the tests, stops the servers that they started, and returns the exit
// code.
func Main(m *testing.M) int {
	code := m.Run()
	for _, running := range []*server{temporal, postgres} {
		if err := running.end(); err != nil {
			fmt.Fprintln(os.Stderr, "devstacktest:", err)
			code = max(code, 1)
		}
	}
	return code
}

// server is started by the first test that needs it. If it does not start, all
// tests that need it fail with the same error, at once.
type server struct {
	start func(context.Context) (address string, stop func(context.Context) error, err error)

	mu      sync.Mutex
	started bool
	where   string
	stop    func(context.Context) error
	err     error
}

func (s *server) address(t testing.TB, env string) string {
	t.Helper()
	if external := os.Getenv(env); external != "" {
		return external
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		s.started = true
		// Not the test's context: the server outlives the test.
		s.where, s.stop, s.err = s.start(context.Background())
	}
	if s.err != nil {
		t.Fatalf("no server for this test, and %s is not set: %v", env, s.err)
	}
	return s.where
}

func (s *server) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop == nil {
		return nil
	}
	return s.stop(context.Background())
}

func startPostgres(ctx context.Context) (string, func(context.Context) error, error) {
	running, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{})
	if err != nil {
		return "", nil, err
	}
	return running.URL(), running.Stop, nil
}

func startTemporal(ctx context.Context) (string, func(context.Context) error, error) {
	running, err := devstack.StartTemporal(ctx, devstack.TemporalOptions{Progress: os.Stderr})
	if err != nil {
		return "", nil, err
	}
	return running.Address(), running.Stop, nil
}
