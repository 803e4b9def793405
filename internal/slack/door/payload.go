package door

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/slack"
)

// The parts of Slack's payloads that count here. Not the library's types: those
// read whole messages, and one block of a new kind in one would lose the click.

// named is something with an id: an object, or in some kinds of payloads the id alone.
type named struct {
	ID   string
	Team string // a user's workspace
}

// UnmarshalJSON takes both; of anything else nothing is known.
func (n *named) UnmarshalJSON(raw []byte) error {
	var object struct {
		ID   text `json:"id"`
		Team text `json:"team_id"`
	}
	if json.Unmarshal(raw, &object) == nil {
		n.ID, n.Team = string(object.ID), string(object.Team)
		return nil
	}
	var id text
	_ = id.UnmarshalJSON(raw) // never fails
	n.ID = string(id)
	return nil
}

// text is a string; of anything else nothing is known.
type text string

// UnmarshalJSON takes a string.
func (t *text) UnmarshalJSON(raw []byte) error {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		*t = text(plain)
	}
	return nil
}

// interactionHead is what tells what an interaction is and whose.
type interactionHead struct {
	Type    string `json:"type"`
	App     string `json:"api_app_id"`
	Trigger string `json:"trigger_id"`
	Respond string `json:"response_url"`
	OrgWide bool   `json:"is_enterprise_install"`
	Team    named  `json:"team"`
	User    named  `json:"user"`
	View    struct {
		App string `json:"app_id"`
	} `json:"view"`
}

type interaction struct {
	Type        string   `json:"type"`
	Channel     named    `json:"channel"`
	Message     message  `json:"message"`
	Container   place    `json:"container"`
	Actions     []action `json:"actions"`
	View        *view    `json:"view"`
	State       state    `json:"state"`
	RespondURLs []struct {
		URL string `json:"response_url"`
	} `json:"response_urls"`
}

type message struct {
	TS     string `json:"ts"`
	Thread string `json:"thread_ts"`
}

// place is where something was clicked.
type place struct {
	Channel string `json:"channel_id"`
	Message string `json:"message_ts"`
	Thread  string `json:"thread_ts"`
}

type option struct {
	Value string `json:"value"`
}

// element is a value of a view's state and, with its ids, an action. Each kind of
// element uses other members.
type element struct {
	Type          string   `json:"type"`
	Value         text     `json:"value"`
	Option        *option  `json:"selected_option"`
	Options       []option `json:"selected_options"`
	Date          string   `json:"selected_date"`
	Time          string   `json:"selected_time"`
	DateTime      int64    `json:"selected_date_time"`
	User          string   `json:"selected_user"`
	Users         []string `json:"selected_users"`
	Channel       string   `json:"selected_channel"`
	Channels      []string `json:"selected_channels"`
	Conversation  string   `json:"selected_conversation"`
	Conversations []string `json:"selected_conversations"`
}

type action struct {
	element
	ID    string `json:"action_id"`
	Block string `json:"block_id"`
	TS    string `json:"action_ts"`
}

type state struct {
	Values map[string]map[string]element `json:"values"`
}

type view struct {
	ID       string `json:"id"`
	Root     string `json:"root_view_id"`
	Type     string `json:"type"`
	Team     string `json:"team_id"`
	App      string `json:"app_id"`
	Callback string `json:"callback_id"`
	Private  string `json:"private_metadata"`
	Hash     string `json:"hash"`
	State    state  `json:"state"`
}

// envelope is the outside of the Events API.
type envelope struct {
	Type       string          `json:"type"`
	Challenge  string          `json:"challenge"`
	App        string          `json:"api_app_id"`
	Team       string          `json:"team_id"`
	EventID    string          `json:"event_id"`
	Time       json.RawMessage `json:"event_time"`
	Event      json.RawMessage `json:"event"`
	Authorized []struct {
		OrgWide bool `json:"is_enterprise_install"`
	} `json:"authorizations"`
}

// homeEvent is app_home_opened.
type homeEvent struct {
	User string `json:"user"`
	Tab  string `json:"tab"`
	View *view  `json:"view"`
}

func (e element) value() slack.Value {
	out := slack.Value{Kind: e.Type, Text: first(string(e.Value), e.Date, e.Time)}
	if e.DateTime != 0 {
		out.Text = strconv.FormatInt(e.DateTime, 10)
	}
	if e.Option != nil {
		out.Options = append(out.Options, e.Option.Value)
	}
	for _, chosen := range e.Options {
		out.Options = append(out.Options, chosen.Value)
	}
	for _, id := range []string{e.User, e.Channel, e.Conversation} {
		if id != "" {
			out.Options = append(out.Options, id)
		}
	}
	for _, ids := range [][]string{e.Users, e.Channels, e.Conversations} {
		out.Options = append(out.Options, ids...)
	}
	return out
}

func (s state) values() slack.State {
	out := slack.State{}
	for block, actions := range s.Values {
		out[block] = map[string]slack.Value{}
		for id, element := range actions {
			out[block][id] = element.value()
		}
	}
	return out
}

func (v *view) shown() slack.View {
	if v == nil {
		return slack.View{}
	}
	return slack.View{ID: v.ID, Root: first(v.Root, v.ID), Kind: v.Type, Callback: v.Callback, Private: v.Private, Hash: v.Hash, State: v.State.values()}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// seconds reads Slack's timestamps, such as 1548261231.000200; 0 when it is none.
func seconds(ts string) int64 {
	whole, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// whole reads a number of seconds; 0 when it is none.
func whole(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
