package door

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// storeShare is the part of the budget, in fifths, that the database has to take the
// nonces. The rest is for the work, or for telling the person that there is none.
const storeShare = 3

// budget bounds everything from the receipt of a request to its answer.
func (d *Door) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.o.Budget)
}

// take does what one event asks for and gives what Slack is answered, before the
// context's deadline; nil is an empty answer. raw are the bytes that were read, base
// the hash of what Slack signed, nil from a socket. An error says that nobody was told
// anything: Slack does that, when it sees one.
func (d *Door) take(ctx context.Context, a arrival, raw, base []byte) (answer any, err error) {
	arrived := d.o.Now().UTC()
	a.event.At = arrived
	answer, outcome, err := d.accept(ctx, &a, raw, base)
	if err != nil {
		outcome = refusal(err)
	}
	d.count(a, arrived, outcome)
	return answer, err
}

// Outcomes of what was answered without an error.
const (
	wasTaken    = "taken"
	wasIgnored  = "ignored"
	wentOn      = "late"     // answered that it goes on
	wasRefused  = "refused"  // by the product; the person was told why
	notRecorded = "not_done" // the database was away or too much was going on; the person was told
)

// refusal is what an event is counted under that Slack is answered with an error.
func refusal(err error) string {
	switch code := soar.CodeOf(err); code {
	case soar.CodeConflict:
		return "replayed"
	case soar.CodeDenied:
		return "foreign"
	case soar.CodeInvalid:
		return "unread"
	default:
		return string(code)
	}
}

func (d *Door) accept(ctx context.Context, a *arrival, raw, base []byte) (answer any, outcome string, err error) {
	if err := d.origin(*a); err != nil {
		d.note(ctx, Refused{By: stranger(*a), What: a.kind, Why: err})
		return nil, "", err
	}
	if a.kind == kindIgnored {
		d.ignored(ctx, *a)
		return a.empty(), wasIgnored, nil
	}
	if !a.formed() {
		return nil, "", invalid("the ids in the event are not of the form that Slack writes")
	}
	if !d.enter() {
		busy := soar.Errorf(soar.CodeUnavailable, "door.take", "too much is going on here: try again in a moment")
		busy.RetryAfter = time.Second
		return d.notTaken(ctx, *a, busy, false)
	}
	if err := d.once(ctx, a, raw, base); err != nil {
		d.leave()
		if soar.CodeOf(err) == soar.CodeConflict {
			d.note(ctx, Refused{By: stranger(*a), What: a.kind, Why: err})
			return nil, "", err
		}
		return d.notTaken(ctx, *a, err, true)
	}
	j := &job{done: make(chan settled, 1)}
	go d.run(context.WithoutCancel(ctx), *a, j)
	if a.kind == kindHome {
		return nil, wasTaken, nil
	}
	got := d.wait(ctx, *a, j)
	return got.answer, got.outcome, got.err
}

// notTaken tells a person that nothing was done and nothing will be. A click is told
// of in a message, if we may write one now; where that fails, and for what nobody
// waits for, the error is Slack's: it warns the person, and sends events of the Events
// API again.
func (d *Door) notTaken(ctx context.Context, a arrival, why error, write bool) (answer any, outcome string, err error) {
	d.o.Log.WarnContext(ctx, "an event of Slack was not taken", "kind", a.kind, "team", a.team, "user", a.event.User, "error", why)
	told := soar.Wrap(soar.CodeUnavailable, "door.take", why, "Nothing was recorded and nothing was done: %s. Send it again in a moment.", strings.TrimSuffix(soar.MessageOf(why), "."))
	switch a.kind {
	case kindCommand, kindSubmission:
		return answerOf(a.kind, done{}, told), notRecorded, nil
	case kindClick, kindOther:
		if write && d.say(ctx, a, soar.MessageOf(told)) == nil {
			return nil, notRecorded, nil
		}
	}
	return nil, "", why
}

// once takes the event's nonces and names it. Before this nothing was done, and
// after it nobody else does it.
func (d *Door) once(ctx context.Context, a *arrival, raw, base []byte) error {
	name := sha256.New()
	fmt.Fprintf(name, "slack %s %q %q %q ", a.kind, a.app, a.team, a.id)
	if a.id == "" || a.kind == kindSubmission {
		// A modal that was sent back for a fault is another event when it comes again.
		name.Write(raw)
	}
	id := name.Sum(nil)
	a.event.Key = "slack-" + hex.EncodeToString(id[:16])
	hashes := [][]byte{id}
	if base != nil {
		hashes = append(hashes, base)
	}
	ctx, cancel := context.WithTimeout(ctx, d.o.Budget*storeShare/5)
	defer cancel()
	return d.o.Store.NonceTake(ctx, hashes...)
}

