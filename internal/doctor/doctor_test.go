package doctor_test

import (
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/doctor"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

func configure(t *testing.T, given map[string]string) *app.Config {
	t.Helper()
	values := map[string]string{
		"temporal_address": devstacktest.Temporal(t), "temporal_task_queue": "doctor-" + rand.Text(), "data_dir": t.TempDir(),
	}
	for key, value := range given {
		values[key] = value
	}
	config, faults := app.LoadConfig("", func(name string) (string, bool) {
		value, ok := values[strings.ToLower(strings.TrimPrefix(name, app.EnvName("")))]
		return value, ok
	})
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	return config
}

// levels gives the level of each finding, and holds every one to its form: what is
// not ok says what to do.
func levels(t *testing.T, findings []doctor.Finding) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, one := range findings {
		got[one.Name] = one.Level
		if one.Text == "" || (one.Level == doctor.OK) != (one.Fix == "") {
			t.Errorf("%+v", one)
		}
	}
	return got
}

func text(findings []doctor.Finding, name string) string {
	for _, one := range findings {
		if one.Name == name {
			return one.Text
		}
	}
	return ""
}

func listener(t *testing.T) string {
	t.Helper()
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listening.Close() })
	return listening.Addr().String()
}

func TestAnInstallationWithoutAWorker(t *testing.T) {
	t.Parallel()
	config := configure(t, map[string]string{"database_url": storetest.URL(t)})
	for _, dir := range []string{"evidence"} {
		if err := os.MkdirAll(filepath.Join(config.DataDir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(config.DataDir, "checkpoints.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, address := range map[string]string{"edr": "http://" + listener(t), "intel": "http://127.0.0.1:1"} {
		config.Connectors[name] = app.ConnectorConfig{
			Use: map[string]string{"edr": "lab_edr", "intel": "lab_intel"}[name], Settings: map[string]string{"base_url": address},
			Secrets: map[string]secret.String{"token": secret.New("x")},
		}
	}
	findings := doctor.Examine(t.Context(), config)
	got := levels(t, findings)
	// They depend on the servers that tests share.
	for _, name := range []string{"Temporal", "namespace", "search attributes", "database role"} {
		if got[name] == "" {
			t.Errorf("nothing is said of %s", name)
		}
		delete(got, name)
	}
	want := map[string]string{
		"configuration": "ok", "disk": "ok", "database": "ok", "database TLS": "warn", "migrations": "ok", "clock": "ok",
		"outbox": "ok", "actions": "ok", "containments": "ok", "record": "warn",
		"Temporal TLS": "warn", "worker": "fail", "connector edr": "ok", "connector intel": "fail", "checkpoints": "ok",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got): %s\n%+v", diff, findings)
	}
}

// TestWhatCannotBeAskedIsNotCalledWell: without its servers only what was looked at
// is told.
func TestWhatCannotBeAskedIsNotCalledWell(t *testing.T) {
	t.Parallel()
	findings := doctor.Examine(t.Context(), configure(t, map[string]string{
		"database_url": "postgres://nobody:secretword@127.0.0.1:1/none?sslmode=disable", "temporal_address": "127.0.0.1:1",
	}))
	want := map[string]string{"configuration": "ok", "disk": "warn", "database": "fail", "Temporal": "fail", "checkpoints": "warn"}
	if diff := cmp.Diff(want, levels(t, findings)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	for _, one := range findings {
		if strings.Contains(one.Text+one.Fix, "secretword") {
			t.Errorf("a password is shown: %+v", one)
		}
	}
}

func TestADatabaseWithoutMigrations(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	if err := store.MigrateDown(t.Context(), url, 0); err != nil {
		t.Fatal(err)
	}
	findings := doctor.Examine(t.Context(), configure(t, map[string]string{"database_url": url}))
	if got := levels(t, findings)["database"]; got != doctor.Fail || !strings.Contains(text(findings, "database"), "run tocsin migrate") {
		t.Errorf("%s: %s", got, text(findings, "database"))
	}
}

func TestAPolicyWithFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "audiences.yaml"), []byte("nonsense: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	findings := doctor.Examine(t.Context(), configure(t, map[string]string{"database_url": storetest.URL(t), "policy_dir": dir}))
	if got := levels(t, findings)["configuration"]; got != doctor.Fail {
		t.Errorf("%s: %s", got, text(findings, "configuration"))
	}
}

// TestWhatWaitsForAPerson is found, with the reason.
func TestWhatWaitsForAPerson(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	kept := storetest.Open(t, url, store.Options{})
	if _, err := kept.JournalWrite(t.Context(), protocol.JournalBatch{Messages: []protocol.Message{{ID: "m1"}}}); err != nil {
		t.Skipf("a message alone cannot be written: %v", err)
	}
	items, err := kept.OutboxClaim(t.Context(), []string{soar.OutboxNotify}, 1, time.Minute)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	if err := kept.OutboxPark(t.Context(), items[0].ID, "no address is known"); err != nil {
		t.Fatal(err)
	}
	findings := doctor.Examine(t.Context(), configure(t, map[string]string{"database_url": url}))
	if got := levels(t, findings)["outbox"]; got != doctor.Warn || !strings.Contains(text(findings, "outbox"), "no address is known") {
		t.Errorf("%s: %s", got, text(findings, "outbox"))
	}
}
