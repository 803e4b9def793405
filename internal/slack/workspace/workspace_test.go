package workspace_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
	"github.com/tocsin-soar/tocsin/internal/slack/workspace"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newWorkspace(t *testing.T) (*slacktest.Slack, *workspace.Workspace) {
	t.Helper()
	fake := slacktest.Start(slacktest.Options{})
	t.Cleanup(fake.Close)
	client, err := slack.NewClient(slack.ClientOptions{URL: fake.APIURL(), BotToken: secret.New(fake.BotToken())})
	must(t, err)
	return fake, workspace.New(client)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func say(text string) card.Message { return card.Look{Now: time.Now()}.Say(text) }

func TestWhatIsGoneIsAProblemByName(t *testing.T) {
	t.Parallel()
	fake, w := newWorkspace(t)
	ctx := t.Context()
	soc := fake.AddChannel(slacktest.Channel{Name: "soc", BotIn: true}).ID
	closed := fake.AddChannel(slacktest.Channel{Name: "closed", Private: true}).ID
	at, err := w.Post(ctx, soc, "", say("head"))
	must(t, err)
	below, err := w.Post(ctx, soc, at.TS, say("below"))
	must(t, err)
	must(t, w.Update(ctx, below, say("changed")))
	must(t, w.Pin(ctx, at))
	must(t, w.Pin(ctx, at)) // twice does no harm
	fake.Delete(soc, at.TS)
	problem := func(err error, want follow.Problem) {
		t.Helper()
		if !errors.Is(err, want) || soar.MessageOf(err) == "" {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	problem(w.Update(ctx, at, say("x")), follow.MessageGone)
	_, err = w.Post(ctx, soc, at.TS, say("x"))
	problem(err, follow.MessageGone)
	_, err = w.Post(ctx, closed, "", say("x"))
	problem(err, follow.ChannelGone)
	_, err = w.Post(ctx, "C0NOWHERE", "", say("x"))
	problem(err, follow.ChannelGone)
	_, err = w.CreateChannel(ctx, "soc")
	problem(err, follow.NameTaken)
	fake.Archive(soc)
	problem(w.Update(ctx, below, say("x")), follow.ChannelGone)
	must(t, w.Archive(ctx, soc)) // is archived
}

func TestWhoCannotBeInvitedKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	fake, w := newWorkspace(t)
	in := fake.AddUser(slacktest.User{ID: "U0IN"}).ID
	fake.AddUser(slacktest.User{ID: "U0LEFT", Deleted: true})
	fake.AddUser(slacktest.User{ID: "U0NEW"})
	channel, err := w.CreateChannel(t.Context(), "inc-1")
	must(t, err)
	must(t, w.Invite(t.Context(), channel, []string{in}))
	must(t, w.Invite(t.Context(), channel, []string{in, "U0LEFT", "U0NOBODY", "U0NEW"}))
	made, _ := fake.Channel("inc-1")
	if !made.Private || !slices.Equal(made.Members, []string{"U0IN", "U0NEW"}) {
		t.Errorf("got %+v", made)
	}
	fake.Archive(channel)
	if err := w.Invite(t.Context(), channel, []string{"U0NEW"}); !errors.Is(err, follow.ChannelGone) {
		t.Errorf("got %v", err)
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	fake, w := newWorkspace(t)
	user := fake.AddUser(slacktest.User{ID: "U0ANA"}).ID
	look := card.Look{Now: time.Now()}
	if err := w.OpenView(t.Context(), "made.up", look.Report()); err == nil {
		t.Error("a trigger that nobody gave was good")
	}
	must(t, w.PublishHome(t.Context(), user, look.Home(card.HomePage{Person: soar.Person{ID: "ana"}})))
	if home, found := fake.Home(user); !found || home.Kind != "home" {
		t.Errorf("got %+v, %v", home, found)
	}
	if err := w.PublishHome(t.Context(), "U0NOBODY", look.Home(card.HomePage{})); soar.CodeOf(err) != soar.CodeNotFound {
		t.Errorf("got %v", err)
	}
}
