package door_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func TestForgedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	body := form(payload(nil))
	good := h.signed(door.PathInteractions, body)
	stamp, signature := good.header.Get("X-Slack-Request-Timestamp"), good.header.Get("X-Slack-Signature")
	at := func(offset time.Duration) http.Header {
		moved := strconv.FormatInt(h.clock.Add(offset).Unix(), 10)
		return http.Header{"X-Slack-Request-Timestamp": {moved}, "X-Slack-Signature": {sign(signingSecret, moved, body)}}
	}
	headers := func(stamps, signatures []string) http.Header {
		return http.Header{"X-Slack-Request-Timestamp": stamps, "X-Slack-Signature": signatures}
	}
	for name, r := range map[string]request{
		"no headers":             {body: body, header: http.Header{}},
		"no timestamp":           {body: body, header: headers(nil, []string{signature})},
		"no signature":           {body: body, header: headers([]string{stamp}, nil)},
		"empty secret":           {body: body, header: headers([]string{stamp}, []string{sign("", stamp, body)})},
		"another secret":         {body: body, header: headers([]string{stamp}, []string{sign("00000000000000000000000000000000", stamp, body)})},
		"wrong version":          {body: body, header: headers([]string{stamp}, []string{"v1=" + strings.TrimPrefix(signature, "v0=")})},
		"no version":             {body: body, header: headers([]string{stamp}, []string{strings.TrimPrefix(signature, "v0=")})},
		"upper-case hex":         {body: body, header: headers([]string{stamp}, []string{"v0=" + strings.ToUpper(strings.TrimPrefix(signature, "v0="))})},
		"truncated hex":          {body: body, header: headers([]string{stamp}, []string{signature[:len(signature)-2]})},
		"two signatures":         {body: body, header: headers([]string{stamp}, []string{signature, signature})},
		"two in one":             {body: body, header: headers([]string{stamp}, []string{signature + "," + signature})},
		"two timestamps":         {body: body, header: headers([]string{stamp, stamp}, []string{signature})},
		"timestamp with a sign":  {body: body, header: headers([]string{"+" + stamp}, []string{sign(signingSecret, "+"+stamp, body)})},
		"timestamp not a number": {body: body, header: headers([]string{"now"}, []string{sign(signingSecret, "now", body)})},
		"body encoded again":     {body: strings.ReplaceAll(body, "%22", "%2522"), header: good.header},
		"body with more":         {body: body + "&x=1", header: good.header},
		"another timestamp":      {body: body, header: headers([]string{strconv.FormatInt(h.clock.Unix()+1, 10)}, []string{signature})},
		"5:01 old":               {body: body, header: at(-301 * time.Second)},
		"5:01 in the future":     {body: body, header: at(301 * time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			r.path, r.media = door.PathInteractions, good.media
			status, answer := r.send(t, h.url)
			if status != http.StatusUnauthorized {
				t.Errorf("got %d %s", status, answer)
			}
		})
	}
	if h.desk.count() != 0 {
		t.Fatalf("the desk got %d events", h.desk.count())
	}
	if len(h.refusals()) == 0 {
		t.Error("the record has none of it")
	}
	edge := request{good.path, good.media, body, at(-300 * time.Second)}
	if status, answer := edge.send(t, h.url); status != http.StatusOK {
		t.Errorf("exactly five minutes old: %d %s", status, answer)
	}
}

func TestOtherFormsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	event := `{"type":"event_callback","api_app_id":"` + ourApp + `","team_id":"` + ourTeam + `","event":{"type":"message","text":"&payload=` + url.QueryEscape(payload(nil)) + `"}}`
	for name, row := range map[string]struct {
		request request
		want    int
	}{
		"larger than 256 KiB":       {h.signed(door.PathInteractions, "payload="+strings.Repeat("a", 256<<10)), http.StatusRequestEntityTooLarge},
		"no form":                   {h.signed(door.PathInteractions, "%zz"), http.StatusBadRequest},
		"an event as interaction":   {h.signed(door.PathInteractions, event), http.StatusBadRequest},
		"payload twice":             {h.signed(door.PathInteractions, form(payload(nil))+"&"+form(payload(nil))), http.StatusBadRequest},
		"payload is no JSON":        {h.signed(door.PathInteractions, form("{")), http.StatusBadRequest},
		"no actions":                {h.signed(door.PathInteractions, form(payload(map[string]any{"actions": []any{}}))), http.StatusBadRequest},
		"a channel that is none":    {h.signed(door.PathInteractions, form(payload(map[string]any{"channel": map[string]any{"id": "../x"}}))), http.StatusBadRequest},
		"a user that is none":       {h.signed(door.PathInteractions, form(payload(map[string]any{"user": map[string]any{"id": "root"}}))), http.StatusBadRequest},
		"command without a slash":   {h.signed(door.PathCommands, command("x", map[string]string{"command": "tocsin"})), http.StatusBadRequest},
		"event without a type":      {h.signed(door.PathEvents, `{}`), http.StatusBadRequest},
		"challenge without content": {h.signed(door.PathEvents, `{"type":"url_verification"}`), http.StatusBadRequest},
		"another media type": {func() request {
			r := h.signed(door.PathInteractions, form(payload(nil)))
			r.media = "text/plain"
			return r
		}(), http.StatusUnsupportedMediaType},
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := row.request.send(t, h.url); status != row.want {
				t.Errorf("got %d %s, want %d", status, answer, row.want)
			}
		})
	}
	// In the query it is not signed, and nobody reads it.
	r := h.signed(door.PathInteractions, "ssl_check=1&token=x")
	r.path += "?payload=" + url.QueryEscape(payload(nil))
	if status, answer := r.send(t, h.url); status != http.StatusOK || answer != "" {
		t.Errorf("ssl_check: %d %q", status, answer)
	}
	if status, answer := h.signed(door.PathEvents, `{"type":"url_verification","challenge":"3eZbrw1a"}`).send(t, h.url); status != http.StatusOK || answer != "3eZbrw1a" {
		t.Errorf("challenge: %d %q", status, answer)
	}
	if h.desk.count() != 0 {
		t.Fatalf("the desk got %d events", h.desk.count())
	}
}

