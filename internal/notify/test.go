package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/once"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Test sends one real message by one way, once and without fall-back, to a person of
// the directory, the caller when none is named, or to the place that the way reaches.
// The notice says what became of it; an error means that nothing was sent.
func (s *Service) Test(ctx context.Context, p soar.Principal, way, personID string) (soar.Notice, error) {
	const op = "notify.Test"
	if s.ways[way] == nil {
		return soar.Notice{}, &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "way", Message: fmt.Sprintf("the way %q is not set up here; set up are: %s", soar.Shorten(way, 64), s.wayNames())}
	}
	who, err := s.testee(ctx, p, way, personID)
	if err != nil {
		return soar.Notice{}, err
	}
	now := s.now()
	r := &round{s: s, since: now, m: protocol.Message{
		ID: "test/" + s.o.NewID(), Kind: kindTest, Way: way, At: now, Subject: "A test of Tocsin's notifications",
		Body: "Somebody asked for this message, to see whether it arrives: " + p.Actor.ID + ".\nThere is nothing to do.",
	}}
	row := r.row(who, way)
	if err := s.o.Ledger.Note(ctx, row, nil); err != nil { // the request's key is taken with it
		return soar.Notice{}, err
	}
	ctx = once.Without(ctx)
	delivery, err := r.compose(ctx, who, &row)
	if err != nil {
		return soar.Notice{}, err
	}
	sending, cancel := context.WithTimeout(ctx, s.o.SendWithin)
	defer cancel()
	r.tested(who, &row, s.carry(sending, way, delivery))
	event := r.event(testText(who, &row), row)
	event.By = p.Actor
	return row, r.note(ctx, row, &event)
}

// testee gives whom a test goes to. What reaches others, or a place, is for those who
// look after the installation: a page rings somebody out of bed.
func (s *Service) testee(ctx context.Context, p soar.Principal, way, personID string) (*recipient, error) {
	const op = "notify.Test"
	own := !s.shared(way) && (personID == "" || personID == p.Actor.ID)
	if !own || !access.Can(p, access.IncidentRead) {
		if err := access.Require(p, access.OperationsRetry, op); err != nil {
			return nil, err
		}
	}
	if s.shared(way) {
		if personID != "" {
			return nil, &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "person", Message: "the way " + way + " reaches a place and not a person: leave the person out"}
		}
		return &recipient{label: soar.TLPAmberStrict}, nil
	}
	if personID == "" {
		personID = p.Actor.ID
	}
	person, err := s.o.People.Find(ctx, personID)
	if soar.CodeOf(err) == soar.CodeNotFound {
		return nil, &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "person", Message: fmt.Sprintf("%q is nobody in the directory; tests go to people that it knows", soar.Shorten(personID, 80))}
	}
	return &recipient{person: person, label: soar.TLPAmberStrict}, err
}

// tested notes how the one attempt ended.
func (r *round) tested(who *recipient, row *soar.Notice, err error) {
	row.Attempts, row.ChangedAt, row.State = 1, r.s.now(), soar.NoticeSent
	if err != nil {
		failure := connector.Classify(err, true)
		row.State, row.Problem = soar.NoticeFailed, soar.Shorten(failure.Message, 300)
		if failure.Class == connector.Unknown {
			row.State, row.Unsure = soar.NoticeUnknown, true
		}
	}
	r.s.o.Log.Info("a test message was sent", "way", row.Way, "person", who.person.ID, "state", row.State)
}

func testText(who *recipient, row *soar.Notice) string {
	text := "Test message to " + recipientName(who, row) + " by " + row.Way + ": " + string(row.State)
	if row.Problem != "" {
		text += ": " + row.Problem
	}
	return text
}

func (s *Service) wayNames() string {
	if len(s.ways) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(s.ways)), ", ")
}
