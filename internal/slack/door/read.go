package door

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Kinds of what arrives.
const (
	kindClick      = "click"
	kindSubmission = "submission"
	kindCommand    = "command"
	kindHome       = "home"
	kindOther      = "unused"    // somebody did something that this product has no use for, and is told so
	kindChallenge  = "challenge" // Slack asks whether somebody is there
	unknown        = "unknown"   // not signed by Slack, or not to be read
	kindIgnored    = "ignored"   // genuine, and nothing that the product acts on
)

// arrival is one event, read.
type arrival struct {
	kind      string
	suggest   bool   // asks for options: an empty list is the answer
	what      string // Slack's name of the kind, for the log
	challenge string
	app, team string
	userTeam  string // the user's own workspace, where the event says it
	orgWide   bool
	id        string // names the event among all of its workspace; empty: the bytes do
	sent      int64  // Unix seconds; 0: the event does not say
	event     slack.Event
	clicks    []slack.Click
	view      slack.View
	command   slack.Command
}

const maxText = 4000 // of a command; Slack cuts there

var (
	teamForm    = regexp.MustCompile(`^[TE][A-Z0-9]{1,30}$`)
	userForm    = regexp.MustCompile(`^[UW][A-Z0-9]{1,30}$`)
	channelForm = regexp.MustCompile(`^([CDG][A-Z0-9]{1,30})?$`)
	tsForm      = regexp.MustCompile(`^([0-9]{1,15}\.[0-9]{1,9})?$`)
	fieldForm   = regexp.MustCompile(`^[a-z_]{1,40}$`)
)

// readInteraction reads the form that Slack sends for clicks and modals.
func readInteraction(body []byte) (arrival, error) {
	form, err := readForm(body)
	if err != nil {
		return arrival{}, err
	}
	if form.Get("ssl_check") == "1" {
		return arrival{kind: kindChallenge, what: "ssl_check"}, nil
	}
	payload := form.Get("payload")
	if payload == "" || len(form) != 1 {
		return arrival{}, invalid("want a form with one field, payload")
	}
	return readPayload([]byte(payload))
}

// readPayload reads an interaction's payload, as both doors get it. What is no click
// and no modal of ours may look as it likes below its head.
func readPayload(raw []byte) (arrival, error) {
	var head interactionHead
	if err := json.Unmarshal(raw, &head); err != nil {
		return arrival{}, unreadable(err)
	}
	out := arrival{kind: kindIgnored, what: head.Type, app: first(head.App, head.View.App), team: head.Team.ID, orgWide: head.OrgWide, userTeam: head.User.Team, id: head.Trigger}
	out.event = slack.Event{Team: out.team, User: head.User.ID, Trigger: head.Trigger, Respond: secret.New(head.Respond)}
	switch head.Type {
	case "":
		return arrival{}, invalid("the payload has no type")
	case "block_actions", "view_submission":
		return out, out.readOurs(raw)
	case "view_closed":
	case "block_suggestion", "dialog_suggestion":
		out.suggest = true
	default: // shortcuts, buttons of the old kind, dialogs, steps of workflows, and what is to come
		if out.event.User != "" {
			out.kind = kindOther
		}
	}
	return out, nil
}

// readOurs reads what may be a click on a card or a modal that was sent.
func (a *arrival) readOurs(raw []byte) error {
	var in interaction
	if err := json.Unmarshal(raw, &in); err != nil {
		return unreadable(err)
	}
	a.view = in.View.shown()
	if in.Type == "block_actions" {
		a.kind = kindClick
		return a.readClicks(in)
	}
	if in.View == nil || in.View.ID == "" {
		return invalid("a submission without its view")
	}
	a.kind = kindSubmission
	if len(in.RespondURLs) > 0 {
		a.event.Respond = secret.New(in.RespondURLs[0].URL)
	}
	return nil
}

func (a *arrival) readClicks(in interaction) error {
	channel, ts, thread := first(in.Channel.ID, in.Container.Channel), first(in.Message.TS, in.Container.Message), first(in.Message.Thread, in.Container.Thread)
	if len(in.Actions) == 0 || len(in.Actions) > 25 {
		return invalid("a click has from 1 to 25 actions")
	}
	if !channelForm.MatchString(channel) || !tsForm.MatchString(ts) || !tsForm.MatchString(thread) {
		return invalid("the place of the click is not one that Slack has")
	}
	shown := a.view
	if in.View == nil {
		shown.State = in.State.values()
	}
	for _, clicked := range in.Actions {
		if clicked.ID == "" {
			return invalid("a click without an action_id")
		}
		value := clicked.value()
		a.clicks = append(a.clicks, slack.Click{
			Action: clicked.ID, Block: clicked.Block, Value: value.First(), Chosen: value, Channel: channel, Message: ts, Thread: thread, View: shown,
		})
		a.sent = seconds(clicked.TS)
	}
	return nil
}

