package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/demo"
	"github.com/tocsin-soar/tocsin/internal/devstack"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/lab"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/temporalclient"
)

// stand is the product on servers that a test may take away, with a lab that it
// can make misbehave. It may run while Temporal is away.
type stand struct {
	*product
	lab    *lab.Server
	calls  *tally        // of the lab, answered
	wazuh  secret.String // the tool's token, for requests by hand
	config *app.Config
}

// tally counts requests that are over, by method and path.
type tally struct {
	next http.Handler

	mu   sync.Mutex
	seen map[string]int
}

// ServeHTTP counts also what ends without an answer.
func (c *tally) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen[r.Method+" "+r.URL.Path]++
	}()
	c.next.ServeHTTP(w, r)
}

func (c *tally) of(call string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[call]
}

// settings are values of the configuration by their key.
type settings map[string]string

func newStand(t *testing.T, given settings) *stand {
	t.Helper()
	return newStandAs(t, app.Everything(), given)
}

func newStandAs(t *testing.T, roles app.Roles, given settings) *stand {
	t.Helper()
	dir := t.TempDir()
	s := &stand{product: &product{effects: filepath.Join(dir, "effects.jsonl")}}
	var err error
	if s.lab, err = lab.New(lab.Options{Token: labToken, EffectsFile: s.effects}); err != nil {
		t.Fatal(err)
	}
	s.calls = &tally{next: s.lab, seen: map[string]int{}}
	labServer := httptest.NewServer(s.calls)
	t.Cleanup(labServer.Close)
	t.Cleanup(func() { s.lab.Close() })

	values := settings{"temporal_task_queue": "stand-" + rand.Text(), "listen": "127.0.0.1:0", "data_dir": filepath.Join(dir, "data")}
	maps.Copy(values, given)
	config, faults := app.LoadConfig("", func(name string) (string, bool) {
		value, ok := values[strings.ToLower(strings.TrimPrefix(name, app.EnvName("")))]
		return value, ok
	})
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	for instance, kind := range demo.LabKinds() {
		config.Connectors[instance] = app.ConnectorConfig{
			Use: kind, Settings: map[string]string{"base_url": labServer.URL},
			Secrets: map[string]secret.String{"token": secret.New(labToken)},
		}
	}
	if values["connectors_dir"] != "" {
		config.Connectors["site"] = app.ConnectorConfig{
			Use: "site_edr", Settings: map[string]string{"base_url": labServer.URL},
			Secrets: map[string]secret.String{"token": secret.New(labToken)},
		}
	}
	s.config = config
	s.app = s.serve(t, roles)
	s.url = s.app.URL()
	s.tool, s.wazuh = s.issue(t, access.TokenRequest{Name: "wazuh", Source: "wazuh"})
	s.lead, _ = s.issue(t, access.TokenRequest{Name: "lead", Person: "soc-lead@lab.invalid", Roles: []soar.Role{soar.RoleSOCLead, soar.RoleAnalyst}})
	return s
}

// serve runs a process of the product without waiting until it is ready.
func (s *stand) serve(t *testing.T, roles app.Roles) *app.App {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	process, err := app.New(t.Context(), s.config, log, roles)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- process.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the product stopped badly: %v", err)
		}
	})
	return process
}

