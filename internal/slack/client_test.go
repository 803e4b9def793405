package slack_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// clock is moved by hand; waits of the client are real, and these tests have short ones.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// meter remembers what it was told.
type meter struct {
	mu    sync.Mutex
	calls []string
	waits []string
}

func (m *meter) SlackCall(method, outcome string, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, method+" "+outcome)
}

func (m *meter) SlackWait(method string, wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waits = append(m.waits, method+" "+wait.String())
}

type house struct {
	fake   *slacktest.Slack
	client *slack.Client
	clock  *clock
	meter  *meter
	soc    string
}

func newHouse(t *testing.T, options slacktest.Options) *house {
	t.Helper()
	h := &house{clock: &clock{at: time.Now()}, meter: &meter{}}
	options.Now = h.clock.now
	h.fake = slacktest.Start(options)
	t.Cleanup(h.fake.Close)
	h.soc = h.fake.AddChannel(slacktest.Channel{Name: "soc", BotIn: true}).ID
	client, err := slack.NewClient(slack.ClientOptions{
		URL: h.fake.APIURL(), BotToken: secret.New(h.fake.BotToken()), AppToken: secret.New(h.fake.AppToken()), Now: h.clock.now, Meter: h.meter,
	})
	must(t, err)
	h.client = client
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err error, code soar.Code, part string) {
	t.Helper()
	if soar.CodeOf(err) != code || !strings.Contains(soar.MessageOf(err), part) {
		t.Errorf("got %v, want %s with %q", err, code, part)
	}
}

func hello() slack.Message { return slack.Message{Text: "hello"} }

func (h *house) sent(method string) (n int) {
	for _, call := range h.fake.Calls() {
		if call.Method == method {
			n++
		}
	}
	return n
}

// A short Retry-After is waited for, for this method alone; a long one is the
// caller's, and until it is over nothing is sent.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, slacktest.Options{})
	h.fake.Limit("chat.postMessage", 1, 2*time.Minute)
	_, err := h.client.Post(t.Context(), h.soc, hello())
	wants(t, err, soar.CodeLimited, "for 2m0s")
	h.clock.forward(119 * time.Second)
	if _, err = h.client.Post(timeout(t, 0), h.soc, hello()); soar.CodeOf(err) != soar.CodeLimited {
		t.Errorf("before the time: %v", err)
	}
	if n := h.sent("chat.postMessage"); n != 1 {
		t.Errorf("%d calls while Slack wants to be left alone", n)
	}
	must(t, h.client.Topic(t.Context(), h.soc, "another method goes on"))
	h.clock.forward(2 * time.Second)
	if _, err := h.client.Post(t.Context(), h.soc, hello()); err != nil || h.sent("chat.postMessage") != 2 {
		t.Errorf("after the time: %v, %d calls", err, h.sent("chat.postMessage"))
	}
	if diff := cmp.Diff([]string{"chat.postMessage 2m0s"}, h.meter.waits); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	if !slices.Contains(h.meter.calls, "chat.postMessage limited") || !slices.Contains(h.meter.calls, "conversations.setTopic ok") {
		t.Errorf("counted %q", h.meter.calls)
	}
}

func timeout(t *testing.T, after time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	t.Cleanup(cancel)
	return ctx
}

// A call with a trigger waits for a second at most: the trigger is good for three.
func TestATriggerDoesNotWaitLong(t *testing.T) {
	t.Parallel()
	h := newHouse(t, slacktest.Options{})
	h.fake.Limit("views.open", 1, 4*time.Second)
	_, err := h.client.OpenView(t.Context(), "trigger", slackgo.ModalViewRequest{Type: slackgo.VTModal})
	wants(t, err, soar.CodeLimited, "4s")
	if n := h.sent("views.open"); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// Slack's words by our codes, as calls meet them.
func TestWhatSlackRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, slacktest.Options{Scopes: slices.DeleteFunc(manifest.Scopes(), func(s string) bool { return s == "pins:write" })})
	old := h.fake.AddChannel(slacktest.Channel{Name: "old", Archived: true, BotIn: true}).ID
	ctx := t.Context()
	_, gone := h.client.Post(ctx, "C0NOWHERE", hello())
	wants(t, gone, soar.CodeNotFound, "channel_not_found")
	_, archived := h.client.Post(ctx, old, hello())
	wants(t, archived, soar.CodeConflict, "is_archived")
	if slack.Reason(archived) != "is_archived" {
		t.Errorf("reason %q", slack.Reason(archived))
	}
	_, empty := h.client.Post(ctx, h.soc, slack.Message{})
	wants(t, empty, soar.CodeInvalid, "no_text")
	posted, err := h.client.Post(ctx, h.soc, hello())
	must(t, err)
	wants(t, h.client.Pin(ctx, posted), soar.CodeDenied, "the app needs the scope pins:write")
	h.fake.Delete(posted.Channel, posted.TS)
	wants(t, h.client.Update(ctx, posted, hello()), soar.CodeNotFound, "message_not_found")
	_, taken := h.client.CreateChannel(ctx, "soc", true)
	wants(t, taken, soar.CodeConflict, "name_taken")
	must(t, h.client.Archive(ctx, old)) // is archived already
	_, nobody := h.client.User(ctx, "U0NOBODY")
	wants(t, nobody, soar.CodeNotFound, "user_not_found")
	h.fake.Away(true)
	_, err = h.client.Post(ctx, h.soc, hello())
	wants(t, err, soar.CodeUnavailable, "")
	self, err := newHouse(t, slacktest.Options{TeamID: "T0SELF", Scopes: []string{"commands", "chat:write"}}).client.Self(ctx)
	if err != nil || self.Team != "T0SELF" || !slices.Equal(self.Scopes, []string{"chat:write", "commands"}) {
		t.Errorf("got %+v, %v", self, err)
	}
}

