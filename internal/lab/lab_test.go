package lab_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/lab"
)

const token = "lab-token-for-tests"

type bench struct {
	t    *testing.T
	lab  *lab.Server
	http *httptest.Server
}

func start(t *testing.T, file string) *bench {
	t.Helper()
	server, err := lab.New(lab.Options{Token: token, EffectsFile: file, Now: func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, lab: server, http: httptest.NewServer(server)}
	b.http.Config.ErrorLog = nil
	t.Cleanup(b.stop)
	return b
}

func (b *bench) stop() {
	_ = b.lab.Close()
	b.http.Close()
}

func (b *bench) do(method, path, body string, header ...string) (int, map[string]any) {
	b.t.Helper()
	request, err := http.NewRequest(method, b.http.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get("X-Lab") == "" {
		b.t.Errorf("%s %s: the answer is not labelled", method, path)
	}
	var view map[string]any
	raw, _ := io.ReadAll(response.Body)
	_ = json.Unmarshal(raw, &view)
	return response.StatusCode, view
}

func (b *bench) did(want ...string) {
	b.t.Helper()
	var got []string
	for _, effect := range b.lab.Effects() {
		got = append(got, effect.Action+" "+effect.Target)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("effects: %s", diff)
	}
}

func TestEachChangeIsOneEffect(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	rows := []struct {
		path, body string
		effect     string // empty: changes nothing
	}{
		{"/edr/hosts/ws-042/isolate", "", "edr.isolate_host ws-042"},
		{"/edr/hosts/H-0042/isolate", "", ""},
		{"/edr/hosts/192.0.2.42/release", "", "edr.release_host ws-042"},
		{"/edr/hosts/WS-042/release", "", ""},
		{"/directory/users/clerk-17@lab.example/disable_user", "", "directory.disable_user clerk-17"},
		{"/directory/users/clerk-17/disable_user", "", ""},
		{"/directory/users/clerk-17/enable_user", "", "directory.enable_user clerk-17"},
		{"/directory/users/clerk-17/revoke_sessions", "", "directory.revoke_sessions clerk-17"},
		{"/directory/users/clerk-17/revoke_sessions", "", ""},
		{"/directory/users/clerk-17/reset_password", "", "directory.reset_password clerk-17"},
		{"/directory/users/clerk-17/reset_password", "", "directory.reset_password clerk-17"},
		{"/firewall/addresses/203.0.113.66/block", "", "firewall.block_address 203.0.113.66"},
		{"/firewall/addresses/203.0.113.66/block", "", ""},
		{"/firewall/addresses/203.0.113.66/unblock", "", "firewall.unblock_address 203.0.113.66"},
		{"/firewall/addresses/192.0.2.200/block", "", "firewall.block_address 192.0.2.200"},
		{"/mail/quarantine", `{"ids":["m-1001","m-1002"]}`, "mail.quarantine_messages m-1001,m-1002"},
		{"/mail/quarantine", `{"ids":["m-1001","m-1002"]}`, ""},
		{"/mail/quarantine", `{"ids":["m-1002","m-1003"]}`, "mail.quarantine_messages m-1002,m-1003"},
		{"/mail/restore", `{"ids":["m-1001"]}`, "mail.restore_messages m-1001"},
		{"/mail/send", `{"to":["clerk-17@lab.example"],"subject":"Call us"}`, "mail.send clerk-17@lab.example"},
		{"/mail/send", `{"to":["clerk-17@lab.example"],"subject":"Call us"}`, "mail.send clerk-17@lab.example"},
	}
	var want []string
	for _, row := range rows {
		if status, _ := b.do("POST", row.path, row.body); status != 200 {
			t.Errorf("%s: %d", row.path, status)
		}
		if row.effect != "" {
			want = append(want, row.effect)
		}
		b.did(want...)
	}
}

func TestKeysAreHonouredWhereTheProductWould(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	b.do("POST", "/edr/hosts/ws-042/isolate", "", "Idempotency-Key", "k1")
	b.do("POST", "/edr/hosts/ws-042/release", "", "Idempotency-Key", "k2")
	b.do("POST", "/edr/hosts/ws-042/isolate", "", "Idempotency-Key", "k1") // a late repeat
	b.did("edr.isolate_host ws-042", "edr.release_host ws-042")
	b.do("POST", "/mail/send", `{"to":["a@lab.example"],"subject":"s"}`, "Idempotency-Key", "k3")
	b.do("POST", "/mail/send", `{"to":["a@lab.example"],"subject":"s"}`, "Idempotency-Key", "k3")
	b.did("edr.isolate_host ws-042", "edr.release_host ws-042", "mail.send a@lab.example", "mail.send a@lab.example")
}

func TestReads(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	rows := []struct {
		path   string
		status int
		field  string
		want   any
	}{
		{"/edr/hosts/ws-042", 200, "isolated", false},
		{"/edr/hosts/ws-042", 200, "artifacts", nil},
		{"/edr/hosts/nobody", 404, "error", "no such host"},
		{"/edr/hosts/ws-042/artifacts/nothing", 404, "error", "no such host or artifact"},
		{"/edr/hosts/nobody/artifacts/auth_log", 404, "error", "no such host or artifact"},
		{"/directory/users/clerk-17", 200, "enabled", true},
		{"/directory/users/nobody", 404, "error", "no such user"},
		{"/firewall/addresses/203.0.113.66", 200, "seen_count", float64(412)},
		{"/firewall/addresses/192.0.2.201", 200, "blocked", false},
		{"/firewall/addresses/ws-042", 400, "error", "not an IP address"},
		{"/mail/messages?sender=Billing@phish.example", 200, "count", float64(4)},
		{"/mail/messages?url=https://files.invalid/label.zip", 200, "count", float64(1)},
		{"/mail/messages?sender=nobody@lab.example", 200, "count", float64(0)},
		{"/mail/messages", 400, "error", "sender or url is needed"},
		{"/intel/addresses/203.0.113.66", 200, "malicious", float64(41)},
		{"/intel/urls?url=https://files.invalid/label.zip", 200, "malicious", float64(6)},
		{"/intel/urls?url=https://new.example/", 200, "malicious", float64(0)},
		{"/healthz", 200, "ok", true},
	}
	for _, row := range rows {
		status, view := b.do("GET", row.path, "")
		if status != row.status || !cmp.Equal(view[row.field], row.want) {
			t.Errorf("%s: %d %s=%v, want %d %v", row.path, status, row.field, view[row.field], row.status, row.want)
		}
	}
	for _, kind := range lab.ArtifactKinds() {
		if status, _ := b.do("GET", "/edr/hosts/web-01/artifacts/"+kind, ""); status != 200 {
			t.Errorf("artifact %s: %d", kind, status)
		}
	}
	b.did()
}

func TestBadCallsChangeNothing(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	rows := []struct {
		path, body string
		status     int
	}{
		{"/edr/hosts/nobody/isolate", "", 404},
		{"/edr/hosts/ws-042/wipe", "", 404},
		{"/directory/users/nobody/disable_user", "", 404},
		{"/directory/users/clerk-17/delete", "", 404},
		{"/firewall/addresses/203.0.113.0/burn", "", 404},
		{"/firewall/addresses/everything/block", "", 400},
		{"/mail/quarantine", `{"ids":[]}`, 400},
		{"/mail/quarantine", `{"ids":["m-1001","m-0"]}`, 404},
		{"/mail/quarantine", `{"all":true}`, 400},
		{"/mail/quarantine", `nonsense`, 400},
		{"/mail/send", `{"to":[],"subject":"s"}`, 400},
		{"/mail/send", `{"to":["a@lab.example"]}`, 400},
		{"/mail/send", `{"to":["` + strings.Repeat("a", 70<<10) + `"],"subject":"s"}`, 400},
	}
	for _, row := range rows {
		if status, _ := b.do("POST", row.path, row.body); status != row.status {
			t.Errorf("%s %.40s: %d, want %d", row.path, row.body, status, row.status)
		}
	}
	b.did()
}

func TestTokenIsAskedFor(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	for _, given := range []string{"", "Bearer ", "Bearer wrong", token, "Basic " + token} {
		for _, path := range []string{"/edr/hosts/ws-042/isolate", "/mail/send", "/fault"} {
			if status, _ := b.do("POST", path, "{}", "Authorization", given); status != 401 {
				t.Errorf("%s with %q: %d", path, given, status)
			}
		}
	}
	b.did()
	if _, err := lab.New(lab.Options{}); err == nil {
		t.Error("a lab without a token was started")
	}
}

func TestRestartKeepsState(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "effects.jsonl")
	first := start(t, file)
	first.do("POST", "/edr/hosts/ws-042/isolate", "", "Idempotency-Key", "k1")
	first.do("POST", "/directory/users/clerk-17/disable_user", "")
	first.do("POST", "/firewall/addresses/192.0.2.222/block", "")
	first.do("POST", "/mail/quarantine", `{"ids":["m-1001"]}`)
	first.do("POST", "/mail/send", `{"to":["a@lab.example"],"subject":"s"}`)
	_, before := first.do("GET", "/state", "")
	first.stop()

	second := start(t, file)
	_, after := second.do("GET", "/state", "")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("state after the restart: %s", diff)
	}
	second.do("POST", "/edr/hosts/ws-042/release", "")
	second.do("POST", "/edr/hosts/ws-042/isolate", "", "Idempotency-Key", "k1")
	if got := len(second.lab.Effects()); got != 6 {
		t.Errorf("%d effects; the key was forgotten over the restart", got)
	}
	kept, err := lab.ReadEffects(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second.lab.Effects(), kept); diff != "" {
		t.Errorf("file: %s", diff)
	}
}