// One click, sent a thousand times to two processes, one of which is started anew in
// between, is one click.
func TestReplayIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, other := h.open(nil)
	r := h.signed(door.PathInteractions, form(payload(nil)))
	storm := func(urls ...string) map[int]int {
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for worker := range 32 {
			wg.Go(func() {
				for i := range 16 {
					status, _ := r.send(t, urls[(worker+i)%len(urls)])
					mu.Lock()
					got[status]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return got
	}
	first := storm(h.url, other)
	_, again := h.open(nil)
	h.clock = h.clock.Add(4*time.Minute + 59*time.Second)
	second := storm(again)
	<-h.desk.came
	if first[http.StatusOK] != 1 || second[http.StatusOK] != 0 || first[http.StatusOK]+first[http.StatusConflict]+first[http.StatusServiceUnavailable] != 512 {
		t.Errorf("got %v, then %v", first, second)
	}
	if h.desk.count() != 1 {
		t.Errorf("the desk got %d clicks", h.desk.count())
	}
	status, answer := r.send(t, h.url)
	if status != http.StatusConflict || !strings.Contains(answer, "already used") {
		t.Errorf("got %d %s", status, answer)
	}
	// The same trigger in other bytes is the same click.
	trigger := map[string]any{"trigger_id": "once"}
	if status, _ := h.signed(door.PathInteractions, form(payload(trigger))).send(t, h.url); status != http.StatusOK {
		t.Errorf("a new trigger: %d", status)
	}
	if status, _ := h.signed(door.PathInteractions, form(" "+payload(trigger))).send(t, h.url); status != http.StatusConflict {
		t.Errorf("the same trigger: %d", status)
	}
}

func TestWhoMayNot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.slack.users = map[string]slack.User{
		analystUser: {ID: analystUser, Team: ourTeam},
		"U0GUEST":   {ID: "U0GUEST", Team: ourTeam, Guest: true}, "U0CONNECT": {ID: "U0CONNECT", Team: "T0ELSE", Stranger: true}, "U0OTHER": {ID: "U0OTHER", Team: "T0ELSE"},
		"U0BOT": {ID: "U0BOT", Team: ourTeam, Bot: true}, "U0GONE": {ID: "U0GONE", Team: ourTeam, Deleted: true}, "U0NEW": {ID: "U0NEW", Team: ourTeam},
		"U0LEFT": {ID: "U0LEFT", Team: ourTeam}, "U0GRID": {ID: "U0GRID", Team: "T0ELSE", Enterprise: []string{ourTeam}},
	}
	h.link("U0LEFT", "gone")
	for _, user := range []string{"U0GUEST", "U0BOT", "U0GONE"} {
		h.link(user, "person of "+user) // a link does not make them members
	}
	for user, want := range map[string]string{
		"U0GUEST": "guests", "U0CONNECT": "another workspace", "U0OTHER": "another workspace", "U0BOT": "bots", "U0GONE": "deactivated", "U0NEW": "/tocsin link",
		"U0LEFT": "not active", "U0NOBODY": "does not know you", "U0GRID": "/tocsin link",
	} {
		t.Run(user, func(t *testing.T) {
			who := map[string]any{"id": user}
			if status, answer := h.signed(door.PathInteractions, form(payload(map[string]any{"user": who}))).send(t, h.url); status != http.StatusOK {
				t.Fatalf("got %d %s", status, answer)
			}
			<-h.slack.tells
			if last := h.slack.told[len(h.slack.told)-1]; !strings.HasPrefix(last, "respond: ") || !strings.Contains(last, want) {
				t.Errorf("was told %q", last)
			}
			_, answer := h.signed(door.PathInteractions, form(submission(map[string]any{"user": who}))).send(t, h.url)
			if !strings.Contains(answer, `"response_action":"push"`) || !strings.Contains(answer, want) {
				t.Errorf("a modal got %s", answer)
			}
			_, answer = h.signed(door.PathCommands, command("approve APR-1", map[string]string{"user_id": user})).send(t, h.url)
			if !strings.Contains(answer, "ephemeral") || !strings.Contains(answer, want) {
				t.Errorf("a command got %s", answer)
			}
			if !slices.ContainsFunc(h.refusals(), func(text string) bool {
				return strings.Contains(text, "slack:"+ourTeam+"/"+user+" was refused a click")
			}) {
				t.Errorf("the record has %q", h.refusals())
			}
		})
	}
	// Members of another workspace say so in the event already.
	foreign := map[string]any{"id": analystUser, "team_id": "T0ELSE"}
	if _, answer := h.signed(door.PathInteractions, form(submission(map[string]any{"user": foreign}))).send(t, h.url); !strings.Contains(answer, "another workspace") {
		t.Errorf("got %s", answer)
	}
	// When Slack cannot be asked, nobody is let in.
	h.clock, h.slack.away = h.clock.Add(time.Hour), true
	if _, answer := h.signed(door.PathInteractions, form(submission(nil))).send(t, h.url); !strings.Contains(answer, "try again") {
		t.Errorf("got %s", answer)
	}
	if h.desk.count() != 0 {
		t.Errorf("the desk got %d events", h.desk.count())
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, body := range map[string]string{
		"another app":                   payload(map[string]any{"api_app_id": "A0ELSE"}),
		"no app":                        payload(map[string]any{"api_app_id": nil}),
		"another workspace":             payload(map[string]any{"team": map[string]any{"id": "T0ELSE"}}),
		"no workspace":                  payload(map[string]any{"team": nil}),
		"a whole organisation":          payload(map[string]any{"is_enterprise_install": true}),
		"a modal of another app":        submission(map[string]any{"api_app_id": "A0ELSE"}),
		"an organisation and its space": payload(map[string]any{"team": nil, "enterprise": map[string]any{"id": "E0ORG"}}),
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := h.signed(door.PathInteractions, form(body)).send(t, h.url); status != http.StatusForbidden {
				t.Errorf("got %d %s", status, answer)
			}
		})
	}
	if h.desk.count() != 0 || len(h.refusals()) == 0 {
		t.Errorf("the desk got %d events, the record %q", h.desk.count(), h.refusals())
	}
}

func TestWhatReachesTheDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	send := func(path, body string) string {
		t.Helper()
		status, answer := h.signed(path, body).send(t, h.url)
		if status != http.StatusOK {
			t.Fatalf("got %d %s", status, answer)
		}
		<-h.desk.came
		return answer
	}
	person := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: analystID, Name: "Analyst"}, Roles: []soar.Role{soar.RoleAnalyst}}
	same := func(got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b secret.String) bool { return a.Reveal() == b.Reveal() })); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	send(door.PathInteractions, form(payload(map[string]any{"trigger_id": "1.2.x"})))
	click := h.desk.clicks[0]
	if len(click.Key) != len("slack-")+32 {
		t.Errorf("key %q", click.Key)
	}
	same(click, slack.Click{
		Event:  slack.Event{Key: click.Key, At: noon, Person: person, Team: ourTeam, User: analystUser, Trigger: "1.2.x", Respond: secret.New("https://hooks.slack.com/actions/x")},
		Action: "approval.approve", Block: "b", Value: "APR-1", Chosen: slack.Value{Kind: "button", Text: "APR-1"}, Channel: "C0SOC", Message: "1772452800.000100",
		View: slack.View{State: slack.State{}},
	})
	h.desk.answer = slack.Answer{Errors: map[string]string{"reason": "say more"}}
	same(send(door.PathInteractions, form(submission(nil))), `{"response_action":"errors","errors":{"reason":"say more"}}`)
	same(h.desk.submissions[0].View, slack.View{ID: "V1", Root: "V1", Kind: "modal", Callback: "approval.approve", Private: "m",
		State: slack.State{"reason": {"v": {Kind: "plain_text_input", Text: "seen"}}}})
	h.desk.answer = slack.Answer{}
	same(send(door.PathInteractions, form(submission(nil))), "")
	h.desk.reply = slack.Reply{Text: "a <b> & *c*"}
	answer := send(door.PathCommands, command(" status  INC-1 ", nil))
	if !strings.Contains(answer, `"response_type":"ephemeral"`) || !strings.Contains(answer, "\"text\":\"a \\u0026lt;b") || !strings.Contains(answer, "plain_text") {
		t.Errorf("got %s", answer)
	}
	same(h.desk.commands[0].Text, "status  INC-1")
	send(door.PathEvents, `{"type":"event_callback","api_app_id":"`+ourApp+`","team_id":"`+ourTeam+`","event_id":"Ev1","event_time":1772452790,"event":{"type":"app_home_opened","user":"`+analystUser+`","tab":"home"}}`)
	same(h.desk.homes[0].User, analystUser)
}