// readCommand reads a slash command.
func readCommand(body []byte) (arrival, error) {
	form, err := readForm(body)
	if err != nil {
		return arrival{}, err
	}
	if form.Get("ssl_check") == "1" {
		return arrival{kind: kindChallenge, what: "ssl_check"}, nil
	}
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return commandOf(fields)
}

// readCommandPayload reads a slash command as Socket Mode sends it: the same fields
// as JSON.
func readCommandPayload(raw []byte) (arrival, error) {
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return arrival{}, unreadable(err)
	}
	fields := map[string]string{}
	for name, value := range members {
		switch value := value.(type) {
		case string:
			fields[name] = value
		case bool: // is_enterprise_install
			fields[name] = strconv.FormatBool(value)
		}
	}
	return commandOf(fields)
}

func commandOf(fields map[string]string) (arrival, error) {
	name := fields["command"]
	if !strings.HasPrefix(name, "/") || len(name) > 100 || len(fields["text"]) > 4*maxText {
		return arrival{}, invalid("want a command such as /tocsin")
	}
	if !channelForm.MatchString(fields["channel_id"]) {
		return arrival{}, invalid("the place of the command is not one that Slack has")
	}
	return arrival{
		kind: kindCommand, what: name, app: fields["api_app_id"], team: fields["team_id"], orgWide: fields["is_enterprise_install"] == "true", id: fields["trigger_id"],
		event:   slack.Event{Team: fields["team_id"], User: fields["user_id"], Trigger: fields["trigger_id"], Respond: secret.New(fields["response_url"])},
		command: slack.Command{Name: name, Text: strings.TrimSpace(fields["text"]), Channel: fields["channel_id"]},
	}, nil
}

// readEvent reads a body of the Events API. Events that are of no concern may look as
// they like: refusing one would have Slack send it again, and stop sending any.
func readEvent(raw []byte) (arrival, error) {
	var in envelope
	if err := json.Unmarshal(raw, &in); err != nil {
		return arrival{}, unreadable(err)
	}
	out := arrival{kind: kindIgnored, what: in.Type, app: in.App, team: in.Team, id: in.EventID, sent: whole(in.Time)}
	switch in.Type {
	case "url_verification":
		if in.Challenge == "" || len(in.Challenge) > 1000 {
			return arrival{}, invalid("want a challenge of at most 1,000 bytes")
		}
		out.kind, out.challenge = kindChallenge, in.Challenge
	case "":
		return arrival{}, invalid("the event has no type")
	case "event_callback":
		out.orgWide = len(in.Authorized) > 0 && in.Authorized[0].OrgWide
		return out, out.readHome(in.Event)
	}
	return out, nil
}

// readHome reads somebody who looks at the App Home; every other event is of no concern.
func (a *arrival) readHome(raw json.RawMessage) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return unreadable(err)
	}
	a.what = head.Type
	if head.Type != "app_home_opened" {
		return nil
	}
	var home homeEvent
	if err := json.Unmarshal(raw, &home); err != nil {
		return unreadable(err)
	}
	if home.Tab == "messages" {
		return nil
	}
	a.kind, a.view = kindHome, home.View.shown()
	a.event = slack.Event{Team: a.team, User: home.User}
	return nil
}

// readForm reads a form as Slack writes it: each field once, with a plain name.
// JSON that somebody signed for another of our addresses has no such names.
func readForm(body []byte) (url.Values, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("the body is not a form")
	}
	for name, values := range form {
		if !fieldForm.MatchString(name) || len(values) != 1 {
			return nil, invalid("the form is not one that Slack writes")
		}
	}
	return form, nil
}

// empty is the answer to what nobody acts on.
func (a arrival) empty() any {
	if a.suggest {
		return map[string]any{"options": []any{}}
	}
	return nil
}

// formed tells whether the ids are Slack's.
func (a arrival) formed() bool {
	return teamForm.MatchString(a.team) && userForm.MatchString(a.event.User) && len(a.id) <= 200 && len(a.event.Respond.Reveal()) <= 1000
}

func invalid(why string) *soar.Error { return soar.Errorf(soar.CodeInvalid, "door.read", "%s", why) }

func unreadable(err error) *soar.Error {
	return soar.Wrap(soar.CodeInvalid, "door.read", err, "the body is not JSON of the form that Slack writes")
}
