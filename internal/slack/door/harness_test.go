package door_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
	"github.com/tocsin-soar/tocsin/internal/slack/identity"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

const (
	signingSecret = "8f742231b10e8888abcd99eeefff85a5"
	ourTeam       = "T0LAB"
	ourApp        = "A0LAB"
	analystUser   = "U0ANA"
	analystID     = "analyst@lab.invalid"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// desk notes what arrives, and answers as it is told.
type desk struct {
	mu          sync.Mutex
	clicks      []slack.Click
	submissions []slack.Submission
	commands    []slack.Command
	homes       []slack.HomeOpened

	answer slack.Answer
	reply  slack.Reply
	err    error
	hold   chan struct{} // nil: answers at once
	came   chan struct{} // one for each event
}

func newDesk() *desk { return &desk{came: make(chan struct{}, 4096)} }

func (d *desk) arrive(note func()) error {
	d.mu.Lock()
	note()
	d.mu.Unlock()
	d.came <- struct{}{}
	if d.hold != nil {
		<-d.hold
	}
	return d.err
}

func (d *desk) Click(_ context.Context, c slack.Click) error {
	return d.arrive(func() { d.clicks = append(d.clicks, c) })
}

func (d *desk) Submit(_ context.Context, s slack.Submission) (slack.Answer, error) {
	err := d.arrive(func() { d.submissions = append(d.submissions, s) })
	return d.answer, err
}

func (d *desk) Command(_ context.Context, c slack.Command) (slack.Reply, error) {
	if c.Text == "panic" {
		panic("a desk that falls over")
	}
	err := d.arrive(func() { d.commands = append(d.commands, c) })
	return d.reply, err
}

func (d *desk) HomeOpened(_ context.Context, h slack.HomeOpened) error {
	return d.arrive(func() { d.homes = append(d.homes, h) })
}

func (d *desk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.clicks) + len(d.submissions) + len(d.commands) + len(d.homes)
}

// workspace knows users, and notes what people are told.
type workspace struct {
	mu    sync.Mutex
	users map[string]slack.User
	away  bool      // nobody can be asked for
	deaf  bool      // nobody can be told anything
	told  []string  // "respond: ..." or "<user>: ..."
	until time.Time // the deadline of the last of them
	tells chan struct{}
}

func (w *workspace) User(_ context.Context, id string) (slack.User, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	user, ok := w.users[id]
	switch {
	case w.away:
		return user, soar.Errorf(soar.CodeUnavailable, "test", "Slack is away")
	case !ok:
		return user, soar.Errorf(soar.CodeNotFound, "test", "no such user")
	}
	return user, nil
}

func (w *workspace) tell(ctx context.Context, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return soar.Errorf(soar.CodeUnavailable, "test", "Slack is away")
	}
	w.told = append(w.told, text)
	w.until, _ = ctx.Deadline()
	w.tells <- struct{}{}
	return nil
}

func (w *workspace) Post(ctx context.Context, channel string, m slack.Message) (slack.Posted, error) {
	return slack.Posted{Channel: channel, TS: "1.0"}, w.tell(ctx, channel+": "+m.Text)
}

func (w *workspace) Respond(ctx context.Context, _ secret.String, r slack.Response) error {
	return w.tell(ctx, "respond: "+r.Text)
}

// directory knows people.
type directory map[string]soar.Person

func (d directory) Find(_ context.Context, id string) (soar.Person, error) {
	person, ok := d[id]
	if !ok {
		return person, soar.Errorf(soar.CodeNotFound, "test", "nobody")
	}
	return person, nil
}

// house is a door on a database of its own, reached by HTTP.
type house struct {
	t     *testing.T
	store *store.Store
	desk  *desk
	slack *workspace
	ids   *identity.Service
	door  *door.Door
	url   string
	clock time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return houseOn(t, storetest.New(t))
}

func houseOn(t *testing.T, on *store.Store) *house {
	t.Helper()
	h := &house{t: t, store: on, desk: newDesk(), clock: noon, slack: &workspace{
		tells: make(chan struct{}, 4096),
		users: map[string]slack.User{analystUser: {ID: analystUser, Team: ourTeam}, "U0NEW": {ID: "U0NEW", Team: ourTeam}},
	}}
	people := directory{
		analystID: {ID: analystID, Name: "Analyst", Active: true, Roles: []soar.RoleGrant{{Role: soar.RoleAnalyst, Since: noon}}},
		"gone":    {ID: "gone"},
	}
	h.ids = identity.New(identity.Options{Store: chat.New(h.store), People: people, Random: rand.Reader, Now: func() time.Time { return h.clock }})
	h.link(analystUser, analystID)
	h.door, h.url = h.open(nil)
	return h
}

