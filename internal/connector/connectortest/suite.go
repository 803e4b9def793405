package connectortest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Canary is the value of every secret that the suite opens connectors with.
const Canary = "canary-7f3e91-do-not-show"

const callKey = "5a1c0e5a1c0e5a1c0e5a1c0e5a1c0e5a1c0e5a1c0e5a1c0e5a1c0e5a1c0e5a1c"

// Suite is one connector to be tried.
type Suite struct {
	Kind     connector.Connector
	Settings func(url string) map[string]string // the instance's settings for a system at url
	Cases    map[string]Case                    // one for every declared action
	Offline  bool                               // talks to no HTTP server
	Effects  func() int                         // with Offline: how many effects there were
	Unset    []string                           // optional secrets that are left unset, such as a key that is no text
}

// Case is one good call of an action.
type Case struct {
	Args     func(url string) map[string]any
	Answer   string // what the system answers, with status 200
	AnyBody  bool   // any body is a good answer, so garbage is none
	Redirect bool   // the action follows redirects

	// Aside answers a request that belongs to the action and is not the one that is
	// tried, such as a look-up before it or a token; false for the one that is.
	Aside  func(http.ResponseWriter, *http.Request) bool
	Means  map[int]connector.Class // statuses that the product reads otherwise; "" is success
	Effect bool                    // a failure leaves the outcome unknown, although the action only collects
}

// Run tries the connector.
func Run(t *testing.T, suite Suite) {
	t.Helper()
	t.Run("manifest", suite.checkManifest)
	t.Run("answers", suite.checkAnswers)
	t.Run("undeclared", suite.checkUndeclared)
	t.Run("ledger", suite.checkSent)
	if suite.Offline {
		return
	}
	t.Run("statuses", suite.checkStatuses)
	t.Run("canary", suite.checkCanary)
	t.Run("faults", suite.checkFaults)
	t.Run("cancel", suite.checkCancel)
}

// each runs a check for every declared action.
func (s Suite) each(t *testing.T, check func(*testing.T, *manifest.Action, Case)) {
	t.Helper()
	described := s.Kind.Manifest()
	for i := range described.Actions {
		action := &described.Actions[i]
		t.Run(action.Name, func(t *testing.T) {
			t.Parallel()
			check(t, action, s.Cases[action.Name])
		})
	}
}

// bench is one opened instance, its fake system and its log.
type bench struct {
	instance connector.Instance
	system   *system
	log      *lockedBuffer
}

func (s Suite) open(t *testing.T, fake *system, c Case) *bench {
	t.Helper()
	b := &bench{system: fake, log: &lockedBuffer{}}
	url := ""
	if fake != nil {
		fake.aside = c.Aside
		url = fake.start(t)
	}
	config := connector.Config{
		Instance: "probe", Settings: map[string]string{}, Secrets: map[string]secret.String{},
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if s.Settings != nil {
		config.Settings = s.Settings(url)
	}
	for _, setting := range s.Kind.Manifest().Settings {
		if setting.Secret && !slices.Contains(s.Unset, setting.Name) {
			config.Secrets[setting.Name] = secret.New(Canary)
		}
	}
	registry := connector.NewRegistry()
	if err := registry.Open(s.Kind, config); err != nil {
		t.Fatalf("open: %v", err)
	}
	b.instance, _, _ = registry.Find("probe")
	return b
}

func (s Suite) url(b *bench) string {
	if b.system == nil {
		return ""
	}
	return b.system.url
}

// call makes a good call. Sent is noted by the fake system, if there is one.
func (s Suite) call(b *bench, action *manifest.Action, c Case) connector.Call {
	call := connector.Call{Action: action.Name, Key: callKey, IncidentID: "INC-2026-000001", Args: map[string]any{}}
	if c.Args != nil {
		call.Args = c.Args(s.url(b))
	}
	call.Sent = func(context.Context) error {
		if b.system != nil {
			b.system.sent.Add(1)
		}
		return nil
	}
	return call
}

// effectful tells whether a failure of the call leaves its outcome unknown.
// Collecting reads from the system, though the ledger keeps it too.
func effectful(risk soar.Risk, c Case) bool {
	return risk.Writes() || risk == soar.RiskNotify || c.Effect
}

func within(t *testing.T, limit time.Duration, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("still running after %v", limit)
	}
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write appends.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String gives all that was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
