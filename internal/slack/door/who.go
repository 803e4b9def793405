package door

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what is kept in memory.
const (
	memberLife = time.Minute // how long Slack's word for a user is believed
	maxMembers = 5000
	noteEvery  = time.Minute // the same refusal again is not written again
	maxNoted   = 5000
)

// admit says which person an event is of. A command that this door answers itself,
// link and unlink, comes back answered.
func (d *Door) admit(ctx context.Context, a arrival) (p soar.Principal, answered *slack.Reply, err error) {
	if err := d.member(ctx, a); err != nil {
		d.note(ctx, Refused{By: stranger(a), What: a.kind, Value: a.ref(), Why: err})
		return p, nil, err
	}
	if a.kind == kindCommand && a.command.Text == "link" {
		reply, err := d.link(ctx, a)
		return p, &reply, err
	}
	person, err := d.o.Identities.Person(ctx, a.team, a.event.User)
	switch soar.CodeOf(err) {
	case "":
	case soar.CodeNotFound:
		err = soar.Wrap(soar.CodeDenied, "door.admit", err, "nobody here knows who you are, so you can do nothing: write /tocsin link, and claim the code with your own token")
		fallthrough
	case soar.CodeDenied:
		d.note(ctx, Refused{By: stranger(a), What: a.kind, Value: a.ref(), Why: err})
		return p, nil, err
	default:
		return p, nil, err
	}
	if a.kind == kindCommand && a.command.Text == "unlink" {
		if err := d.o.Identities.Unlink(ctx, person.Principal(), a.team, a.event.User); err != nil {
			return p, nil, err
		}
		return p, &slack.Reply{Text: "You are not " + person.ID + " here any more."}, nil
	}
	return person.Principal(), nil, nil
}

func (d *Door) link(ctx context.Context, a arrival) (slack.Reply, error) {
	code, expires, err := d.o.Identities.Code(ctx, a.team, a.event.User)
	if err != nil {
		return slack.Reply{}, err
	}
	return slack.Reply{Text: "Whoever claims this code acts here as himself through your Slack account. Claim it with your own token, and give it to nobody:\n\n" +
		"tocsin slack link " + code + "\n\nIt is good once, until " + expires.Format("15:04") + " UTC."}, nil
}

// member refuses who is not a full member of our workspace at this moment.
func (d *Door) member(ctx context.Context, a arrival) error {
	const op = "door.member"
	if a.userTeam != "" && a.userTeam != d.o.Team {
		return soar.Errorf(soar.CodeDenied, op, "you are a user of another workspace: only members of ours take part")
	}
	user, err := d.user(ctx, a.event.User)
	if err != nil {
		if soar.CodeOf(err) == soar.CodeNotFound {
			return soar.Wrap(soar.CodeDenied, op, err, "Slack does not know you as a user of our workspace")
		}
		return soar.Wrap(soar.CodeUnavailable, op, err, "Slack does not say who you are at the moment: try again")
	}
	switch {
	case user.Deleted:
		return soar.Errorf(soar.CodeDenied, op, "your Slack account is deactivated")
	case user.Bot:
		return soar.Errorf(soar.CodeDenied, op, "bots and workflows take no part")
	case user.Stranger || user.Team != d.o.Team && !slices.Contains(user.Enterprise, d.o.Team):
		return soar.Errorf(soar.CodeDenied, op, "you are a user of another workspace: only members of ours take part")
	case user.Guest:
		return soar.Errorf(soar.CodeDenied, op, "guests of the workspace take no part")
	default:
		return nil
	}
}

// members keeps for a moment what Slack said of users.
type members struct {
	mu   sync.Mutex
	kept map[string]keptMember
}

type keptMember struct {
	user  slack.User
	until time.Time
}

func (d *Door) user(ctx context.Context, id string) (slack.User, error) {
	now := d.o.Now()
	d.members.mu.Lock()
	kept, ok := d.members.kept[id]
	d.members.mu.Unlock()
	if ok && now.Before(kept.until) {
		return kept.user, nil
	}
	user, err := d.o.Slack.User(ctx, id)
	if err != nil {
		return user, err
	}
	d.members.mu.Lock()
	defer d.members.mu.Unlock()
	if len(d.members.kept) >= maxMembers {
		clear(d.members.kept)
	}
	d.members.kept[id] = keptMember{user, now.Add(memberLife)}
	return user, nil
}

// stranger is a Slack user of whom no person is known.
func stranger(a arrival) soar.Actor {
	return soar.Actor{Kind: soar.ActorPerson, ID: "slack:" + soar.Shorten(a.team, 40) + "/" + soar.Shorten(a.event.User, 40)}
}

// ref gives what a click or modal stands for.
func (a arrival) ref() string {
	if len(a.clicks) > 0 {
		return a.clicks[0].Value
	}
	return a.view.Private
}

// noted remembers for a minute which refusals were written.
type noted struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (n *noted) first(now time.Time, what string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last, known := n.at[what]; known && now.Sub(last) < noteEvery {
		return false
	}
	if len(n.at) >= maxNoted {
		clear(n.at)
	}
	n.at[what] = now
	return true
}

// note writes a refusal into the record. The same again within a minute is in the
// log only: who is refused over and over must not fill the record.
func (d *Door) note(ctx context.Context, r Refused) {
	now := d.o.Now().UTC().Truncate(time.Microsecond)
	d.o.Log.WarnContext(ctx, "an event of Slack was refused", "by", r.By.ID, "what", r.What, "error", r.Why)
	if !d.noted.first(now, strings.Join([]string{r.By.ID, r.What, soar.MessageOf(r.Why), r.Value}, "\x00")) {
		return
	}
	detail, _ := json.Marshal(map[string]any{"what": r.What, "why": soar.MessageOf(r.Why)}) // strings only
	ctx, cancel := d.noting(ctx)
	defer cancel()
	err := d.o.Store.Note(ctx, record.Payload{At: now, Kind: protocol.EventSlackRefused, By: r.By, Data: detail,
		Text: r.By.ID + " was refused a " + r.What + " in Slack: " + soar.Shorten(soar.MessageOf(r.Why), 500)})
	if err != nil {
		d.o.Log.ErrorContext(ctx, "a refusal is not in the record", "by", r.By.ID, "error", err)
	}
	if d.o.Refused != nil && r.Value != "" {
		d.o.Refused(ctx, r)
	}
}

// noting bounds the writing of a refusal: not by who asked, who may be gone, and yet
// by the answer that waits for it.
func (d *Door) noting(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(d.o.Budget * storeShare / 5)
	if answer, ok := ctx.Deadline(); ok && answer.Before(end) {
		end = answer
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}
