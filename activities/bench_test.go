package activities

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/lab"
	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"

	labserver "github.com/tocsin-soar/tocsin/internal/lab"
)

const (
	incident = "INC-2026-000001"
	token    = "lab-token-for-tests"
)

// bench is the activities over a store in memory and a lab behind HTTP.
type bench struct {
	t     *testing.T
	store *memory
	lab   *labserver.Server
	acts  *Activities
	deps  Deps
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server, err := labserver.New(labserver.Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() {
		_ = server.Close()
		front.CloseClientConnections()
		front.Close()
	})
	kinds, err := lab.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	registry := connector.NewRegistry()
	for _, kind := range kinds {
		name := strings.TrimPrefix(kind.Manifest().Connector, "lab_")
		if err := registry.Open(watched{kind}, connector.Config{
			Instance: name, Settings: map[string]string{"base_url": front.URL}, Secrets: map[string]secret.String{"token": secret.New(token)},
		}); err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{t: t, store: newMemory(), lab: server}
	cache := expression.NewCache(64)
	b.deps = Deps{
		Connectors: registry, Store: b.store, Playbooks: library{},
		Evaluate: func(source string, vars map[string]any) (any, error) {
			program, err := cache.Program(source)
			if err != nil {
				return nil, err
			}
			return program.Eval(vars)
		},
		Preauthorised: func(name, action string) bool { return name == "contain" || name == "other "+action },
		Wait:          func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	b.acts = New(b.deps)
	return b
}

// watched calls the context's watcher around a connector's work.
type watched struct{ connector.Connector }

func (w watched) Open(config connector.Config) (connector.Instance, error) {
	instance, err := w.Connector.Open(config)
	return watchedInstance{instance}, err
}

type watchedInstance struct{ connector.Instance }

func (w watchedInstance) Do(ctx context.Context, call connector.Call) (connector.Result, error) {
	stopHere(ctx, "Do before")
	result, err := w.Instance.Do(ctx, call)
	stopHere(ctx, "Do after")
	return result, err
}

type library struct{ err error }

func (l library) Match(_ context.Context, request protocol.MatchRequest) (protocol.MatchResult, error) {
	return protocol.MatchResult{Runs: []protocol.RunPin{{Playbook: string(request.Incident.Category)}}}, l.err
}

func (l library) Pin(_ context.Context, request protocol.PinRequest) (protocol.RunPin, error) {
	return protocol.RunPin{Playbook: request.Playbook, Version: "1.0.0"}, l.err
}

// request is an action that the guard lets pass.
func request(ref string, args map[string]any) protocol.ActionRequest {
	name, action, _ := strings.Cut(ref, ".")
	target := ""
	for _, field := range []string{"host", "user", "address"} {
		if value, ok := args[field].(string); ok {
			target = value
		}
	}
	risk := soar.RiskChange
	switch action {
	case "send":
		risk = soar.RiskNotify
	case "collect_evidence":
		risk = soar.RiskCollect
	}
	if strings.HasSuffix(action, "_info") {
		risk = soar.RiskRead
	}
	return protocol.ActionRequest{
		IncidentID: incident, RunID: "r1", StepKey: "r1/step", Playbook: "brute_force_ssh", PlaybookDigest: "d1",
		Connector: name, Action: action, Args: args, Risk: risk, Target: target, Preauthorised: "contain",
		Key: protocol.IdempotencyKey(incident, "r1/step", ref, target, 0), Timeout: 5 * time.Second,
	}
}

func host(name string) map[string]any { return map[string]any{"host": name} }

func user(name string) map[string]any { return map[string]any{"user": name} }

func never(string) bool { return false }

func always(string) bool { return true }

// run makes one attempt; more will follow if it fails.
func (b *bench) run(r protocol.ActionRequest) (protocol.ActionResult, error) {
	b.t.Helper()
	return b.acts.run(b.t.Context(), r, never)
}

// must makes attempts until one answers with a value, as Temporal would.
func (b *bench) must(r protocol.ActionRequest) protocol.ActionResult {
	b.t.Helper()
	var err error
	for range 5 {
		var result protocol.ActionResult
		if result, err = b.run(r); err == nil {
			return result
		}
	}
	b.t.Fatalf("still failing: %v", err)
	return protocol.ActionResult{}
}

// did counts what the lab says of one action.
func (b *bench) did(action string) int {
	count := 0
	for _, effect := range b.lab.Effects() {
		if effect.Action == action {
			count++
		}
	}
	return count
}

func (b *bench) fault(path string, mode labserver.Mode, change ...func(*labserver.Fault)) {
	fault := labserver.Fault{Path: path, Mode: mode, Times: 1}
	for _, c := range change {
		c(&fault)
	}
	b.lab.Misbehave(fault)
}

func (b *bench) limits(limits ...guard.Limit) {
	b.deps.Limits = limits
	b.acts = New(b.deps)
}

func (b *bench) state(r protocol.ActionRequest, want soar.LedgerState) {
	b.t.Helper()
	if got := b.store.entry(r.Key).State; got != want {
		b.t.Errorf("the ledger says %q, want %q", got, want)
	}
}
