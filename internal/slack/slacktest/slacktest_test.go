package slacktest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
)

// workspace is a fake with one user, one channel, and a client of the library.
type workspace struct {
	*slacktest.Slack
	bot  *slack.Client
	user slacktest.User
	soc  slacktest.Channel
}

func newWorkspace(t *testing.T, options slacktest.Options) workspace {
	t.Helper()
	fake := slacktest.Start(options)
	t.Cleanup(fake.Close)
	w := workspace{Slack: fake, bot: slack.New(fake.BotToken(), slack.OptionAPIURL(fake.APIURL()), slack.OptionAppLevelToken(fake.AppToken()))}
	w.user = fake.AddUser(slacktest.User{Name: "ana", RealName: "Ana"})
	w.soc = fake.AddChannel(slacktest.Channel{Name: "soc", BotIn: true, Members: []string{w.user.ID}})
	return w
}

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject("plain_text", text, false, false)
}

func button(id string) slack.Block {
	return slack.NewActionBlock("b-"+id, slack.NewButtonBlockElement(id, "value of "+id, plain("Press")))
}

func section(n int) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", strings.Repeat("x", n), false, false), nil, nil)
}

func modal(title string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "reason", PrivateMetadata: "APR-1", Title: plain(title), Submit: plain("Send"), Close: plain("Back"),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("why", plain("Reason"), nil, slack.NewPlainTextInputBlockElement(plain("why"), "text")),
		}},
	}
}

func (w workspace) post(t *testing.T, blocks ...slack.Block) string {
	t.Helper()
	_, ts, err := w.bot.PostMessage(w.soc.ID, slack.MsgOptionText("text", false), slack.MsgOptionBlocks(blocks...))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, slacktest.Options{})
	w.AddChannel(slacktest.Channel{ID: "C1", Name: "old", BotIn: true, Archived: true})
	w.AddChannel(slacktest.Channel{ID: "C2", Name: "closed", Private: true})
	post := func(channel string, options ...slack.MsgOption) func() error {
		return func() error { _, _, err := w.bot.PostMessage(channel, options...); return err }
	}
	text := slack.MsgOptionText("x", false)
	many := make([]slack.Block, 51)
	for i := range many {
		many[i] = slack.NewDividerBlock()
	}
	rows := []struct {
		name, want string
		do         func() error
	}{
		{"no channel", "channel_not_found", post("C999", text)},
		{"archived", "is_archived", post("C1", text)},
		{"not in it", "not_in_channel", post("C2", text)},
		{"nothing said", "no_text", post(w.soc.ID)},
		{"long section", "invalid_blocks", post(w.soc.ID, slack.MsgOptionBlocks(section(3001)))},
		{"long header", "invalid_blocks", post(w.soc.ID, slack.MsgOptionBlocks(slack.NewHeaderBlock(plain(strings.Repeat("x", 151)))))},
		{"many blocks", "invalid_blocks", post(w.soc.ID, slack.MsgOptionBlocks(many...))},
		{"much text", "msg_blocks_too_long", post(w.soc.ID, slack.MsgOptionBlocks(section(2900), section(2900), section(2900), section(2900), section(2900)))},
		{"twice the block", "invalid_blocks", post(w.soc.ID, slack.MsgOptionBlocks(button("a"), button("a")))},
		{"no message", "message_not_found", func() error { _, _, _, err := w.bot.UpdateMessage(w.soc.ID, "1.1", text); return err }},
		{"name taken", "name_taken", func() error {
			_, err := w.bot.CreateConversation(slack.CreateConversationParams{ChannelName: "soc"})
			return err
		}},
		{"bad name", "invalid_name_specials", func() error {
			_, err := w.bot.CreateConversation(slack.CreateConversationParams{ChannelName: "Has Spaces"})
			return err
		}},
		{"no such trigger", "invalid_trigger_id", func() error { _, err := w.bot.OpenView("1.2.3", modal("Title")); return err }},
		{"long title", "invalid_arguments", func() error { _, err := w.bot.OpenView("1.2.3", modal(strings.Repeat("x", 25))); return err }},
		{"wrong token", "invalid_auth", func() error {
			_, err := slack.New("xoxb-other", slack.OptionAPIURL(w.APIURL())).AuthTest()
			return err
		}},
	}
	for _, row := range rows {
		if err := row.do(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	if got := w.Messages(w.soc.ID); len(got) != 0 {
		t.Errorf("something was posted: %+v", got)
	}
}

func TestScopesAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, slacktest.Options{Scopes: []string{"chat:write"}})
	if _, err := w.bot.GetUserInfo(w.user.ID); err == nil || !strings.Contains(err.Error(), "missing_scope") {
		t.Errorf("got %v", err)
	}
	w.Limit("chat.postMessage", 1, 7*time.Second)
	_, _, err := w.bot.PostMessage(w.soc.ID, slack.MsgOptionText("x", false))
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Errorf("got %v", err)
	}
	w.post(t)
	w.Away(true)
	if _, err := w.bot.AuthTest(); err == nil {
		t.Error("it answered although it is away")
	}
}

