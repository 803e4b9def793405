package follow

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/slack/card"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of the loop.
const (
	poll       = 2 * time.Second
	claimMost  = 20
	lease      = 2 * time.Minute
	fresh      = 24 * time.Hour // an incident opened before gets a room when something in it waits
	tellEvery  = 15 * time.Second
	lookAgain  = time.Minute    // at what waits: time runs out, people link their accounts
	afterEnd   = 24 * time.Hour // an incident that has ended and whose channel stays is followed so long
	backoff    = 5 * time.Second
	backoffTop = 5 * time.Minute
)

// Chat is what is done in the workspace. Errors are *soar.Error, limited and
// unavailable with the time after which to try again; a Problem says which thing is
// no longer as it was.
type Chat interface {
	// Post writes into a channel, or to a user, below the message thread if that is set.
	Post(ctx context.Context, channel, thread string, m card.Message) (slack.Posted, error)
	Update(ctx context.Context, at slack.Posted, m card.Message) error
	CreateChannel(ctx context.Context, name string) (channel string, err error)
	Invite(ctx context.Context, channel string, users []string) error
	Topic(ctx context.Context, channel, topic string) error
	Pin(ctx context.Context, at slack.Posted) error
	Archive(ctx context.Context, channel string) error
}

// Problem is why the workspace cannot do something for good.
type Problem string

// Problems.
const (
	MessageGone Problem = "the message is gone"
	ChannelGone Problem = "the channel is archived, deleted or closed to us"
	NameTaken   Problem = "the channel's name is taken"
)

// Error gives the sentence.
func (p Problem) Error() string { return string(p) }

// Account is a person's account in the workspace.
type Account struct {
	User   string // Slack's id
	Person soar.Person
}

type rooms interface {
	Claim(ctx context.Context, limit int, lease, fresh time.Duration) ([]soar.ChatRoom, error)
	Posted(ctx context.Context, incidentID string, p soar.ChatPost) error
	Save(ctx context.Context, r soar.ChatRoom) error
	Settle(ctx context.Context, r soar.ChatRoom) error
	Retry(ctx context.Context, incidentID string, wait time.Duration) error
}

type incidents interface {
	IncidentDetail(ctx context.Context, id string) (protocol.Detail, error)
	RecordList(ctx context.Context, chain string, afterSeq int64, limit int) ([]record.Entry, error)
}

type accounts interface {
	Accounts(ctx context.Context) ([]Account, error)
}

// Options of New. Rooms, Incidents, Accounts and Chat are needed.
type Options struct {
	Rooms        rooms     // chatpost.Rooms
	Incidents    incidents // *store.Store
	Accounts     accounts
	Chat         Chat
	SOC          string        // id of the channel of who is on duty; empty: nothing goes to all of them
	Channels     soar.Severity // incidents at least this bad get a channel of their own; empty: none
	ArchiveAfter time.Duration // from the incident's end to the archiving of its channel; 0: never
	Zone         *time.Location
	Now          func() time.Time // nil: time.Now
	Logger       *slog.Logger     // nil: slog.Default
}

// Follower brings the workspace up to date.
type Follower struct {
	Options
	mu   sync.Mutex
	told map[string]time.Time // when a timeline was last told, by incident
}

// New makes one. Several processes may run at once: each incident is one's at a time.
func New(o Options) *Follower {
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Follower{Options: o, told: map[string]time.Time{}}
}

// Run follows until ctx ends. A workspace or database that is away is no reason to end.
func (f *Follower) Run(ctx context.Context) {
	for {
		wait, err := f.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			f.Logger.WarnContext(ctx, "slack is not up to date", "error", err, "again_in", wait.String())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Pass brings some of the incidents that have changed up to date, and says when to
// come again: at once while there are more.
func (f *Follower) Pass(ctx context.Context) (wait time.Duration, err error) {
	claimed, err := f.Rooms.Claim(ctx, claimMost, lease, fresh)
	if err != nil || len(claimed) == 0 {
		return poll, err
	}
	known, err := f.Accounts.Accounts(ctx)
	if err != nil {
		return poll, errors.Join(err, f.release(ctx, claimed, poll))
	}
	for i, room := range claimed {
		err := f.bring(ctx, room, known)
		if err == nil {
			continue
		}
		wait := waitAfter(err, room.Failures)
		f.Logger.WarnContext(ctx, "an incident is not shown in slack as it is", "incident", room.IncidentID, "error", err, "again_in", wait.String())
		if !away(err) {
			if err := f.Rooms.Retry(ctx, room.IncidentID, wait); err != nil {
				return poll, err
			}
			continue
		}
		// Nobody gets through now: the others wait as long.
		return wait, f.release(ctx, claimed[i:], wait)
	}
	if len(claimed) == claimMost {
		return 0, nil
	}
	return poll, nil
}

// release gives rooms back that were not brought up to date.
func (f *Follower) release(ctx context.Context, claimed []soar.ChatRoom, wait time.Duration) (err error) {
	for _, room := range claimed {
		err = errors.Join(err, f.Rooms.Retry(context.WithoutCancel(ctx), room.IncidentID, wait))
	}
	return err
}

// away tells whether the next incident would fail in the same way.
func away(err error) bool {
	code := soar.CodeOf(err)
	return code == soar.CodeLimited || code == soar.CodeUnavailable || code == soar.CodeUnauthenticated || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func waitAfter(err error, failures int) time.Duration {
	wait := min(backoff<<min(failures, 10), backoffTop)
	if coded, ok := errors.AsType[*soar.Error](err); ok {
		wait = max(coded.RetryAfter, wait)
		if coded.Code == soar.CodeLimited && coded.RetryAfter > 0 {
			return coded.RetryAfter
		}
	}
	return wait
}