func TestLateAnswersAreTold(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		path, body, answer, told string
		err                      error
		reply                    slack.Reply
		result                   slack.Answer
	}{
		"modal":             {door.PathInteractions, form(submission(nil)), "Still at it", analystUser + ": Done", nil, slack.Reply{}, slack.Answer{}},
		"modal with faults": {door.PathInteractions, form(submission(nil)), "Still at it", "reason: say more", nil, slack.Reply{}, slack.Answer{Errors: map[string]string{"reason": "say more"}}},
		"modal refused":     {door.PathInteractions, form(submission(nil)), "Still at it", "too late", soar.Errorf(soar.CodeConflict, "test", "too late"), slack.Reply{}, slack.Answer{}},
		"command":           {door.PathCommands, command("status", nil), "The answer follows here", "respond: all well", nil, slack.Reply{Text: "all well"}, slack.Answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.desk.hold, h.desk.err, h.desk.reply, h.desk.answer = make(chan struct{}), row.err, row.reply, row.result
			_, url := h.open(func(o *door.Options) { o.Budget = 300 * time.Millisecond })
			status, answer := h.signed(row.path, row.body).send(t, url)
			if status != http.StatusOK || !strings.Contains(answer, row.answer) {
				t.Errorf("got %d %s", status, answer)
			}
			close(h.desk.hold)
			<-h.slack.tells
			if len(h.slack.told) != 1 || !strings.Contains(h.slack.told[0], row.told) {
				t.Errorf("was told %q", h.slack.told)
			}
		})
	}
}

func TestFailuresAreToldAndEndNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if status, answer := h.signed(door.PathCommands, command("panic", nil)).send(t, h.url); status != http.StatusOK || !strings.Contains(answer, "went wrong on our side") {
		t.Errorf("got %d %s", status, answer)
	}
	h.desk.err = soar.Errorf(soar.CodeConflict, "test", "approval APR-1 is denied already")
	if _, answer := h.signed(door.PathInteractions, form(submission(nil))).send(t, h.url); !strings.Contains(answer, "is denied already") || !strings.Contains(answer, "push") {
		t.Errorf("got %s", answer)
	}
	h.signed(door.PathInteractions, form(payload(nil))).send(t, h.url)
	<-h.slack.tells
	if h.slack.told[0] != "respond: approval APR-1 is denied already" {
		t.Errorf("was told %q", h.slack.told)
	}
}

func TestACloseWaitsForTheWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d, url := h.open(nil)
	h.desk.hold = make(chan struct{})
	h.signed(door.PathInteractions, form(payload(nil))).send(t, url)
	<-h.desk.came
	closed := make(chan error, 1)
	go func() { closed <- d.Close(t.Context()) }()
	for { // until it takes no more
		if status, _ := h.signed(door.PathInteractions, form(payload(nil))).send(t, url); status == http.StatusServiceUnavailable {
			break
		}
	}
	select {
	case err := <-closed:
		t.Errorf("it closed with work under way: %v", err)
	default:
	}
	close(h.desk.hold)
	must(t, <-closed)
}

func TestLinkAndUnlink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	as := map[string]string{"user_id": "U0NEW"}
	_, answer := h.signed(door.PathCommands, command("link", as)).send(t, h.url)
	_, code, found := strings.Cut(answer, "tocsin slack link ")
	if !found {
		t.Fatalf("got %s", answer)
	}
	other := soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "gone"}}
	linked, err := h.ids.Claim(t.Context(), other, code[:19])
	must(t, err)
	if linked.User != "U0NEW" || linked.Team != ourTeam || linked.Person != "gone" {
		t.Errorf("got %+v", linked)
	}
	mine := map[string]string{"user_id": analystUser}
	if _, answer := h.signed(door.PathCommands, command("unlink", mine)).send(t, h.url); !strings.Contains(answer, "any more") {
		t.Errorf("got %s", answer)
	}
	if _, answer := h.signed(door.PathCommands, command("status", mine)).send(t, h.url); !strings.Contains(answer, "/tocsin link") {
		t.Errorf("after unlink: %s", answer)
	}
}

func TestWeakSecretsAreNotTaken(t *testing.T) {
	t.Parallel()
	for _, weak := range []string{"", "abc", strings.Repeat("0", 31), strings.Repeat("x", 32), " " + signingSecret} {
		if door.CheckSecret(secret.New(weak)) == nil {
			t.Errorf("%q was taken", weak)
		}
	}
	must(t, door.CheckSecret(secret.New(signingSecret)))
}
