package door

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/internal/slack"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// storeTime bounds the wait for the database before Slack is answered.
const storeTime = 1500 * time.Millisecond

// take does what one event asks for and gives what Slack is answered; nil is an
// empty answer. raw are the bytes that were read, base the hash of what Slack
// signed, nil from a socket.
func (d *Door) take(ctx context.Context, a arrival, raw, base []byte) (answer any, err error) {
	arrived := d.o.Now().UTC()
	defer func() { d.count(a, arrived, err) }()
	if err := d.origin(a); err != nil {
		d.note(ctx, Refused{By: stranger(a), What: a.kind, Why: err})
		return nil, err
	}
	if a.kind == kindIgnored {
		d.ignored(ctx, a)
		return nil, nil
	}
	if !a.formed() {
		return nil, invalid("the ids in the event are not of the form that Slack writes")
	}
	if !d.enter() {
		busy := soar.Errorf(soar.CodeUnavailable, "door.take", "too much is going on here: try again in a moment")
		busy.RetryAfter = time.Second
		return nil, busy
	}
	if err := d.once(ctx, &a, raw, base); err != nil {
		d.leave()
		if soar.CodeOf(err) == soar.CodeConflict {
			d.note(ctx, Refused{By: stranger(a), What: a.kind, Why: err})
		}
		return nil, err
	}
	a.event.At = arrived
	j := &job{done: make(chan any, 1)}
	go d.run(context.WithoutCancel(ctx), a, j)
	if a.kind != kindSubmission && a.kind != kindCommand {
		return nil, nil
	}
	return d.wait(ctx, a, j), nil
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
	ctx, cancel := context.WithTimeout(ctx, storeTime)
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
	done    chan any
}

// wait gives the answer, or after AnswerTime one that says that it goes on.
func (d *Door) wait(ctx context.Context, a arrival, j *job) any {
	timer := time.NewTimer(slack.AnswerTime)
	defer timer.Stop()
	select {
	case answer := <-j.done:
		return answer
	case <-timer.C:
	case <-ctx.Done():
	}
	if !j.settled.CompareAndSwap(false, true) {
		return <-j.done
	}
	return goesOn(a.kind)
}

// run works on one event. Nothing that it meets ends the process or stays untold.
func (d *Door) run(ctx context.Context, a arrival, j *job) {
	defer d.leave()
	ctx, cancel := context.WithTimeout(ctx, slack.WorkTime)
	defer cancel()
	done, err := d.guarded(ctx, a)
	if err != nil {
		d.o.Log.WarnContext(ctx, "an event of Slack was not carried out", "kind", a.kind, "event", a.event.Key, "team", a.team, "user", a.event.User, "error", err)
	}
	if j.settled.CompareAndSwap(false, true) && (a.kind == kindSubmission || a.kind == kindCommand) {
		j.done <- answerOf(a.kind, done, err)
		return
	}
	d.tell(ctx, a, done, err)
}

// guarded is act, whose panic is an internal error.
func (d *Door) guarded(ctx context.Context, a arrival) (done outcome, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = soar.Wrap(soar.CodeInternal, "door.run", fmt.Errorf("panic: %v\n%s", caught, debug.Stack()), "something went wrong on our side; the log has the details")
		}
	}()
	return d.act(ctx, a)
}

// outcome is what the Desk made of an event.
type outcome struct {
	answer slack.Answer
	reply  slack.Reply
}

func (d *Door) act(ctx context.Context, a arrival) (out outcome, err error) {
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
	case kindHome:
		err = d.o.Desk.HomeOpened(ctx, slack.HomeOpened{Event: a.event, View: a.view})
	}
	return out, err
}

// count counts one event with what became of it at the door.
func (d *Door) count(a arrival, arrived time.Time, err error) {
	outcome := "taken"
	if err != nil {
		outcome = string(soar.CodeOf(err))
	}
	var delay time.Duration
	if a.sent > 0 {
		delay = max(0, arrived.Sub(time.Unix(a.sent, 0)))
	}
	d.o.Meter.SlackEvent(a.kind, outcome, delay)
}
