package slacktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options of Start. What is empty gets a value that fits.
type Options struct {
	SigningSecret string // 32 hexadecimal digits
	BotToken      string // xoxb-...
	AppToken      string // xapp-...
	TeamID        string
	AppID         string
	Scopes        []string         // of the bot; nil: all that the fake knows
	Tiers         bool             // calls a minute are counted as Slack's tiers say
	Now           func() time.Time // nil: time.Now
	Patience      time.Duration    // how long an answer is waited for; 0: 3 s, as Slack
}

// User is one account. Strangers are of another workspace, by Slack Connect.
type User struct {
	ID       string
	Name     string
	RealName string
	Email    string
	Zone     string
	TeamID   string // empty: the workspace's own
	Guest    bool   // is_restricted
	Bot      bool
	Deleted  bool
	Stranger bool
}

// Channel is one conversation.
type Channel struct {
	ID       string
	Name     string
	Topic    string
	Private  bool
	Direct   bool // a direct message with With
	With     string
	Archived bool
	Members  []string // ids of users; the bot is a member when BotIn
	BotIn    bool
	pinned   []string
}

// Message is what stands in a channel now.
type Message struct {
	Channel string
	TS      string
	Thread  string
	Text    string
	Blocks  json.RawMessage // absent: none
	Edits   int
	Deleted bool
	Only    string // the one user who sees it; empty: everybody
}

// View is a modal that a user has open, or his App Home.
type View struct {
	ID       string
	User     string
	Kind     string // modal | home
	Callback string
	Private  string
	Hash     string
	Root     string
	Body     json.RawMessage // as it was sent
}

// Call is one call of the Web API.
type Call struct {
	Method string
	Error  string // "" when it went well
	At     time.Time
}

// Slack is one workspace with one app. It is safe for concurrent use.
type Slack struct {
	options Options
	server  *httptest.Server

	mu         sync.Mutex
	users      map[string]User
	channels   map[string]*Channel
	messages   map[string][]*Message // by channel, oldest first
	views      map[string][]*View    // by user, the uppermost last
	homes      map[string]*View
	triggers   map[string]trigger
	responses  map[string]*response
	calls      []Call
	limits     map[string]*limit
	forbidden  map[string]string // method -> word
	tiers      map[string][]time.Time
	away       bool
	closed     bool
	serial     int
	door       door
	sockets    []*socket
	turn       int
	dropAcks   int
	twice      int
	lastCounts int
	mute       bool // no response_url is good
}

const botUser = "UBOT00000"