// origin refuses what is of another app or workspace, or of an installation for a
// whole organisation, whose events can come from any workspace of it.
func (d *Door) origin(a arrival) error {
	const op = "door.origin"
	switch {
	case a.app != d.o.App:
		return soar.Errorf(soar.CodeDenied, op, "this is of another Slack app")
	case a.team != d.o.Team:
		return soar.Errorf(soar.CodeDenied, op, "this is of another workspace")
	case a.orgWide:
		return soar.Errorf(soar.CodeDenied, op, "this is of an app that is installed for a whole organisation: install it into one workspace")
	default:
		return nil
	}
}

// ignored tells of events that the operator should know of.
func (d *Door) ignored(ctx context.Context, a arrival) {
	switch a.what {
	case "app_uninstalled", "tokens_revoked", "app_rate_limited":
		d.o.Log.WarnContext(ctx, "Slack says something that needs an operator", "event", a.what)
	default:
		d.o.Log.DebugContext(ctx, "an event of Slack is of no concern", "event", soar.Shorten(a.what, 80))
	}
}

// job is one event that is worked on. Whoever comes first says how it is answered:
// the work, or the clock.
type job struct {
	settled atomic.Bool
	done    chan settled
}

// settled is how an event is answered. An error goes to Slack, which warns the person.
type settled struct {
	answer  any
	outcome string
	err     error
}

// wait gives the answer, or at the end of the budget one that says that it goes on.
func (d *Door) wait(ctx context.Context, a arrival, j *job) settled {
	select {
	case got := <-j.done:
		return got
	case <-ctx.Done():
	}
	if !j.settled.CompareAndSwap(false, true) {
		return <-j.done // is about to come
	}
	return settled{answer: goesOn(a.kind), outcome: wentOn}
}

// run works on one event. Nothing that it meets ends the process or stays untold: what
// is answered in time says it in the answer, the rest in a message. A click has no
// answer to say it in: it is answered when it is done and, if it was refused, told.
func (d *Door) run(ctx context.Context, a arrival, j *job) {
	defer d.leave()
	ctx, cancel := context.WithTimeout(ctx, slack.WorkTime)
	defer cancel()
	made, err := d.guarded(ctx, a)
	if err != nil {
		d.o.Log.WarnContext(ctx, "an event of Slack was not carried out", "kind", a.kind, "event", a.event.Key, "team", a.team, "user", a.event.User, "error", err)
	}
	got := settled{outcome: wasTaken}
	if err != nil {
		got.outcome = wasRefused
	}
	if a.kind == kindClick || a.kind == kindOther || a.kind == kindHome {
		if untold := d.tell(ctx, a, made, err); untold != nil {
			got.err = soar.Wrap(soar.CodeUnavailable, "door.run", untold, "the person could not be told: %s", soar.MessageOf(err))
		}
		if j.settled.CompareAndSwap(false, true) {
			j.done <- got
		}
		return
	}
	if j.settled.CompareAndSwap(false, true) {
		got.answer = answerOf(a.kind, made, err)
		j.done <- got
		return
	}
	_ = d.tell(ctx, a, made, err) // is in the log
}

// guarded is act, whose panic is an internal error.
func (d *Door) guarded(ctx context.Context, a arrival) (made done, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = soar.Wrap(soar.CodeInternal, "door.run", fmt.Errorf("panic: %v\n%s", caught, debug.Stack()), "something went wrong on our side; the log has the details")
		}
	}()
	return d.act(ctx, a)
}

// done is what the Desk made of an event.
type done struct {
	answer slack.Answer
	reply  slack.Reply
}

func (d *Door) act(ctx context.Context, a arrival) (out done, err error) {
	person, answered, err := d.admit(ctx, a)
	if err != nil || answered != nil {
		if answered != nil {
			out.reply = *answered
		}
		return out, err
	}
	a.event.Person = person
	switch a.kind {
	case kindClick:
		for i, click := range a.clicks {
			click.Event = a.event
			if i > 0 {
				click.Key = fmt.Sprintf("%s-%d", click.Key, i)
			}
			if err := d.o.Desk.Click(ctx, click); err != nil {
				return out, err
			}
		}
	case kindSubmission:
		out.answer, err = d.o.Desk.Submit(ctx, slack.Submission{Event: a.event, View: a.view})
	case kindCommand:
		a.command.Event = a.event
		out.reply, err = d.o.Desk.Command(ctx, a.command)
	case kindOther:
		err = soar.Errorf(soar.CodeInvalid, "door.act", "this means nothing to us (%s). /tocsin help says what there is.", soar.Shorten(a.what, 80))
	case kindHome:
		err = d.o.Desk.HomeOpened(ctx, slack.HomeOpened{Event: a.event, View: a.view})
	}
	return out, err
}

// count counts one event with what became of it at the door.
func (d *Door) count(a arrival, arrived time.Time, outcome string) {
	var delay time.Duration
	if a.sent > 0 {
		delay = max(0, arrived.Sub(time.Unix(a.sent, 0)))
	}
	d.o.Meter.SlackEvent(a.kind, outcome, delay, d.o.Now().Sub(arrived))
}
