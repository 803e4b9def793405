package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// waitMost is how long something urgent waits for a way that says when to come
// again, before the next way is taken.
const waitMost = 30 * time.Second

// round is one attempt at one message.
type round struct {
	s     *Service
	m     protocol.Message
	about about
	since time.Time // when the message was put into the outbox

	rows    map[string]soar.Notice // by key of the delivery
	pending []string               // who has nothing yet, and will be tried again
	lost    []string               // who has nothing, and no way is left
	dropped []soar.Notice          // of a summary: what is over by now
	wait    time.Duration          // not to come back before
}

func (r *round) urgent() bool {
	return r.m.Urgent || r.about.incident != nil && r.about.incident.Severity == soar.SeverityCritical && asking(r.m.Kind)
}

// shared tells a way that reaches a place and not a person.
func (s *Service) shared(way string) bool {
	place, ok := s.ways[way].(interface{ Shared() bool })
	return ok && place.Shared()
}

// row gives how a delivery stands; a new one is planned.
func (r *round) row(who *recipient, way string) soar.Notice {
	person := who.person.ID
	if r.s.shared(way) {
		person = ""
	}
	key := soar.NoticeKey(r.m.ID, person, way)
	if known, ok := r.rows[key]; ok {
		return known
	}
	now := r.s.now()
	return soar.Notice{
		Key: key, MessageID: r.m.ID, IncidentID: r.m.IncidentID, Person: person, Way: way, Kind: r.m.Kind, About: r.m.About, Audience: r.m.Audience,
		Subject: soar.Shorten(r.m.Subject, 200), Urgent: r.urgent(), State: soar.NoticePlanned, PlannedAt: now, ChangedAt: now,
	}
}

// plan decides who is told at once, and who later in a summary.
func (r *round) plan(ctx context.Context, recipients []*recipient) error {
	bounds := r.s.o.Policy.Notifications.Coalesce
	free := r.urgent() || r.m.Kind == kindSummary || r.m.Kind == kindTest
	if free || r.about.approval != nil && r.about.approval.ExpiresAt.Before(r.s.now().Add(bounds.Within)) {
		bounds.Most = 0
	}
	var wanted []soar.Notice
	for _, who := range recipients {
		ways := r.waysFor(who)
		row := r.row(who, ways[0])
		if until, quiet := r.s.o.Policy.Notifications.Quiet.Ends(r.s.now(), zoneOf(who.person)); quiet && !free && row.Person != "" && !r.expires(until) {
			due := until.UTC()
			row.State, row.DueAt = soar.NoticeHeld, &due
		}
		row.Body = soar.Shorten(r.m.Body, 1000)
		wanted = append(wanted, row)
	}
	rows, err := r.s.o.Ledger.Plan(ctx, r.m.ID, wanted, bounds.Most, bounds.Within)
	r.rows = map[string]soar.Notice{}
	for _, row := range rows {
		r.rows[row.Key] = row
	}
	return err
}

func (r *round) expires(before time.Time) bool {
	return r.about.approval != nil && !r.about.approval.ExpiresAt.After(before)
}

// tell takes the ways of one recipient in turn until one has taken the message.
// When none is left that was not tried, all are tried once more.
func (r *round) tell(ctx context.Context, who *recipient) error {
	ways := r.waysFor(who)
	again := !slices.ContainsFunc(ways, func(way string) bool { return r.row(who, way).State == soar.NoticePlanned })
	var left leftover
	for i, way := range ways {
		row := r.row(who, way)
		switch {
		case row.State.Told() || row.State == soar.NoticeHeld:
			return nil
		case row.State != soar.NoticePlanned && !again:
			left.add(row)
			continue
		}
		if err := r.send(ctx, who, &row, i+1 < len(ways)); err != nil {
			return err
		}
		r.rows[row.Key] = row
		if row.State == soar.NoticeSent {
			return r.drop(ctx, r.dropped)
		}
		if row.State == soar.NoticePlanned {
			r.pending = append(r.pending, who.person.ID)
			return nil
		}
		left.add(row)
	}
	return r.exhausted(ctx, who, left, again)
}

