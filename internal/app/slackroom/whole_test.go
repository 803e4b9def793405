package slackroom_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	oncall "github.com/tocsin-soar/tocsin/internal/oncall/desk"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }

// gone is a Temporal that does not answer: what is committed waits for it.
type gone struct{}

// UpdateIncident fails.
func (gone) UpdateIncident(context.Context, string, string, string, json.RawMessage) (protocol.Reply, error) {
	return protocol.Reply{}, soar.Errorf(soar.CodeUnavailable, "temporal", "away")
}

// directory knows people.
type directory map[string]soar.Person

// Find gives a person.
func (d directory) Find(_ context.Context, id string) (soar.Person, error) {
	person, ok := d[id]
	if !ok {
		return person, soar.Errorf(soar.CodeNotFound, "test", "nobody")
	}
	return person, nil
}

// counts is a meter that remembers.
type counts struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *counts) count(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[what]++
}

func (c *counts) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[what]
}

func (c *counts) KnowSlack(methods []string) { c.count("methods " + strings.Join(methods, " ")) }
func (c *counts) SlackCall(method, outcome string, _ time.Duration) {
	c.count(method + " " + outcome)
}
func (c *counts) SlackWait(method string, _ time.Duration) { c.count(method + " wait") }
func (c *counts) SlackEvent(kind, outcome string, _, _ time.Duration) {
	c.count(kind + " " + outcome)
}

// whole is all of Slack put together, running, in a workspace that refuses what Slack
// refuses and grants no more than the shipped manifest asks for.
type whole struct {
	t      *testing.T
	fake   *slacktest.Slack
	store  *store.Store
	cases  *incidents.Service
	room   *slackroom.Room
	meter  *counts
	soc    string
	id     string // of the incident
	users  map[string]string
	serial int64
}

const approvalID, taskID = "APR-0123456789", "TSK-0123456789"

func newWhole(t *testing.T, mode string) *whole {
	t.Helper()
	w := &whole{t: t, fake: slacktest.Start(slacktest.Options{Scopes: manifest.Scopes()}), store: storetest.New(t), meter: &counts{seen: map[string]int{}}, users: map[string]string{}}
	t.Cleanup(w.fake.Close)
	w.soc = w.fake.AddChannel(slacktest.Channel{Name: "soc", Private: true, BotIn: true}).ID
	shipped, faults := policy.Load("")
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	w.cases = incidents.New(incidents.Options{Store: w.store, Workflows: gone{}, Policy: shipped, Logger: log})
	known := directory{}
	for id, role := range map[string]soar.Role{"lead": soar.RoleSOCLead, "analyst": soar.RoleAnalyst} {
		known[id] = soar.Person{ID: id, Name: id, Active: true, Roles: []soar.RoleGrant{{Role: role}}}
		w.users[id] = w.fake.AddUser(slacktest.User{Name: id}).ID
	}
	var err error
	w.room, err = slackroom.New(slackroom.Options{
		Config: slackroom.Config{
			Mode: mode, BotToken: secret.New(w.fake.BotToken()), AppToken: secret.New(w.fake.AppToken()), Signing: secret.New(w.fake.SigningSecret()),
			Team: w.fake.TeamID(), App: w.fake.AppID(), Channel: w.soc, Channels: "high", ArchiveAfter: time.Hour, URL: w.fake.APIURL(),
		},
		Store: w.store, People: known, Refusals: w.cases, Meter: w.meter, Desk: slackroom.At(w.cases, known, oncall.New(oncall.Options{})), Log: log,
	})
	must(t, err)
	w.run(mode)
	for id, user := range w.users {
		w.link(id, user)
	}
	return w
}

func (w *whole) run(mode string) {
	routes, err := w.room.Routes()
	must(w.t, err)
	router := api.NewRouter(api.RouterOptions{Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: rand.Text})
	api.MountRaw(router, routes)
	server := httptest.NewServer(router)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.room.Run(ctx) }()
	w.t.Cleanup(func() {
		server.Close()
		stop()
		if err := <-ended; err != nil {
			w.t.Errorf("it ended with %v", err)
		}
	})
	if mode == slackroom.HTTP {
		w.fake.UseHTTP(server.URL)
		return
	}
	w.until("both connections", func() bool { return w.fake.Sockets() == 2 && *w.room.Gauges(w.t.Context()).Sockets == 2 })
	w.fake.UseSocket()
}

