package door_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/devstack/stall"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
	"github.com/tocsin-soar/tocsin/internal/store/storetest"
)

// stalled is a house whose database stands behind a proxy.
func stalled(t *testing.T) (*house, *stall.Proxy) {
	t.Helper()
	direct, err := url.Parse(storetest.URL(t))
	must(t, err)
	proxy, err := stall.Listen(t.Context(), direct.Host)
	must(t, err)
	direct.Host = proxy.Addr()
	h := houseOn(t, storetest.Open(t, direct.String(), store.Options{BlobDir: t.TempDir()}))
	t.Cleanup(func() {
		proxy.Set(stall.Gone) // so that nothing waits for it when the house closes
		must(t, proxy.Close())
	})
	return h, proxy
}

// timed notes when it was asked and until when it may take.
type timed struct {
	chat.Chat
	mu           sync.Mutex
	asked, until time.Time
}

func (k *timed) NonceTake(ctx context.Context, hashes ...[]byte) error {
	k.mu.Lock()
	k.asked = time.Now()
	k.until, _ = ctx.Deadline()
	k.mu.Unlock()
	return k.Chat.NonceTake(ctx, hashes...)
}

func (k *timed) Note(ctx context.Context, event record.Payload) error { return k.Chat.Note(ctx, event) }

// counts is a meter that remembers.
type counts struct {
	mu   sync.Mutex
	seen []string
}

func (c *counts) SlackEvent(kind, outcome string, _, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, kind+" "+outcome)
}

func (c *counts) has(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.seen, what)
}

const nothing = "Nothing was recorded and nothing was done"

// With a database that hangs or is gone, everybody is told within the one budget that
// nothing was recorded, nothing is done behind it, and the same thing sent again when
// it is back is done.
func TestADatabaseThatStandsStill(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]stall.Mode{"hangs": stall.Hang, "gone": stall.Gone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, proxy := stalled(t)
			keeper, meter := &timed{Chat: chat.New(h.store)}, &counts{}
			const budget = time.Second
			_, base := h.open(func(o *door.Options) { o.Store, o.Meter, o.Budget = keeper, meter, budget })
			proxy.Set(mode)

			status, answer := h.signed(door.PathInteractions, form(submission(nil))).send(t, base)
			if status != http.StatusOK || !strings.Contains(answer, `"response_action":"push"`) || !strings.Contains(answer, nothing) || !meter.has("submission not_done") {
				t.Errorf("a modal got %d %s, counted %q", status, answer, meter.seen)
			}
			if share := keeper.until.Sub(keeper.asked); share > budget*3/5 || keeper.until.IsZero() {
				t.Errorf("the nonces may take %s", share)
			}
			status, answer = h.signed(door.PathCommands, command("ack INC-1", nil)).send(t, base)
			if status != http.StatusOK || !strings.Contains(answer, nothing) || !strings.Contains(answer, "ephemeral") {
				t.Errorf("a command got %d %s", status, answer)
			}
			status, answer = h.signed(door.PathInteractions, form(payload(nil))).send(t, base)
			if status != http.StatusOK || len(h.slack.told) != 1 || !strings.HasPrefix(h.slack.told[0], "respond: "+nothing) {
				t.Errorf("a click got %d %s and was told %q", status, answer, h.slack.told)
			}
			if left := h.slack.until.Sub(keeper.asked); left > budget || h.slack.until.IsZero() {
				t.Errorf("telling may take until %s after the receipt", left)
			}
			// When nobody can be told anything, Slack has to: it warns at an error.
			h.slack.deaf = true
			if status, answer = h.signed(door.PathInteractions, form(payload(nil))).send(t, base); status != http.StatusServiceUnavailable {
				t.Errorf("a click that nobody could be told of got %d %s", status, answer)
			}
			// Slack sends the Events API again what was not taken.
			if status, _ = h.signed(door.PathEvents, homeOpened("Ev-still")).send(t, base); status != http.StatusServiceUnavailable || !meter.has("home unavailable") {
				t.Errorf("the App Home got %d, counted %q", status, meter.seen)
			}
			if h.desk.count() != 0 {
				t.Errorf("the desk got %d events", h.desk.count())
			}
			proxy.Set(stall.Through)
			until(t, func() bool {
				status, answer = h.signed(door.PathInteractions, form(submission(nil))).send(t, h.url)
				return status == http.StatusOK && !strings.Contains(answer, nothing)
			})
			if h.desk.count() == 0 {
				t.Error("the desk got nothing when the database was back")
			}
		})
	}
}

func homeOpened(id string) string {
	return `{"type":"event_callback","api_app_id":"` + ourApp + `","team_id":"` + ourTeam + `","event_id":"` + id + `","event":{"type":"app_home_opened","user":"` + analystUser + `","tab":"home"}}`
}

// A database that hangs after the nonces were taken: nobody knows yet how it ends, and
// the answer says so within the same budget.
func TestADatabaseThatStandsStillInTheMiddle(t *testing.T) {
	t.Parallel()
	h, proxy := stalled(t)
	meter := &counts{}
	_, base := h.open(func(o *door.Options) {
		o.Store, o.Meter, o.Budget = hanging{chat.New(h.store), proxy}, meter, time.Second
	})
	for _, row := range []struct{ path, body, want, counted string }{
		{door.PathInteractions, form(submission(nil)), "not known yet whether it was recorded", "submission late"},
		{door.PathCommands, command("status", nil), "The answer follows here", "command late"},
		{door.PathInteractions, form(payload(nil)), "", "click late"},
	} {
		proxy.Set(stall.Through)
		status, answer := h.signed(row.path, row.body).send(t, base)
		if status != http.StatusOK || !strings.Contains(answer, row.want) || !meter.has(row.counted) {
			t.Errorf("got %d %s, counted %q", status, answer, meter.seen)
		}
		proxy.Set(stall.Gone) // what hangs in the work fails now, and is told
		<-h.slack.tells
		if last := h.slack.told[len(h.slack.told)-1]; !strings.Contains(last, "cannot be used at the moment") {
			t.Errorf("was told %q", last)
		}
	}
	if h.desk.count() != 0 {
		t.Errorf("the desk got %d events of people that could not be looked up", h.desk.count())
	}
}

// hanging lets the database hang right after the nonces were taken.
type hanging struct {
	chat.Chat
	proxy *stall.Proxy
}

func (k hanging) NonceTake(ctx context.Context, hashes ...[]byte) error {
	err := k.Chat.NonceTake(ctx, hashes...)
	if err == nil {
		k.proxy.Set(stall.Hang)
	}
	return err
}

// A click is answered when it was carried out or its person told. When he could not be
// told, Slack is answered with an error, so that it warns him itself.
func TestAClickIsNotLostInSilence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.desk.err = soar.Errorf(soar.CodeConflict, "test", "APR-1 is denied already")
	click := func() (int, string) {
		return h.signed(door.PathInteractions, form(payload(nil))).send(t, h.url)
	}
	if status, answer := click(); status != http.StatusOK || len(h.slack.told) != 1 {
		t.Errorf("got %d %s, told %q", status, answer, h.slack.told)
	}
	h.slack.deaf = true
	if status, answer := click(); status != http.StatusServiceUnavailable || !strings.Contains(answer, "APR-1 is denied already") {
		t.Errorf("got %d %s", status, answer)
	}
	h.desk.err = nil
	if status, answer := click(); status != http.StatusOK {
		t.Errorf("a click that went well got %d %s", status, answer)
	}
}
