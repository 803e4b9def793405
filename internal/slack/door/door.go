package door

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// workers bounds the events that are worked on at once.
const workers = 32

// keeper is internal/store/chat.
type keeper interface {
	NonceTake(ctx context.Context, hashes ...[]byte) error
	Note(ctx context.Context, event record.Payload) error
}

// workspace is Slack's Web API (*slack.Client).
type workspace interface {
	User(ctx context.Context, id string) (slack.User, error)
	Post(ctx context.Context, channel string, m slack.Message) (slack.Posted, error)
	Respond(ctx context.Context, respond secret.String, r slack.Response) error
}

// identities is internal/slack/identity.
type identities interface {
	Person(ctx context.Context, team, user string) (soar.Person, error)
	Code(ctx context.Context, team, user string) (code string, expires time.Time, err error)
	Unlink(ctx context.Context, p soar.Principal, team, user string) error
}

// meter counts events.
type meter interface {
	// SlackEvent counts one event. delay is from Slack's own time to ours, 0 when the
	// event has none; took is from its receipt to its answer.
	SlackEvent(kind, outcome string, delay, took time.Duration)
}

// Refused is what somebody in Slack was not let do because of who he is.
type Refused struct {
	By    soar.Actor // the person, or "slack:<team>/<user>" when nobody is linked
	What  string     // kind of event: click, submission, command, home
	Value string     // of the button or modal, as this product made it; may be empty
	Why   error
}

// Options are what the door needs.
type Options struct {
	Signing    secret.String // of the app; not needed for Socket Mode
	App        string        // api_app_id: A...
	Team       string        // the workspace: T...
	Store      keeper
	Slack      workspace
	Identities identities
	Desk       slack.Desk
	Refused    func(context.Context, Refused) // for the record of the incident concerned; nil: the system's chain only
	Meter      meter                          // nil: nobody counts
	Budget     time.Duration                  // from the receipt of a request to its answer; 0: slack.AnswerTime
	Now        func() time.Time               // nil: time.Now
	Log        *slog.Logger
}

// Door takes events. It is safe for concurrent use.
type Door struct {
	o       Options
	slots   chan struct{}
	work    sync.WaitGroup
	mu      sync.Mutex // guards closing against new work
	closing bool
	members members
	noted   noted
}

// New checks the options.
func New(o Options) (*Door, error) {
	if o.Team == "" || o.App == "" {
		return nil, fmt.Errorf("the ids of the Slack app and of its workspace must be known: events of others are refused")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Budget == 0 {
		o.Budget = slack.AnswerTime
	}
	if o.Meter == nil {
		o.Meter = uncounted{}
	}
	return &Door{o: o, slots: make(chan struct{}, workers), members: members{kept: map[string]keptMember{}}, noted: noted{at: map[string]time.Time{}}}, nil
}

// Close takes no more events and waits for those that are worked on.
func (d *Door) Close(ctx context.Context) error {
	d.mu.Lock()
	d.closing = true
	d.mu.Unlock()
	done := make(chan struct{})
	go func() { d.work.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("events of Slack were still worked on: %w", ctx.Err())
	}
}

// enter takes a place for one event; false when there is none.
func (d *Door) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing {
		return false
	}
	select {
	case d.slots <- struct{}{}:
		d.work.Add(1)
		return true
	default:
		return false
	}
}

func (d *Door) leave() {
	<-d.slots
	d.work.Done()
}

type uncounted struct{}

func (uncounted) SlackEvent(string, string, time.Duration, time.Duration) {}