// link is what people do once: /tocsin link shows a code, their own token claims it.
func (w *whole) link(id, user string) {
	w.t.Helper()
	message, err := w.fake.Command(w.t.Context(), user, w.soc, "/tocsin link")
	must(w.t, err)
	_, code, found := strings.Cut(message.Text, "tocsin slack link ")
	if !found || message.Only != user {
		w.t.Fatalf("got %+v", message)
	}
	_, err = w.room.Identities.Claim(w.t.Context(), soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: id}}, code[:19])
	must(w.t, err)
}

func (w *whole) until(what string, done func() bool) {
	w.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("%s did not come about", what)
		}
	}
}

// open opens an incident with an approval and a task in it.
func (w *whole) open() {
	w.t.Helper()
	lead := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "lead"}, Roles: []soar.Role{soar.RoleSOCLead}}
	opened, err := w.cases.Open(w.t.Context(), lead, incidents.OpenRequest{RequestID: "r-1", Title: "Beaconing from web-1", Severity: soar.SeverityHigh, TLP: soar.TLPAmber})
	must(w.t, err)
	w.id = opened.ID
	now := time.Now().UTC()
	w.journal(protocol.JournalBatch{
		Approvals: []soar.Approval{{
			ID: approvalID, IncidentID: w.id, StepPath: "r1/ask", Title: "Isolate web-1?", Status: soar.ApprovalPending, Quorum: 1, Digest: strings.Repeat("5f", 32), OnExpire: "deny",
			Approvers: []soar.Approver{{Role: soar.RoleSOCLead}}, RequestedBy: soar.Actor{Kind: soar.ActorPlaybook, ID: "r1"}, RequestedAt: now, ExpiresAt: now.Add(time.Hour),
			Bound: []soar.BoundAction{{StepPath: "r1/isolate", Action: "edr.isolate", Args: map[string]any{"host": "web-1"}}},
			Shown: []soar.ShownAction{{StepPath: "r1/isolate", Action: "edr.isolate", Title: "Isolate a host", Target: "web-1", Risk: soar.RiskChange, Undo: "edr.release"}},
		}},
		Tasks: []soar.Task{{
			ID: taskID, IncidentID: w.id, StepPath: "r1/call", Title: "Call the owner", Status: soar.TaskOpen, Assignee: soar.Approver{Role: soar.RoleAnalyst}, CreatedAt: now,
			Form: map[string]any{"type": "object", "required": []any{"who"}, "properties": map[string]any{"who": map[string]any{"type": "string", "minLength": 2.0}}},
		}},
	})
}

func (w *whole) journal(b protocol.JournalBatch) {
	w.t.Helper()
	w.serial++
	b.IncidentID = w.id
	b.Events = []protocol.TimelineEvent{{Seq: w.serial, At: time.Now(), Kind: protocol.EventApprovalRequested, By: soar.System("test"), Text: "asked"}}
	_, err := w.store.JournalWrite(w.t.Context(), b)
	must(w.t, err)
}