func TestEffectsFileDamaged(t *testing.T) {
	t.Parallel()
	line := `{"seq":1,"at":"2026-11-24T12:00:00Z","action":"edr.isolate_host","target":"ws-042"}` + "\n"
	rows := []struct {
		name, content string
		effects       int // -1: refused
	}{
		{"empty", "", 0},
		{"whole", line, 1},
		{"last line cut off", line + `{"seq":2,"at":"2026-1`, 1},
		{"only a piece", `{"seq"`, 0},
		{"garbage in the middle", "garbage\n" + line, -1},
		{"a line taken out", strings.Replace(line, `"seq":1`, `"seq":2`, 1), -1},
		{"a line twice", line + line, -1},
		{"an action nobody knows", strings.Replace(line, "isolate_host", "burn_host", 1), -1},
		{"a host that is not there", strings.Replace(line, "ws-042", "ws-999", 1), -1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "effects.jsonl")
			if err := os.WriteFile(file, []byte(row.content), 0o600); err != nil {
				t.Fatal(err)
			}
			server, err := lab.New(lab.Options{Token: token, EffectsFile: file})
			if row.effects < 0 {
				if err == nil {
					t.Fatal("accepted")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := len(server.Effects()); got != row.effects {
				t.Errorf("%d effects, want %d", got, row.effects)
			}
			recorder := httptest.NewRecorder()
			request := httptest.NewRequest("POST", "/edr/hosts/ws-017/isolate", nil)
			request.Header.Set("Authorization", "Bearer "+token)
			server.ServeHTTP(recorder, request)
			_ = server.Close()
			if kept, err := lab.ReadEffects(file); err != nil || len(kept) != row.effects+1 {
				t.Errorf("after one more: %d effects, %v", len(kept), err)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const path = "/edr/hosts/ws-042/isolate"
	rows := []struct {
		fault  lab.Fault
		status int // 0: no answer
		effect bool
	}{
		{lab.Fault{Path: path, Mode: lab.ModeDelay, DelayMS: 1}, 200, true},
		{lab.Fault{Path: path, Mode: lab.ModeError}, 500, false},
		{lab.Fault{Path: "/edr/*", Mode: lab.ModeStatus, Status: 429, RetryAfter: 7}, 429, false},
		{lab.Fault{Path: path, Method: "POST", Mode: lab.ModeDropBefore}, 0, false},
		{lab.Fault{Path: path, Mode: lab.ModeDropAfter}, 0, true},
		{lab.Fault{Path: path, Mode: lab.ModeGarbage}, 200, true},
		{lab.Fault{Path: path, Mode: lab.ModeOversize}, 200, true},
		{lab.Fault{Path: path, Mode: lab.ModeLie}, 200, false},
		{lab.Fault{Path: path, Method: "GET", Mode: lab.ModeError}, 200, true},
		{lab.Fault{Path: "/directory/*", Mode: lab.ModeError}, 200, true},
	}
	for _, row := range rows {
		t.Run(string(row.fault.Mode)+" "+row.fault.Path+row.fault.Method, func(t *testing.T) {
			t.Parallel()
			b := start(t, "")
			row.fault.Times = 1
			body, err := json.Marshal(row.fault)
			if err != nil {
				t.Fatal(err)
			}
			if status, _ := b.do("POST", "/fault", string(body)); status != 200 {
				t.Fatalf("fault: %d", status)
			}
			if status, _ := b.do("POST", path, ""); status != row.status {
				t.Errorf("status %d, want %d", status, row.status)
			}
			if got := len(b.lab.Effects()) == 1; got != row.effect {
				t.Errorf("effect %v, want %v", got, row.effect)
			}
			b.do("DELETE", "/fault", "")
			if status, _ := b.do("POST", path, ""); status != 200 {
				t.Errorf("after the fault: %d", status)
			}
		})
	}
}

func TestMuteEndsWithTheLab(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	b.lab.Misbehave(lab.Fault{Path: "/edr/hosts/ws-042", Mode: lab.ModeMute, Times: 1})
	answered := make(chan int, 1)
	go func() {
		status, _ := b.do("GET", "/edr/hosts/ws-042", "")
		answered <- status
	}()
	b.stop()
	select {
	case status := <-answered:
		if status == 200 {
			t.Error("it answered")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting")
	}
}

func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	b := start(t, "")
	for _, body := range []string{`{}`, `{"path":"edr","mode":"error","times":1}`, `{"path":"/edr","mode":"burn","times":1}`, `{"path":"/edr","mode":"error"}`,
		`{"path":"/edr","mode":"http_status","times":1}`, `{"path":"/edr","mode":"delay","times":1,"delay_ms":600000}`, `nonsense`, `{"path":"/edr","mode":"error","times":1,"odd":1}`} {
		if status, _ := b.do("POST", "/fault", body); status != 400 {
			t.Errorf("%s: %d", body, status)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, filepath.Join(t.TempDir(), "effects.jsonl"))
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			b.do("POST", "/edr/hosts/ws-042/isolate", "")
			b.do("POST", "/mail/quarantine", `{"ids":["m-1001","m-1002"]}`)
			b.do("GET", "/state", "")
			b.do("GET", "/", "")
		})
	}
	group.Wait()
	if got := len(b.lab.Effects()); got != 2 {
		t.Errorf("%d effects, want 2", got)
	}
}

func TestPageIsLabelledAndEscaped(t *testing.T) {
	t.Parallel()
	dataset := `{"hosts":[],"users":[],"addresses":[],"urls":[],"messages":[{"id":"m-1","mailbox":"a@lab.example","sender":"x","subject":"<script>alert(1)</script>","urls":[],"clicked":false,"quarantined":false}]}`
	server, err := lab.New(lab.Options{Token: token, Dataset: []byte(dataset)})
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	body := recorder.Body.String()
	if !strings.Contains(body, "LAB") || !strings.Contains(body, "Not a real product") {
		t.Error("the page is not labelled")
	}
	if strings.Contains(body, "<script>") || bytes.Contains(recorder.Body.Bytes(), []byte("ZgotmplZ")) {
		t.Error("the page lets markup through")
	}
	if _, err := lab.New(lab.Options{Token: token, Dataset: []byte(`{"servers":[]}`)}); err == nil {
		t.Error("a dataset with an unknown field was accepted")
	}
}
