package door_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
)

// opener is a desk that opens a modal for a click, and closes it when it is sent.
type opener struct {
	*desk
	client *slack.Client
}

func (o opener) Click(ctx context.Context, c slack.Click) error {
	text := func(s string) *slackgo.TextBlockObject {
		return slackgo.NewTextBlockObject("plain_text", s, false, false)
	}
	input := slackgo.NewInputBlock("reason", text("Why"), nil, slackgo.NewPlainTextInputBlockElement(nil, "v"))
	_, err := o.client.OpenView(ctx, c.Trigger, slackgo.ModalViewRequest{
		Type: slackgo.VTModal, Title: text("Approve"), Submit: text("Approve"), CallbackID: "approve", PrivateMetadata: c.Value, Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{input}},
	})
	if err != nil {
		return err
	}
	return o.desk.Click(ctx, c)
}

// inWorkspace opens a door for a fake of Slack that checks what Slack checks.
func inWorkspace(t *testing.T) (*house, *slacktest.Slack, *door.Door, *slack.Client) {
	t.Helper()
	h := newHouse(t)
	h.clock = time.Now()
	fake := slacktest.Start(slacktest.Options{SigningSecret: signingSecret, TeamID: ourTeam, AppID: ourApp})
	t.Cleanup(fake.Close)
	fake.AddUser(slacktest.User{ID: analystUser, Name: "ana"})
	fake.AddChannel(slacktest.Channel{ID: "C0SOC", Name: "soc", BotIn: true, Members: []string{analystUser}})
	client, err := slack.NewClient(slack.ClientOptions{URL: fake.APIURL(), BotToken: secret.New(fake.BotToken()), AppToken: secret.New(fake.AppToken())})
	must(t, err)
	d, url := h.open(func(o *door.Options) {
		o.Slack, o.Desk, o.Now = client, opener{h.desk, client}, time.Now
		o.Log = slog.New(slog.DiscardHandler)
	})
	fake.UseHTTP(url)
	return h, fake, d, client
}

func card(t *testing.T, client *slack.Client) slack.Posted {
	t.Helper()
	button := slackgo.NewButtonBlockElement("approval.approve", "APR-1", slackgo.NewTextBlockObject("plain_text", "Approve", false, false))
	posted, err := client.Post(t.Context(), "C0SOC", slack.Message{Text: "APR-1 waits", Blocks: []slackgo.Block{slackgo.NewActionBlock("b", button)}})
	must(t, err)
	return posted
}

// decide clicks, fills the modal and sends it.
func decide(t *testing.T, h *house, fake *slacktest.Slack, at slack.Posted) {
	t.Helper()
	must(t, fake.Click(t.Context(), analystUser, at.Channel, at.TS, "approval.approve"))
	<-h.desk.came
	views := fake.Views(analystUser)
	if len(views) != 1 || views[0].Private != "APR-1" {
		t.Fatalf("got views %+v", views)
	}
	done, err := fake.Submit(t.Context(), analystUser, views[0].ID, map[string]any{"reason": "seen"})
	must(t, err)
	if !done.Closed {
		t.Fatalf("got %+v", done)
	}
	<-h.desk.came
}

func TestADecisionByHTTP(t *testing.T) {
	t.Parallel()
	h, fake, _, client := inWorkspace(t)
	decide(t, h, fake, card(t, client))
	if got := h.desk.submissions[0].View.State["reason"]["v"].Text; got != "seen" || h.desk.count() != 2 {
		t.Errorf("the desk got %q in %d events", got, h.desk.count())
	}
}

func TestADecisionBySocket(t *testing.T) {
	t.Parallel()
	h, fake, d, client := inWorkspace(t)
	sockets := door.NewSockets(d, client.Sockets())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); sockets.Run(ctx) }()
	defer func() { stop(); <-ended }()
	until(t, func() bool { return fake.Sockets() == 2 && sockets.Open() == 2 })
	fake.UseSocket()
	at := card(t, client)
	decide(t, h, fake, at)
	// Every envelope twice, on both connections: one click, one decision.
	fake.Duplicate(2)
	decide(t, h, fake, at)
	if h.desk.count() != 4 {
		t.Errorf("the desk got %d events", h.desk.count())
	}
	// Slack closes connections about hourly, and goes on with new ones.
	fake.Disconnect("refresh_requested")
	until(t, func() bool { return fake.Sockets() == 2 && sockets.Open() == 2 })
	decide(t, h, fake, at)
	if h.desk.count() != 6 {
		t.Errorf("the desk got %d events", h.desk.count())
	}
}

// until waits for what other goroutines bring about.
func until(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come about")
		}
	}
}