// asked gives the response_url of a command.
func (h *house) asked(t *testing.T) secret.String {
	t.Helper()
	user := h.fake.AddUser(slacktest.User{Name: "ana"})
	urls := make(chan string, 1)
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		urls <- r.FormValue("response_url")
	}))
	t.Cleanup(app.Close)
	h.fake.UseHTTP(app.URL)
	_, err := h.fake.Command(t.Context(), user.ID, h.soc, "/tocsin status")
	must(t, err)
	return secret.New(<-urls)
}

func TestAResponseURLIsGoodForFiveAnswersInHalfAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t, slacktest.Options{})
	at := h.asked(t)
	for range 5 {
		must(t, h.client.Respond(t.Context(), at, slack.Response{Message: hello()}))
	}
	wants(t, h.client.Respond(t.Context(), at, slack.Response{Message: hello()}), soar.CodeConflict, "used_url")
	late := h.asked(t)
	h.clock.forward(31 * time.Minute)
	wants(t, h.client.Respond(t.Context(), late, slack.Response{Message: hello()}), soar.CodeConflict, "expired_url")
	gone := secret.New(strings.TrimSuffix(h.fake.APIURL(), "api/") + "respond/none")
	if err := h.client.Respond(t.Context(), gone, slack.Response{Message: hello()}); err == nil || strings.Contains(err.Error(), gone.Reveal()) {
		t.Errorf("gone: %v", err)
	}
	h.fake.Away(true)
	wants(t, h.client.Respond(t.Context(), gone, slack.Response{Message: hello()}), soar.CodeUnavailable, "")
}

// Nothing of ours goes to an address that is not Slack's, whoever signed it.
func TestAResponseURLIsSlacks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, slacktest.Options{})
	hits := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	t.Cleanup(other.Close)
	for _, at := range []string{"", "x", other.URL, "https://slack.com.evil.example/x", "http://hooks.slack.com/x", "https://hooks.slack.com:8443/x", "https://evil.example/hooks.slack.com", "ftp://hooks.slack.com/x"} {
		wants(t, h.client.Respond(t.Context(), secret.New(at), slack.Response{Message: hello()}), soar.CodeInvalid, "no address to respond to")
	}
	if hits != 0 {
		t.Errorf("%d requests", hits)
	}
}

// An answer that says neither yes nor no is not taken for a yes; and the token goes
// nowhere else, also when asked to.
func TestAnswersThatSayNothing(t *testing.T) {
	t.Parallel()
	stolen := make(chan string, 8)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen <- r.Header.Get("Authorization") }))
	t.Cleanup(thief.Close)
	for name, answer := range map[string]http.HandlerFunc{
		"a page":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Please log in</html>") },
		"nothing":  func(http.ResponseWriter, *http.Request) {},
		"no":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":false}`) },
		"no place": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		},
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"ok":true,"x":"`+strings.Repeat("x", 5<<20)+`"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer)
			defer server.Close()
			client, err := slack.NewClient(slack.ClientOptions{URL: server.URL + "/api/", BotToken: secret.New("xoxb-hidden")})
			must(t, err)
			if _, err = client.Post(t.Context(), "C1", hello()); err == nil || strings.Contains(err.Error(), "xoxb-hidden") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Cleanup(func() {
		if len(stolen) > 0 {
			t.Errorf("another host got %q", <-stolen)
		}
	})
}
