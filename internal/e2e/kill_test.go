package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/demo"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// victim is the product as a process of its own, to be killed.
type victim struct {
	*product
	binary string
	env    []string
	lab    *lab.Server
	proc   *exec.Cmd
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	dir := t.TempDir()
	v := &victim{binary: filepath.Join(dir, "tocsin"), product: &product{effects: filepath.Join(dir, "effects.jsonl")}}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", v.binary, "../../cmd/tocsin")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	var err error
	if v.lab, err = lab.New(lab.Options{Token: labToken, EffectsFile: v.effects}); err != nil {
		t.Fatal(err)
	}
	labServer := httptest.NewServer(v.lab)
	t.Cleanup(labServer.Close)
	t.Cleanup(func() { v.lab.Close() })

	listen := net.JoinHostPort("127.0.0.1", strconv.Itoa(quietPort(t)))
	v.url = "http://" + listen
	config := filepath.Join(dir, "tocsin.yaml")
	if err := os.WriteFile(config, configFile(labServer.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	v.env = append(os.Environ(), "LAB_TOKEN="+labToken, "TOCSIN_CONFIG="+config,
		app.EnvName("listen")+"="+listen, app.EnvName("database_url")+"="+storetest.URL(t),
		app.EnvName("temporal_address")+"="+devstacktest.Temporal(t), app.EnvName("temporal_task_queue")+"=kill-"+rand.Text(),
		app.EnvName("data_dir")+"="+filepath.Join(dir, "data"))
	t.Cleanup(func() { v.kill(t) })
	v.start(t)
	v.tool = v.token(t, "--source", "wazuh")
	v.lead = v.token(t, "--person", "soc-lead@lab.invalid", "--role", "soc_lead", "--role", "analyst")
	return v
}

func configFile(labURL string) []byte {
	var text bytes.Buffer
	text.WriteString("connectors:\n")
	for instance, kind := range demo.LabKinds() {
		fmt.Fprintf(&text, "  %s:\n    use: %s\n    settings:\n      base_url: %s\n      token: {from_env: LAB_TOKEN}\n", instance, kind, labURL)
	}
	return text.Bytes()
}

// start runs the product and waits until it answers.
func (v *victim) start(t *testing.T) {
	t.Helper()
	v.proc = exec.Command(v.binary, "server", "--with-worker")
	v.proc.Env, v.proc.Stderr = v.env, t.Output()
	v.proc.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := v.proc.Start(); err != nil {
		t.Fatal(err)
	}
	asker, err := client.New(client.Config{URL: v.url, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process answers", func() (bool, bool) {
		health, _, err := asker.Ready(t.Context())
		return true, err == nil && health.Status == gen.HealthStatusOk
	})
}

// kill is SIGKILL: no handler runs, nothing is flushed.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	if v.proc == nil || v.proc.Process == nil {
		return
	}
	if err := v.proc.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill: %v", err)
	}
	_ = v.proc.Wait() // says "signal: killed"
	v.proc = nil
}

// token makes a token on the machine itself, as the README says.
func (v *victim) token(t *testing.T, arguments ...string) *client.Client {
	t.Helper()
	command := exec.CommandContext(t.Context(), v.binary, append([]string{"token", "bootstrap", "--name", "test", "--output", "json"}, arguments...)...)
	command.Env = v.env
	out, err := command.Output()
	if err != nil {
		t.Fatalf("token bootstrap: %v", err)
	}
	var made struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(out, &made); err != nil || made.Secret == "" {
		t.Fatalf("token bootstrap answered %s: %v", out, err)
	}
	asker, err := client.New(client.Config{URL: v.url, Token: made.Secret})
	if err != nil {
		t.Fatal(err)
	}
	return asker
}

// approveWhenAsked decides what is pending, and says whether there was something.
func (v *victim) approveWhenAsked(t *testing.T, incident string) bool {
	page, err := v.lead.Approvals(t.Context(), soar.ApprovalPending, incident, client.Page{})
	if err != nil || len(page.Items) == 0 {
		return false
	}
	approval := page.Items[0]
	_, err = v.lead.Decide(t.Context(), approval.ID, "kill-"+approval.ID, gen.DecisionInput{Decision: gen.Approve, Digest: &approval.Digest, Reason: "decided in a test"})
	return err == nil
}

// TestKilledInTheMiddleItFinishesWithEachActionOnce kills the process with SIGKILL
// over and over while a playbook runs, with the lab slow, so that calls are in
// flight when it dies. The lab's file says what really happened.
func TestKilledInTheMiddleItFinishesWithEachActionOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for half a minute")
	}
	v := newVictim(t)
	for _, path := range []string{"/edr/*", "/firewall/*"} {
		v.lab.Misbehave(lab.Fault{Path: path, Mode: lab.ModeDelay, DelayMS: 150, Times: 1000})
	}
	incident := v.incidentOf(t, v.send(t, sshAlert("kill-1", "web-01", "203.0.113.66", "deploy")))
	kills, approved := 0, false
	// A call that lost its worker is waited for until its timeout, a minute and more.
	deadline := time.Now().Add(5 * time.Minute)
	for {
		// A little later each time, so that the kills fall on different moments.
		wait := time.After(time.Duration(120+70*kills) * time.Millisecond)
		approved = v.approveWhenAsked(t, incident) || approved
		<-wait
		approved = v.approveWhenAsked(t, incident) || approved
		if detail, err := v.lead.Incident(t.Context(), incident); err == nil && ended(*detail) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the incident did not end after %d kills", kills)
		}
		if kills < 12 {
			v.kill(t)
			v.start(t)
			kills++
		}
	}
	if kills < 4 || !approved {
		t.Errorf("the incident ended after %d kills: too fast to say anything", kills)
	}
	t.Logf("killed %d times", kills)
	detail := v.detail(t, incident, "closes", ended)
	if detail.Incident.Status != soar.StatusClosed {
		t.Errorf("ended as %+v", detail.Incident)
	}
	effects := v.happened(t)
	for _, effect := range []string{"edr.isolate_host web-01", "firewall.block_address 203.0.113.66"} {
		if effects[effect] != 1 {
			t.Errorf("%s happened %d times: %v", effect, effects[effect], effects)
		}
	}
	outcomes := map[string]int{}
	for _, payload := range v.verify(t, incident) {
		if payload.Kind == protocol.EventActionOutcome {
			outcomes[payload.Text]++
		}
	}
	for text, times := range outcomes {
		if times > 1 && !strings.Contains(text, "notify") {
			t.Logf("told %d times: %s", times, text)
		}
	}
}
