package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/demo"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

const labToken = "lab-token-for-tests"

// product is the whole product in this process, on its own database, task queue
// and lab; the servers are shared.
type product struct {
	app      *app.App
	url      string
	effects  string
	labURL   string
	settings settings
	tool     *client.Client
	lead     *client.Client
	stop     func()
}

// start brings the product up on the shared Temporal.
func start(t *testing.T) *product {
	t.Helper()
	return startOn(t, devstacktest.Temporal(t))
}

// startOn brings the product up on the Temporal at this address.
func startOn(t *testing.T, temporal string) *product {
	t.Helper()
	return startWith(t, settings{"temporal_address": temporal})
}

// startWith brings the product up with these settings beside those it needs.
func startWith(t *testing.T, given settings) *product {
	t.Helper()
	dir := t.TempDir()
	p := &product{effects: filepath.Join(dir, "effects.jsonl")}
	stand, err := lab.New(lab.Options{Token: labToken, EffectsFile: p.effects})
	if err != nil {
		t.Fatal(err)
	}
	labServer := httptest.NewServer(stand)
	t.Cleanup(labServer.Close)

	p.settings = settings{
		"database_url": storetest.URL(t), "temporal_task_queue": "e2e-" + rand.Text(), "listen": "127.0.0.1:0", "data_dir": filepath.Join(dir, "data"),
	}
	maps.Copy(p.settings, given)
	p.labURL = labServer.URL
	p.run(t, p.configure(t, p.settings))
	p.introduce(t)
	return p
}

// configure reads settings as a process would from its environment.
func (p *product) configure(t *testing.T, given settings) *app.Config {
	t.Helper()
	config, faults := app.LoadConfig("", func(name string) (string, bool) {
		value, ok := given[strings.ToLower(strings.TrimPrefix(name, app.EnvName("")))]
		return value, ok
	})
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	for instance, kind := range demo.LabKinds() {
		config.Connectors[instance] = app.ConnectorConfig{
			Use: kind, Settings: map[string]string{"base_url": p.labURL},
			Secrets: map[string]secret.String{"token": secret.New(labToken)},
		}
	}
	return config
}

// introduce makes the clients of a detection tool and of a person.
func (p *product) introduce(t *testing.T) {
	t.Helper()
	p.tool = p.person(t, access.TokenRequest{Name: "wazuh", Source: "wazuh"})
	p.lead = p.person(t, access.TokenRequest{Name: "lead", Person: "soc-lead@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead, soar.RoleAnalyst}})
}

func (p *product) run(t *testing.T, config *app.Config) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	var err error
	if p.app, err = app.New(t.Context(), config, log, app.Everything()); err != nil {
		t.Fatal(err)
	}
	p.url = p.app.URL()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.app.Run(ctx) }()
	p.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the product stopped badly: %v", err)
		}
		p.stop = func() {}
	}
	t.Cleanup(func() { p.stop() })
	if err := p.app.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *product) person(t *testing.T, request access.TokenRequest) *client.Client {
	t.Helper()
	issued, err := p.app.Tokens().Issue(t.Context(), soar.System("test"), request)
	if err != nil {
		t.Fatal(err)
	}
	asker, err := client.New(client.Config{URL: p.url, Token: issued.Text.Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	return asker
}

// eventually polls until look gives a value, or fails the test.
func eventually[T any](t *testing.T, what string, look func() (T, bool)) T {
	t.Helper()
	deadline := time.Now().Add(time.Minute) // a bound for a busy machine, not a promise
	for {
		if value, ok := look(); ok {
			return value
		}
		if time.Now().After(deadline) {
			t.Fatalf("did not happen in time: %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// incidentOf waits until the alert has opened or joined an incident.
func (p *product) incidentOf(t *testing.T, alertID string) string {
	t.Helper()
	id := eventually(t, "alert "+alertID+" opens an incident", func() (string, bool) {
		alert, err := p.lead.Alert(t.Context(), alertID)
		return deref(alert).IncidentID, err == nil && deref(alert).IncidentID != ""
	})
	p.tell(t, id)
	return id
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// tell shows the timeline of an incident when a test fails.
func (p *product) tell(t *testing.T, id string) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		page, err := p.lead.Timeline(context.Background(), id, 0, 500)
		if err != nil {
			t.Logf("no timeline of %s: %v", id, err)
			return
		}
		for _, entry := range page.Items {
			t.Logf("%s %3d %-20s %s", id, entry.Seq, entry.Kind, entry.Text)
		}
	})
}

// detail waits until the incident looks as wanted.
func (p *product) detail(t *testing.T, id, what string, wanted func(protocol.Detail) bool) protocol.Detail {
	t.Helper()
	return eventually(t, "incident "+id+": "+what, func() (protocol.Detail, bool) {
		detail, err := p.lead.Incident(t.Context(), id)
		return deref(detail), err == nil && wanted(*detail)
	})
}

// verify checks the incident's record as an outsider would.
func (p *product) verify(t *testing.T, id string) []record.Payload {
	t.Helper()
	body, err := p.lead.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	var entries []record.Entry
	for entry, err := range record.Read(body) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	if report := record.Verify(entries); !report.OK() || report.Entries == 0 {
		t.Fatalf("the record does not verify: %+v", report)
	}
	payloads := make([]record.Payload, len(entries))
	for i, entry := range entries {
		if payloads[i], err = record.ParsePayload(entry.Payload); err != nil {
			t.Fatal(err)
		}
	}
	return payloads
}

// happened counts what really happened in the lab, by action and target.
func (p *product) happened(t *testing.T) map[string]int {
	t.Helper()
	return count(t, p.effects)
}

func count(t *testing.T, file string) map[string]int {
	t.Helper()
	effects, err := lab.ReadEffects(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, effect := range effects {
		seen[fmt.Sprintf("%s %s", effect.Action, effect.Target)]++
	}
	return seen
}