// Start starts a workspace on a loopback port. Close ends it.
func Start(options Options) *Slack {
	s := &Slack{
		options: options.withDefaults(), users: map[string]User{}, channels: map[string]*Channel{}, messages: map[string][]*Message{},
		views: map[string][]*View{}, homes: map[string]*View{}, triggers: map[string]trigger{}, responses: map[string]*response{},
		limits: map[string]*limit{}, forbidden: map[string]string{}, tiers: map[string][]time.Time{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("POST /respond/{id}", s.serveResponse)
	mux.HandleFunc("/socket/{ticket}", s.serveSocket)
	s.server = httptest.NewServer(mux)
	return s
}

func (o Options) withDefaults() Options {
	if o.SigningSecret == "" {
		o.SigningSecret = strings.Repeat("0123456789abcdef", 2)
	}
	if o.BotToken == "" {
		o.BotToken = "xoxb-fake-bot"
	}
	if o.AppToken == "" {
		o.AppToken = "xapp-fake-app"
	}
	if o.TeamID == "" {
		o.TeamID = "T0FAKE000"
	}
	if o.AppID == "" {
		o.AppID = "A0FAKE000"
	}
	if o.Scopes == nil {
		o.Scopes = allScopes()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Patience == 0 {
		o.Patience = 3 * time.Second
	}
	return o
}

// Close ends all connections.
func (s *Slack) Close() {
	s.mu.Lock()
	open := s.sockets
	s.sockets, s.closed = nil, true
	s.mu.Unlock()
	for _, one := range open {
		one.close()
	}
	s.server.CloseClientConnections()
	s.server.Close()
}

// APIURL is the base of the Web API, with the slash at its end.
func (s *Slack) APIURL() string { return s.server.URL + "/api/" }

// SigningSecret gives the app's secret.
func (s *Slack) SigningSecret() string { return s.options.SigningSecret }

// BotToken gives the bot's token.
func (s *Slack) BotToken() string { return s.options.BotToken }

// AppToken gives the token of Socket Mode.
func (s *Slack) AppToken() string { return s.options.AppToken }

// TeamID gives the workspace's id.
func (s *Slack) TeamID() string { return s.options.TeamID }

// AppID gives the app's id.
func (s *Slack) AppID() string { return s.options.AppID }

// AddUser adds an account; an empty ID gets one.
func (s *Slack) AddUser(user User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user.ID == "" {
		user.ID = fmt.Sprintf("U%08d", s.next())
	}
	if user.TeamID == "" {
		user.TeamID = s.options.TeamID
	}
	s.users[user.ID] = user
	return user
}

// AddChannel adds a conversation; an empty ID gets one.
func (s *Slack) AddChannel(channel Channel) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	if channel.ID == "" {
		channel.ID = fmt.Sprintf("C%08d", s.next())
	}
	s.channels[channel.ID] = &channel
	return channel
}

// next gives a number that was not given before. The lock is held.
func (s *Slack) next() int {
	s.serial++
	return s.serial
}

// stamp gives a new message's ts.
func (s *Slack) stamp() string {
	return fmt.Sprintf("%d.%06d", s.options.Now().Unix(), s.next())
}

// Channels gives all conversations, sorted by id.
func (s *Slack) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Channel, 0, len(s.channels))
	for _, channel := range s.channels {
		out = append(out, *channel)
	}
	slices.SortFunc(out, func(a, b Channel) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Channel finds a conversation by its id or name.
func (s *Slack) Channel(name string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if channel := s.find(name); channel != nil {
		return *channel, true
	}
	return Channel{}, false
}

func (s *Slack) find(name string) *Channel {
	if channel := s.channels[name]; channel != nil {
		return channel
	}
	for _, channel := range s.channels {
		if channel.Name != "" && channel.Name == strings.TrimPrefix(name, "#") {
			return channel
		}
	}
	return nil
}

// Messages gives what stands in a channel, oldest first, without what was deleted
// and what only one person sees. An empty channel means all.
func (s *Slack) Messages(channel string) []Message {
	return s.look(channel, func(m *Message) bool { return !m.Deleted && m.Only == "" })
}

// Ephemerals gives what only this user sees in a channel, oldest first. An empty
// channel means all.
func (s *Slack) Ephemerals(user, channel string) []Message {
	return s.look(channel, func(m *Message) bool { return !m.Deleted && m.Only == user })
}

func (s *Slack) look(channel string, keep func(*Message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for id, list := range s.messages {
		if channel != "" && id != channel {
			continue
		}
		for _, message := range list {
			if keep(message) {
				out = append(out, *message)
			}
		}
	}
	slices.SortFunc(out, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	return out
}

// DirectMessages gives what the bot wrote to the user.
func (s *Slack) DirectMessages(user string) []Message {
	s.mu.Lock()
	id := ""
	for _, channel := range s.channels {
		if channel.Direct && channel.With == user {
			id = channel.ID
		}
	}
	s.mu.Unlock()
	if id == "" {
		return nil
	}
	return s.Messages(id)
}

// Views gives the modals that the user has open, the uppermost last.
func (s *Slack) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []View
	for _, view := range s.views[user] {
		out = append(out, *view)
	}
	return out
}

// Home gives the user's App Home.
func (s *Slack) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if home := s.homes[user]; home != nil {
		return *home, true
	}
	return View{}, false
}

// Calls gives all calls of the Web API so far.
func (s *Slack) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Delete takes a message away, as a person with the right to do so would.
func (s *Slack) Delete(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, message := range s.messages[channel] {
		if message.TS == ts {
			message.Deleted = true
		}
	}
}

// Away makes Slack fail every call with 503 until it is back.
func (s *Slack) Away(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}