// issue makes a token and a client that sends each request once: one that tries
// again would hide what it was answered.
func (s *stand) issue(t *testing.T, request access.TokenRequest) (*client.Client, secret.String) {
	t.Helper()
	issued, err := s.app.Tokens().Issue(t.Context(), soar.System("test"), request)
	if err != nil {
		t.Fatal(err)
	}
	asker, err := client.New(client.Config{URL: s.url, Token: issued.Text.Reveal(), Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	return asker, issued.Text
}

// answer is what the API said to one request, sent once.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends an alert by hand, to see all of the answer.
func (s *stand) post(t *testing.T, body []byte) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/v1/hooks/wazuh", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.wazuh.Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, text}
}

// accepted sends an alert that must be taken, and gives its id.
func (s *stand) accepted(t *testing.T, body []byte) string {
	t.Helper()
	got := s.post(t, body)
	var receipts gen.ReceiptList
	if err := json.Unmarshal(got.body, &receipts); err != nil || got.status != http.StatusAccepted || len(receipts.Items) != 1 {
		t.Fatalf("the alert was answered %d %s: %v", got.status, got.body, err)
	}
	return receipts.Items[0].AlertID
}

// breakIn is an alert that ends in the question whether to contain web-01.
func breakIn(id string) []byte { return sshAlert(id, "web-01", "203.0.113.66", "deploy") }

// containment is what happens once when that question is answered with yes.
func containment() []string {
	return []string{"edr.isolate_host web-01", "firewall.block_address 203.0.113.66"}
}

// requireOnce checks the lab's own account of what happened.
func (s *stand) requireOnce(t *testing.T, effects ...string) {
	t.Helper()
	happened := s.happened(t)
	for _, effect := range effects {
		if happened[effect] != 1 {
			t.Errorf("%s happened %d times: %v", effect, happened[effect], happened)
		}
	}
}

// requireNone checks that nothing was changed in the lab; mail may have gone out.
func (s *stand) requireNone(t *testing.T) {
	t.Helper()
	for effect := range s.happened(t) {
		if !strings.HasPrefix(effect, "mail.send") {
			t.Errorf("%s happened", effect)
		}
	}
}

// passableDir is a folder that Postgres may pass through under another user,
// unlike t.TempDir.
func passableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-outage-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ownPostgres is a migrated server that comes back on the same files and the same
// port after it was killed.
type ownPostgres struct {
	*devstack.Postgres
	dir string
}

func newPostgres(t *testing.T) *ownPostgres {
	t.Helper()
	p := &ownPostgres{dir: passableDir(t)}
	// Here and not in start: it must outlive the product, which is stopped first.
	t.Cleanup(func() { _ = p.Stop(context.Background()) })
	p.start(t)
	if err := store.Migrate(t.Context(), p.URL()); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *ownPostgres) start(t *testing.T) {
	t.Helper()
	started, err := devstack.StartPostgres(t.Context(), devstack.PostgresOptions{Dir: p.dir, FastUnsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.Postgres != nil && p.URL() != started.URL() {
		t.Fatalf("Postgres came back at another address")
	}
	p.Postgres = started
}

func (p *ownPostgres) kill(t *testing.T) {
	t.Helper()
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

// ownTemporal is a server that comes up, and comes back, at one address.
type ownTemporal struct {
	*devstack.Temporal
	dir, address string
	port         int
}

func newTemporal(t *testing.T) *ownTemporal {
	t.Helper()
	o := &ownTemporal{dir: t.TempDir(), port: quietPort(t)}
	o.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port))
	t.Cleanup(func() {
		if o.Temporal != nil {
			_ = o.Stop(context.Background())
		}
	})
	return o
}

// quietPort is a free port that the system hands out to nobody: one that it does
// would be taken by an outgoing connection while the server is away.
func quietPort(t *testing.T) int {
	t.Helper()
	return eventually(t, "a port is free", func() (int, bool) {
		port := 20000 + mathrand.IntN(10000)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return 0, false
		}
		return port, listener.Close() == nil
	})
}

// start starts the server, again when it gives up: on a busy machine, with clients
// that wait for it, it sometimes does not come up within its own limits.
func (o *ownTemporal) start(t *testing.T) {
	t.Helper()
	o.Temporal = eventually(t, "Temporal serves", func() (*devstack.Temporal, bool) {
		started, err := devstack.StartTemporal(t.Context(), devstack.TemporalOptions{Dir: o.dir, Port: o.port, Progress: os.Stderr})
		if err != nil {
			t.Log(err)
		}
		return started, err == nil
	})
	if o.Address() != o.address {
		t.Fatalf("Temporal serves on %s, want %s", o.Address(), o.address)
	}
}

func (o *ownTemporal) kill(t *testing.T) {
	t.Helper()
	if err := o.Kill(); err != nil {
		t.Fatal(err)
	}
}

// runs tells whether the incident is in the hands of its workflow.
func runs(d protocol.Detail) bool { return ended(d) || len(d.Approvals) > 0 }

// TestOutageOfTemporalFromTheStart has the whole product start and take alerts
// while there is no Temporal at all, and Temporal come up much later.
func TestOutageOfTemporalFromTheStart(t *testing.T) {
	t.Parallel()
	temporal, postgres := newTemporal(t), newPostgres(t)
	s := newStand(t, settings{"temporal_address": temporal.address, "database_url": postgres.URL()})
	const many = 20
	alerts := map[string]bool{}
	for i := range many {
		host := []string{"web-01", "web-02"}[i%2] // somebody got in, nobody got in
		alerts[s.accepted(t, sshAlert(strconv.Itoa(i), host, "198.51.100."+strconv.Itoa(100+i), "deploy"))] = true
	}
	if len(alerts) != many {
		t.Fatalf("%d alerts got %d ids", many, len(alerts))
	}
	if health, _, err := s.lead.Ready(t.Context()); err == nil && health.Status == gen.HealthStatusOk {
		t.Error("without Temporal the product says that it is ready")
	}
	incidents := map[string]bool{}
	for alert := range alerts {
		incidents[s.incidentOf(t, alert)] = true // people see them before Temporal is there
	}
	if len(incidents) != many {
		t.Fatalf("%d alerts opened %d incidents", many, len(incidents))
	}

	temporal.start(t)
	for incident := range incidents {
		s.detail(t, incident, "runs", runs)
	}
	page, err := s.lead.Incidents(t.Context(), client.IncidentQuery{Page: client.Page{Limit: 2 * many}})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != many {
		t.Errorf("there are %d incidents, want %d", len(page.Items), many)
	}
	s.requireNone(t)
}

// TestOutageOfTheWorkerFromTheStart has a process that takes alerts and hands them
// to a new Temporal before any worker was ever there.
func TestOutageOfTheWorkerFromTheStart(t *testing.T) {
	t.Parallel()
	temporal := newTemporal(t)
	temporal.start(t)
	s := newStandAs(t, app.Roles{API: true, Outbox: true}, settings{"temporal_address": temporal.address, "database_url": newPostgres(t).URL()})
	incidents := map[string]bool{}
	for i := range 3 {
		incidents[s.incidentOf(t, s.accepted(t, sshAlert(strconv.Itoa(i), "web-01", "198.51.100."+strconv.Itoa(100+i), "deploy")))] = true
	}
	direct := s.temporal(t)
	for incident := range incidents {
		eventually(t, incident+" is started", func() (bool, bool) {
			_, err := direct.SDK().DescribeWorkflowExecution(t.Context(), incident, "")
			return true, err == nil
		})
	}
	s.serve(t, app.Roles{Worker: true})
	for incident := range incidents {
		s.pendingApproval(t, incident)
	}
}

// temporal is a connection of the test's own, past the product.
func (s *stand) temporal(t *testing.T) *temporalclient.Client {
	t.Helper()
	opened, err := temporalclient.Open(temporalclient.Options{
		Address: s.config.TemporalAddress, Namespace: s.config.TemporalNamespace, TaskQueue: s.config.TemporalTaskQueue,
		Identity: "somebody", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// TestOutageOfTemporalWhileAnApprovalWaits kills Temporal and lets people go on
// working without it.
func TestOutageOfTemporalWhileAnApprovalWaits(t *testing.T) {
	t.Parallel()
	temporal := newTemporal(t)
	temporal.start(t)
	s := newStand(t, settings{"temporal_address": temporal.address, "database_url": newPostgres(t).URL()})
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	approval := s.pendingApproval(t, incident)

	temporal.kill(t)
	reply := quickly(t, "a note", func() (string, error) {
		reply, err := s.lead.Command(t.Context(), incident, "note-away-1", gen.NoteCommand{Text: "Temporal is away"})
		return deref(reply).Message, err
	})
	if !strings.Contains(reply, "will be carried out") {
		t.Errorf("a note was answered %q", reply)
	}
	stands := quickly(t, "a decision", func() (soar.Approval, error) {
		got, err := s.lead.Decide(t.Context(), approval.ID, "decision-away-1", gen.DecisionInput{Decision: gen.Approve, Digest: &approval.Digest, Reason: "decided in a test"})
		return deref(got), err
	})
	if stands.Status != soar.ApprovalPending || len(stands.Decisions) != 1 || !stands.Decisions[0].Approve {
		t.Errorf("the decision was answered with %s and %+v; it must stand and not be carried out yet", stands.Status, stands.Decisions)
	}
	s.requireNone(t)
	others := map[string]bool{}
	for i := range 20 { // more than the outbox carries out at once
		others[s.accepted(t, sshAlert("away-"+strconv.Itoa(i), "web-02", "198.51.100."+strconv.Itoa(100+i), "guest"))] = true
	}
	opened := map[string]bool{}
	for alert := range others {
		opened[s.incidentOf(t, alert)] = true
	}

	temporal.start(t)
	s.detail(t, incident, "closes", ended)
	for other := range opened {
		s.detail(t, other, "runs", runs)
	}
	s.requireOnce(t, containment()...)
	told := s.verify(t, incident)
	for _, kind := range []string{protocol.EventApprovalDecision, protocol.EventNote} {
		if got := ofKind(told, kind); len(got) != 1 {
			t.Errorf("the record has %d entries %s", len(got), kind)
		}
	}
}

// quickly is for what must be answered within 5 s whatever is away.
func quickly[T any](t *testing.T, what string, ask func() (T, error)) T {
	t.Helper()
	began := time.Now()
	got, err := ask()
	if err != nil {
		t.Fatalf("%s was refused: %v", what, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%s was answered after %s", what, took)
	}
	return got
}

// TestOutageOfPostgres kills Postgres under the serving product while an incident
// waits for approval.
func TestOutageOfPostgres(t *testing.T) {
	t.Parallel()
	postgres := newPostgres(t)
	s := newStand(t, settings{"temporal_address": devstacktest.Temporal(t), "database_url": postgres.URL()})
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	approval := s.pendingApproval(t, incident)

	postgres.kill(t)
	// A backend outlives its killed postmaster for a moment. What it still commits is
	// kept, and rightly answered with 202; then comes the refusal.
	var early []string
	refused := eventually(t, "an alert is refused", func() (answer, bool) {
		got := quickly(t, "an alert", func() (answer, error) { return s.post(t, breakIn("2")), nil })
		if got.status == http.StatusAccepted {
			early = append(early, s.receipt(t, got))
		}
		return got, got.status != http.StatusAccepted
	})
	requireUnavailable(t, refused)
	_, err := s.lead.Decide(t.Context(), approval.ID, "too-early-1", gen.DecisionInput{Decision: gen.Approve, Digest: &approval.Digest, Reason: "decided in a test"})
	if fault, ok := errors.AsType[*client.Error](err); !ok || fault.Status != http.StatusServiceUnavailable {
		t.Errorf("a decision that cannot be kept was answered %v", err)
	}

	postgres.start(t)
	again := eventually(t, "an alert is accepted again", func() (answer, bool) {
		got := s.post(t, sshAlert("3", "web-02", "198.51.100.77", "guest"))
		return got, got.status == http.StatusAccepted
	})
	for _, id := range early {
		if _, err := s.lead.Alert(t.Context(), id); err != nil {
			t.Errorf("alert %s was answered with 202 and is not kept: %v", id, err)
		}
	}
	other := s.incidentOf(t, s.receipt(t, again))
	if other == incident {
		t.Error("an alert of another address joined the incident")
	}
	s.decide(t, s.pendingApproval(t, incident), gen.Approve)
	s.detail(t, incident, "closes", ended)
	s.detail(t, other, "runs", runs)
	s.requireOnce(t, containment()...)
	if got := ofKind(s.verify(t, incident), protocol.EventApprovalDecision); len(got) != 1 {
		t.Errorf("the record has %d decisions", len(got))
	}
	s.verify(t, other)
	postgres.kill(t) // the product is stopped without it, which is no failure
}

// receipt gives the id of the one alert that an answer took.
func (s *stand) receipt(t *testing.T, got answer) string {
	t.Helper()
	var receipts gen.ReceiptList
	if err := json.Unmarshal(got.body, &receipts); err != nil || len(receipts.Items) != 1 {
		t.Fatalf("the answer is no receipt: %s: %v", got.body, err)
	}
	return receipts.Items[0].AlertID
}

// requireUnavailable checks what a sender is told when its alert was not kept: it
// must know that it has to send it again, and when.
func requireUnavailable(t *testing.T, got answer) {
	t.Helper()
	if got.status != http.StatusServiceUnavailable {
		t.Errorf("status %d: %s", got.status, got.body)
	}
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("content type %q", kind)
	}
	if seconds, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || seconds < 1 {
		t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
	}
	var problem gen.Problem
	if err := json.Unmarshal(got.body, &problem); err != nil || problem.Status != http.StatusServiceUnavailable || problem.Code != gen.ProblemCode(soar.CodeUnavailable) || problem.RequestID == "" {
		t.Errorf("the problem is %s: %v", got.body, err)
	}
	if strings.Contains(string(got.body), "127.0.0.1") {
		t.Errorf("the problem tells where the database is: %s", got.body)
	}
}

// TestOutageOfPostgresBetweenEffectAndOutcome kills Postgres at the worst moment:
// the host is isolated, and nobody has written down that it is.
func TestOutageOfPostgresBetweenEffectAndOutcome(t *testing.T) {
	t.Parallel()
	postgres := newPostgres(t)
	s := newStand(t, settings{"temporal_address": devstacktest.Temporal(t), "database_url": postgres.URL()})
	incident := s.incidentOf(t, s.accepted(t, breakIn("1")))
	approval := s.pendingApproval(t, incident)
	// The outcome is written after the host was looked at once more.
	const look = "GET /edr/hosts/web-01"
	before := s.calls.of(look)
	s.lab.Misbehave(lab.Fault{Path: "/edr/hosts/web-01", Method: http.MethodGet, Mode: lab.ModeDelay, DelayMS: 1000, Times: 1})
	s.decide(t, approval, gen.Approve)
	eventually(t, "the host is isolated", func() (bool, bool) {
		return true, s.happened(t)["edr.isolate_host web-01"] == 1
	})
	postgres.kill(t)
	if s.calls.of(look) != before {
		t.Fatal("the host was looked at before Postgres was killed: this says nothing")
	}
	direct := s.temporal(t)
	eventually(t, "the action gives up to write its outcome", func() (bool, bool) {
		described, err := direct.SDK().DescribeWorkflowExecution(t.Context(), incident, "")
		if err != nil || s.calls.of(look) == before {
			return false, false
		}
		return true, !slices.ContainsFunc(described.GetPendingActivities(), func(pending *workflowpb.PendingActivityInfo) bool {
			return pending.GetActivityType().GetName() == protocol.ActivityAction
		})
	})
	postgres.start(t)
	detail := s.detail(t, incident, "closes", ended)
	if detail.Incident.Status != soar.StatusClosed {
		t.Errorf("ended as %+v", detail.Incident)
	}
	s.requireOnce(t, containment()...)
	told := s.verify(t, incident)
	intents := map[string]int{}
	for _, entry := range ofKind(told, protocol.EventActionIntent) {
		intents[entry.Step]++
	}
	for step, times := range intents {
		if times != 1 {
			t.Errorf("step %s has %d intents", step, times)
		}
	}
	requireText(t, ofKind(told, protocol.EventActionOutcome), "edr.isolate_host on web-01 was found done by asking")
}