// app answers as an app would: it opens a modal on a click and refuses a short
// reason.
func app(t *testing.T, w workspace) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		verifier, err := slack.NewSecretsVerifier(r.Header, w.SigningSecret())
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = verifier.Write(body)
		if err := verifier.Ensure(); err != nil {
			t.Errorf("the signature: %v", err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		var callback slack.InteractionCallback
		if err := json.Unmarshal([]byte(r.PostFormValue("payload")), &callback); err != nil {
			t.Error(err)
		}
		if answer := answerTo(t, w, callback); answer != nil {
			rw.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(rw).Encode(answer)
		}
	})
}

func answerTo(t *testing.T, w workspace, callback slack.InteractionCallback) any {
	switch callback.Type {
	case slack.InteractionTypeBlockActions:
		if got := callback.ActionCallback.BlockActions[0].Value; got != "value of approve" {
			t.Errorf("the value is %q", got)
		}
		if _, err := w.bot.OpenView(callback.TriggerID, modal("Approve")); err != nil {
			t.Error(err)
		}
		if _, err := w.bot.OpenView(callback.TriggerID, modal("Approve")); err == nil {
			t.Error("a trigger was good twice")
		}
	case slack.InteractionTypeViewSubmission:
		if len(callback.View.State.Values["why"]["text"].Value) < 3 {
			return slack.NewErrorsViewSubmissionResponse(map[string]string{"why": "say more"})
		}
	default:
		t.Errorf("got a %s", callback.Type)
	}
	return nil
}

func (w workspace) walk(t *testing.T) {
	t.Helper()
	ts := w.post(t, button("approve"))
	if err := w.Click(t.Context(), w.user.ID, w.soc.ID, ts, "deny"); err == nil {
		t.Error("a button that is not there was clicked")
	}
	if err := w.Click(t.Context(), w.user.ID, w.soc.ID, ts, "approve"); err != nil {
		t.Fatal(err)
	}
	open := w.Views(w.user.ID)
	if len(open) != 1 || open[0].Private != "APR-1" {
		t.Fatalf("open: %+v", open)
	}
	if _, err := w.Submit(t.Context(), w.user.ID, open[0].ID, nil); !errors.Is(err, slacktest.ErrNotFilled) {
		t.Errorf("nothing filled in: %v", err)
	}
	for _, row := range []struct {
		why  string
		want bool
	}{{"x", false}, {"it is right", true}} {
		done, err := w.Submit(t.Context(), w.user.ID, open[0].ID, map[string]any{"why": row.why})
		if err != nil || done.Closed != row.want || row.want == (done.Errors["why"] != "") {
			t.Errorf("%q: %+v %v", row.why, done, err)
		}
	}
}

func TestByHTTP(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, slacktest.Options{})
	server := httptest.NewServer(app(t, w))
	t.Cleanup(server.Close)
	w.UseHTTP(server.URL)
	w.walk(t)
}

func TestBySocket(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, slacktest.Options{})
	client := socketmode.New(w.bot)
	go func() {
		for event := range client.Events {
			if callback, ok := event.Data.(slack.InteractionCallback); ok {
				_ = client.Ack(*event.Request, answerTo(t, w, callback))
			}
		}
	}()
	go func() { _ = client.RunContext(t.Context()) }()
	for end := time.Now().Add(20 * time.Second); w.Sockets() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no socket was opened")
		}
	}
	w.UseSocket()
	w.walk(t)
}

func TestResponseURL(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, slacktest.Options{})
	later := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		later <- r.PostFormValue("response_url")
		_, _ = io.WriteString(rw, `{"response_type":"ephemeral","text":"one moment"}`)
	}))
	t.Cleanup(server.Close)
	w.UseHTTP(server.URL)
	now, err := w.Command(t.Context(), w.user.ID, w.soc.ID, "/tocsin status")
	if err != nil || now == nil || now.Text != "one moment" {
		t.Fatalf("%+v %v", now, err)
	}
	url := <-later
	for n := range 6 {
		response, err := server.Client().Post(url, "application/json", strings.NewReader(`{"text":"done"}`))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if ok := response.StatusCode == http.StatusOK; ok != (n < 5) {
			t.Errorf("use %d: %d", n+1, response.StatusCode)
		}
	}
	if got := w.Ephemerals(w.user.ID, w.soc.ID); len(got) != 6 || len(w.Messages(w.soc.ID)) != 0 {
		t.Errorf("%d only for the user", len(got))
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, slacktest.Options{Patience: 50 * time.Millisecond})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the other end has gone
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	w.UseHTTP(server.URL)
	if _, err := w.Command(t.Context(), w.user.ID, w.soc.ID, "/tocsin"); !errors.Is(err, slacktest.ErrNoAnswer) {
		t.Errorf("got %v", err)
	}
}