// leftover is what the ways of a recipient came to when none has taken the message.
type leftover struct {
	last    soar.Notice
	passing bool // one failed for now
	unsure  bool // one may have taken it
}

func (l *leftover) add(row soar.Notice) {
	l.last, l.passing, l.unsure = row, l.passing || row.Passing, l.unsure || row.Unsure
}

// exhausted is reached when no way has taken the message. Ways that failed for now
// are tried again until the time is over; then, or when all refuse for good, a
// person must look: the alarm stands in the record and the item is laid aside.
func (r *round) exhausted(ctx context.Context, who *recipient, left leftover, again bool) error {
	last := left.last
	if left.passing && r.s.now().Sub(r.since) < r.s.o.Policy.Notifications.GiveUp {
		r.pending = append(r.pending, who.person.ID)
		if again {
			return nil // the alarm was raised when the ways were first used up
		}
		event := r.event("Nobody could tell "+recipientName(who, &last)+" of "+r.m.ID+" yet: every way failed for now, it is tried again", last)
		r.s.count(last.Way, "all_failed")
		return r.s.o.Ledger.Note(ctx, last, &event)
	}
	r.lost = append(r.lost, who.person.ID)
	if last.State == soar.NoticeGaveUp {
		return nil
	}
	last.State, last.ChangedAt = soar.NoticeGaveUp, r.s.now()
	what := recipientName(who, &last) + " was NOT told"
	if left.unsure {
		what = "It is not known whether " + recipientName(who, &last) + " was told"
	}
	event := r.event(what+": every way failed, the last of them "+last.Way+": "+last.Problem, last)
	r.s.count(last.Way, string(soar.NoticeGaveUp))
	r.rows[last.Key] = last
	return r.s.o.Ledger.Note(ctx, last, &event)
}

// send makes one attempt and notes how it ended.
func (r *round) send(ctx context.Context, who *recipient, row *soar.Notice, more bool) error {
	delivery, err := r.compose(ctx, who, row)
	if err == nil {
		sending, cancel := context.WithTimeout(ctx, r.s.o.SendWithin)
		err = r.s.carry(sending, row.Way, delivery)
		cancel()
	} else if soar.CodeOf(err) != soar.CodeInvalid {
		return err // our own database is away: no fault of the way
	}
	row.Attempts, row.ChangedAt, row.Body = row.Attempts+1, r.s.now(), ""
	if err != nil {
		return r.failed(ctx, who, row, more, connector.Classify(err, true))
	}
	row.State, row.Problem, row.Passing = soar.NoticeSent, "", false
	if r.s.follows(row.Way) && row.IncidentID != "" && delivery.Message.Kind != kindAcknowledged && delivery.Message.Kind != kindResolved {
		row.Page = soar.PageTriggered
	}
	event := r.event("Told "+recipientName(who, row)+" by "+row.Way+": "+soar.Shorten(delivery.Subject, 200), *row)
	r.s.count(row.Way, string(soar.NoticeSent))
	r.s.o.Log.InfoContext(ctx, "somebody was told", "message", r.m.ID, "kind", r.m.Kind, "way", row.Way)
	return r.note(ctx, *row, &event)
}

// failed notes an attempt that did not end well: the way is taken once more, or the
// next one. An attempt without an answer is said to be that, each time: at least once
// means that the recipient may now have it twice, or on a second way.
func (r *round) failed(ctx context.Context, who *recipient, row *soar.Notice, more bool, failure *connector.Error) error {
	row.Problem, row.Passing = soar.Shorten(failure.Message, 300), failure.Class != connector.Permanent
	r.wait = max(r.wait, failure.RetryAfter)
	text, counted := recipientName(who, row)+" could not be told by "+row.Way+": "+row.Problem, "attempt_failed"
	lost := failure.Class == connector.Unknown
	if lost {
		row.Unsure = true
		text, counted = "It is not known whether "+recipientName(who, row)+" was told by "+row.Way+": "+row.Problem, "attempt_unknown"
	}
	r.s.count(row.Way, counted)
	hasty := failure.Class == connector.Auth || more && r.urgent() && failure.RetryAfter > waitMost
	switch {
	case row.State == soar.NoticePlanned && row.Passing && !hasty && row.Attempts < r.s.o.Policy.Notifications.Tries:
		if !lost {
			return r.note(ctx, *row, nil)
		}
		event := r.event(text+"; it is sent again under the same key", *row)
		return r.note(ctx, *row, &event)
	case row.State != soar.NoticePlanned && !lost: // one more try of what had failed
		return r.note(ctx, *row, nil)
	case row.State == soar.NoticeGaveUp:
		return r.note(ctx, *row, nil)
	}
	row.State = soar.NoticeFailed
	if row.Unsure {
		row.State = soar.NoticeUnknown
	}
	r.s.count(row.Way, string(row.State))
	event := r.event(text, *row)
	return r.note(ctx, *row, &event)
}