// button waits for a message with a button in the incident's own channel.
func (w *whole) button(action string) (found slacktest.Message) {
	w.t.Helper()
	w.until("a card with "+action, func() bool {
		own, ok := w.fake.Channel("inc-" + strings.ToLower(strings.TrimPrefix(w.id, "INC-")))
		if !ok {
			return false
		}
		for _, m := range w.fake.Messages(own.ID) {
			if _, ok := m.Button(action); ok {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// modal clicks a button, and gives the modal that opens.
func (w *whole) modal(user string, on slacktest.Message, action string) slacktest.View {
	w.t.Helper()
	must(w.t, w.fake.Click(w.t.Context(), user, on.Channel, on.TS, action))
	views := w.fake.Views(user)
	if len(views) != 1 {
		w.t.Fatalf("%s opened %d modals; told %+v", action, len(views), w.fake.Ephemerals(user, on.Channel))
	}
	return views[0]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// From a link to a decision, a task, the App Home and the commands: desk, follower,
// client and door together, by both ways in.
func TestPeopleWorkInSlack(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{slackroom.HTTP, slackroom.Socket} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWhole(t, mode)
			lead, analyst := w.users["lead"], w.users["analyst"]
			w.open()

			m := w.button(card.Approve)
			modal := w.modal(lead, m, card.Approve)
			done, err := w.fake.Submit(t.Context(), lead, modal.ID, map[string]any{card.InReason: "seen"})
			if err != nil || !done.Closed {
				t.Fatalf("got %+v, %v", done, err)
			}
			a, err := w.store.ApprovalGet(t.Context(), approvalID)
			if err != nil || len(a.Decisions) != 1 || a.Decisions[0].By.ID != "lead" || a.Decisions[0].Via != "slack" {
				t.Fatalf("decisions %+v, %v", a.Decisions, err)
			}
			w.until("the card without its buttons", func() bool {
				for _, now := range w.fake.Messages(m.Channel) {
					if now.TS == m.TS {
						_, still := now.Button(card.Approve)
						return !still && strings.Contains(string(now.Blocks), "seen")
					}
				}
				return false
			})
			// Who may not is told why, and the record has it.
			button, _ := m.Button(card.Approve)
			must(t, w.fake.Replay(t.Context(), analyst, button))
			if told := w.fake.Ephemerals(analyst, m.Channel); len(told) == 0 {
				t.Error("nobody told the analyst")
			}

			task := w.modal(analyst, w.button(card.DoTask), card.DoTask)
			if done, err = w.fake.Submit(t.Context(), analyst, task.ID, map[string]any{"who": "x"}); err == nil && len(done.Errors) == 0 {
				t.Errorf("one letter was taken: %+v", done)
			}
			must(t, w.fake.OpenHome(t.Context(), analyst))
			w.until("the App Home", func() bool {
				home, ok := w.fake.Home(analyst)
				return ok && strings.Contains(string(home.Body), "Call the owner")
			})

			status, err := w.fake.Command(t.Context(), analyst, w.soc, "/tocsin status "+w.id)
			if err != nil || status == nil || !strings.Contains(string(status.Blocks), "Beaconing") {
				t.Errorf("status: %+v, %v", status, err)
			}
			if w.meter.of("click taken") == 0 || w.meter.of("submission taken") == 0 || w.meter.of("command taken") == 0 || w.meter.of("home taken") == 0 || w.meter.of("views.open ok") == 0 {
				t.Errorf("counted %v", w.meter.seen)
			}
		})
	}
}

// What is behind is read for the gauges, and left out when it cannot be.
func TestGauges(t *testing.T) {
	t.Parallel()
	w := newWhole(t, slackroom.HTTP)
	w.fake.Away(true)
	w.open()
	w.until("an incident that fails", func() bool {
		waiting, failing, err := w.room.Behind(t.Context())
		return err == nil && waiting == 1 && failing == 1
	})
	now := w.room.Gauges(t.Context())
	if now.Sockets != nil || now.Behind == nil {
		t.Errorf("got %+v", now)
	}
	off, err := slackroom.New(slackroom.Options{Config: slackroom.Config{Mode: slackroom.Off}, Store: w.store})
	if err != nil || off.Gauges(t.Context()) != nil {
		t.Errorf("off: %+v, %v", off.Gauges(t.Context()), err)
	}
}

// The signature of what comes by HTTP is looked at before anything else.
func TestForgedRequestsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWhole(t, slackroom.HTTP)
	routes, err := w.room.Routes()
	must(t, err)
	for path, serve := range routes {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader("payload={}"))
		if err := serve(httptest.NewRecorder(), request); soar.CodeOf(err) != soar.CodeUnauthenticated {
			t.Errorf("%s: %v", path, err)
		}
	}
	if w.meter.of("unknown unsigned") != 3 {
		t.Errorf("counted %v", w.meter.seen)
	}
}
