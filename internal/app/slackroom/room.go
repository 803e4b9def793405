package slackroom

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/slack/door"
	"github.com/tocsin-soar/tocsin/internal/slack/follow"
	"github.com/tocsin-soar/tocsin/internal/slack/identity"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
	"github.com/tocsin-soar/tocsin/internal/store/chat"
	"github.com/tocsin-soar/tocsin/internal/store/chatpost"
)

// Modes of how events come.
const (
	Off    = "off"
	HTTP   = "http"
	Socket = "socket"
)

// Housekeeping. A nonce must outlive every window in which its event could be sent
// again.
const (
	purgeEvery = time.Hour
	nonceLife  = 7 * 24 * time.Hour
)

// Config is what the configuration says of Slack.
type Config struct {
	Mode     string // off | http | socket
	BotToken secret.String
	AppToken secret.String
	Signing  secret.String
	Team     string
	App      string
	Channel  string // where what concerns everybody on duty goes
	Channels string // incidents at least this severe get a channel of their own; empty: none
	// ArchiveAfter is how long after its end the channel of an incident stays open;
	// 0: for ever.
	ArchiveAfter time.Duration
	URL          string // base of the Web API; empty: Slack's
}

// Fault is one thing that is wrong with the configuration.
type Fault struct{ Key, Message, Hint string }

// Check says what is missing, by the key it is missing under.
func (c Config) Check() (faults []Fault) {
	if c.Mode == Off || c.Mode == "" {
		return nil
	}
	need := func(missing bool, key, why, hint string) {
		if missing {
			faults = append(faults, Fault{key, key + " is not set: " + why, hint})
		}
	}
	need(c.BotToken.Empty(), "slack_bot_token", "without it nothing can be posted", "it begins with xoxb- and stands under OAuth & Permissions of the Slack app")
	need(c.Team == "", "slack_team", "events of other workspaces are refused", "the id of the workspace, such as T024BE7LD")
	need(c.App == "", "slack_app", "events of other apps are refused", "the App ID under Basic Information, such as A024BE7LH")
	if c.Mode == Socket {
		need(c.AppToken.Empty(), "slack_app_token", "Socket Mode connects with it", "it begins with xapp- and needs connections:write")
	}
	if c.Mode == HTTP {
		if err := door.CheckSecret(c.Signing); err != nil {
			faults = append(faults, Fault{"slack_signing_secret", "slack_signing_secret: " + soar.MessageOf(err), "without it anybody could decide in the name of others"})
		}
	}
	if _, err := slack.NewClient(slack.ClientOptions{URL: c.URL, BotToken: secret.New("x")}); err != nil {
		faults = append(faults, Fault{"slack_api_url", "slack_api_url: " + err.Error(), ""})
	}
	return faults
}

// people is internal/people.
type people interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
}

// refusals writes what somebody was not let do into an incident's record.
type refusals interface {
	NoteRefusal(ctx context.Context, p soar.Principal, what incidents.Refusal, refusal error)
}

// Meter counts what arrives and what is called (*metrics.Metrics).
type Meter interface {
	slack.Meter
	KnowSlack(methods []string)
	SlackEvent(kind, outcome string, delay, took time.Duration)
}

// Options are what the parts need. Desk is made of the client, which exists before
// anything can arrive.
type Options struct {
	Config   Config
	Store    *store.Store
	People   people
	Refusals refusals
	Meter    Meter // nil: nobody counts
	Desk     func(*slack.Client, *identity.Service) slack.Desk
	Log      *slog.Logger
}

// Room is Slack put together. With mode off it knows who is who, and nothing else.
type Room struct {
	Identities *identity.Service
	Client     *slack.Client // nil: off
	door       *door.Door
	sockets    *door.Sockets
	chat       chat.Chat
	rooms      chatpost.Rooms
	behind     behind
	follow     *follow.Follower
	team       string
	channel    string
	mode       string
	log        *slog.Logger
}

// New puts them together. It does no I/O.
func New(o Options) (*Room, error) {
	kept := chat.New(o.Store)
	r := &Room{team: o.Config.Team, channel: o.Config.Channel, chat: kept, rooms: chatpost.New(o.Store), mode: o.Config.Mode, log: o.Log, Identities: identity.New(identity.Options{Store: kept, People: o.People, Random: rand.Reader, Now: time.Now})}
	if r.off() {
		return r, nil
	}
	if o.Desk == nil {
		return nil, errors.New("slack: nobody takes what arrives")
	}
	if o.Meter != nil {
		o.Meter.KnowSlack(slack.Methods())
	}
	var err error
	c := o.Config
	if r.Client, err = slack.NewClient(slack.ClientOptions{URL: c.URL, BotToken: c.BotToken, AppToken: c.AppToken, Meter: o.Meter}); err != nil {
		return nil, err
	}
	r.door, err = door.New(door.Options{
		Signing: c.Signing, App: c.App, Team: c.Team, Store: kept, Slack: r.Client, Identities: r.Identities, Desk: o.Desk(r.Client, r.Identities),
		Refused: refuser(o.Refusals), Meter: o.Meter, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	r.sockets = door.NewSockets(r.door, r.Client.Sockets())
	r.follow = r.follower(o)
	return r, nil
}

func (r *Room) off() bool { return r.mode == Off || r.mode == "" }

// Routes gives what the API mounts outside its token guard; none unless events come
// by HTTP.
func (r *Room) Routes() (map[string]func(http.ResponseWriter, *http.Request) error, error) {
	if r.mode != HTTP {
		return nil, nil
	}
	return r.door.Routes()
}

// Run keeps the connections of Socket Mode and forgets old nonces until ctx ends;
// then it waits for the events under way.
func (r *Room) Run(ctx context.Context) error {
	if r.off() {
		return nil
	}
	if r.mode == Socket {
		go r.sockets.Run(ctx)
	}
	var following sync.WaitGroup
	following.Go(func() { r.follow.Run(ctx) })
	defer following.Wait()
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), slack.WorkTime)
			defer cancel()
			return r.door.Close(last)
		case <-tick.C:
			if err := r.chat.Purge(ctx, nonceLife); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "old nonces of Slack were not removed", "error", err)
			}
		}
	}
}

// refuser finds the incident that a button or modal of ours stands for.
func refuser(keeper refusals) func(context.Context, door.Refused) {
	return func(ctx context.Context, r door.Refused) {
		ref, err := card.ParseRef(r.Value)
		if err != nil || keeper == nil {
			return
		}
		what := incidents.Refusal{Operation: "slack " + r.What, IncidentID: ref.Incident, ApprovalID: ref.Approval, TaskID: ref.Task}
		if what.IncidentID+what.ApprovalID+what.TaskID != "" {
			keeper.NoteRefusal(ctx, soar.Principal{Actor: r.By}, what, r.Why)
		}
	}
}