// note writes a delivery down, with its entry of the record if it has one. What went
// out must be known even when the time for this attempt is over.
func (r *round) note(ctx context.Context, row soar.Notice, event *record.Payload) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return r.s.o.Ledger.Note(ctx, row, event)
}

func recipientName(who *recipient, row *soar.Notice) string {
	if row.Person == "" {
		return "those at " + row.Way
	}
	return who.person.ID
}

// carry sends by a way that exists.
func (s *Service) carry(ctx context.Context, name string, d Delivery) error {
	way := s.ways[name]
	if way == nil {
		return &connector.Error{Class: connector.Permanent, Message: fmt.Sprintf("the way %q is not set up here", name)}
	}
	err := way.Send(ctx, d)
	if err != nil && ctx.Err() != nil && !isClassified(err) {
		return &connector.Error{Class: connector.Unknown, Message: "no answer in time", Err: err}
	}
	return err
}

func isClassified(err error) bool {
	_, ok := errors.AsType[*connector.Error](err)
	return ok
}

// skip notes that there is nothing to tell any more.
func (r *round) skip(ctx context.Context, recipients []*recipient) error {
	if r.m.Kind == kindSummary {
		if err := r.dropAll(ctx); err != nil {
			return err
		}
	}
	if err := r.plan(ctx, recipients); err != nil {
		return err
	}
	told := true
	for _, row := range r.rows {
		if row.State.Told() {
			continue
		}
		row.State, row.Problem, row.ChangedAt = soar.NoticeSkipped, r.about.over, r.s.now()
		r.s.count(row.Way, string(soar.NoticeSkipped))
		var event *record.Payload
		if told {
			told = false
			written := r.event(lateText+r.about.over, row)
			event = &written
		}
		if err := r.s.o.Ledger.Note(ctx, row, event); err != nil {
			return err
		}
	}
	return nil
}

// end says whether somebody still has nothing.
func (r *round) end() error {
	const op = "notify.Deliver"
	switch {
	case len(r.pending) > 0:
		return &soar.Error{Code: soar.CodeUnavailable, Op: op, RetryAfter: r.wait, Message: fmt.Sprintf("message %s has not reached %s yet", r.m.ID, names(r.pending))}
	case len(r.lost) > 0:
		return soar.Errorf(soar.CodeInvalid, op, "message %s did not reach %s: no way is left", r.m.ID, names(r.lost))
	default:
		return nil
	}
}

func names(ids []string) string {
	slices.Sort(ids)
	return soar.Shorten(strings.Join(slices.Compact(ids), ", "), 200)
}

// event is the record's entry of one delivery. It says no more of the message than
// its subject as it went out.
func (r *round) event(text string, row soar.Notice) record.Payload {
	data, err := json.Marshal(map[string]any{
		"message": row.MessageID, "kind": row.Kind, "person": row.Person, "way": row.Way, "state": row.State, "attempts": row.Attempts,
		"template": row.Template, "key": row.Key, "problem": row.Problem, "tlp": r.about.tlp, "about": row.About,
	})
	if err != nil {
		data = nil // plain strings and numbers always marshal
	}
	return record.Payload{At: r.s.now(), Kind: protocol.EventNotified, By: soar.System("outbox"), Text: soar.Shorten(text, 500), Data: data}
}