func (h *house) link(user, person string) {
	h.t.Helper()
	code, _, err := h.ids.Code(h.t.Context(), ourTeam, user)
	must(h.t, err)
	_, err = h.ids.Claim(h.t.Context(), soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: person}}, code)
	must(h.t, err)
}

// open opens another door to the same house, as another process would.
func (h *house) open(change func(*door.Options)) (*door.Door, string) {
	h.t.Helper()
	options := door.Options{
		Signing: secret.New(signingSecret), App: ourApp, Team: ourTeam, Store: chat.New(h.store), Slack: h.slack, Identities: h.ids, Desk: h.desk,
		Now: func() time.Time { return h.clock }, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&options)
	}
	opened, err := door.New(options)
	must(h.t, err)
	router := api.NewRouter(api.RouterOptions{Log: options.Log, Now: time.Now, NewID: rand.Text})
	routes, err := opened.Routes()
	must(h.t, err)
	api.MountRaw(router, routes)
	server := httptest.NewServer(router)
	h.t.Cleanup(func() {
		server.Close()
		must(h.t, opened.Close(context.Background()))
	})
	return opened, server.URL
}

func sign(key, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// request is one POST to the door.
type request struct {
	path, media, body string
	header            http.Header
}

func (h *house) signed(path, body string) request {
	stamp := strconv.FormatInt(h.clock.Unix(), 10)
	media := "application/x-www-form-urlencoded"
	if path == door.PathEvents {
		media = "application/json"
	}
	return request{path, media, body, http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {sign(signingSecret, stamp, body)}}}
}

func (r request) send(t *testing.T, base string) (status int, answer string) {
	t.Helper()
	out, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+r.path, strings.NewReader(r.body))
	must(t, err)
	out.Header = r.header.Clone()
	out.Header.Set("Content-Type", r.media)
	response, err := http.DefaultClient.Do(out)
	must(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(raw)
}

// payload is an interaction; members are set over those of a plain click.
func payload(members map[string]any) string {
	all := map[string]any{
		"type": "block_actions", "api_app_id": ourApp, "trigger_id": rand.Text(), "team": map[string]any{"id": ourTeam}, "user": map[string]any{"id": analystUser, "team_id": ourTeam},
		"channel": map[string]any{"id": "C0SOC"}, "message": map[string]any{"ts": "1772452800.000100"}, "response_url": "https://hooks.slack.com/actions/x",
		"actions": []any{map[string]any{"type": "button", "action_id": "approval.approve", "block_id": "b", "value": "APR-1", "action_ts": "1772452799.5"}},
	}
	for name, value := range members {
		if value == nil {
			delete(all, name)
			continue
		}
		all[name] = value
	}
	raw, _ := json.Marshal(all)
	return string(raw)
}

func form(payload string) string { return url.Values{"payload": {payload}}.Encode() }

func submission(members map[string]any) string {
	all := map[string]any{
		"type": "view_submission", "actions": nil, "channel": nil, "message": nil, "response_url": nil,
		"view": map[string]any{"id": "V1", "type": "modal", "callback_id": "approval.approve", "private_metadata": "m",
			"state": map[string]any{"values": map[string]any{"reason": map[string]any{"v": map[string]any{"type": "plain_text_input", "value": "seen"}}}}},
	}
	for name, value := range members {
		all[name] = value
	}
	return payload(all)
}

func command(text string, members map[string]string) string {
	all := url.Values{"command": {"/tocsin"}, "text": {text}, "api_app_id": {ourApp}, "team_id": {ourTeam}, "user_id": {analystUser}, "channel_id": {"C0SOC"},
		"trigger_id": {rand.Text()}, "response_url": {"https://hooks.slack.com/commands/x"}}
	for name, value := range members {
		all.Set(name, value)
	}
	return all.Encode()
}

// refusals gives the texts of refused events in the system's chain.
func (h *house) refusals() []string {
	h.t.Helper()
	entries, err := h.store.RecordList(h.t.Context(), record.ChainSystem, 0, 1000)
	must(h.t, err)
	var texts []string
	for _, entry := range entries {
		payload, err := record.ParsePayload(entry.Payload)
		must(h.t, err)
		if payload.Kind == "slack.refused" {
			texts = append(texts, payload.Text)
		}
	}
	return texts
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
