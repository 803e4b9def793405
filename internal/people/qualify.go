package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// validMost bounds how long one qualification holds: what was learnt is forgotten.
const validMost = 5 * 366 * 24 * time.Hour

// Sources lists what a qualification may come from.
func Sources() []string { return []string{"course", "exam", "drill"} }

// Qualifications gives those of one person, all when person is empty, also those that
// have ended. Everybody may look at his own.
func (s *Service) Qualifications(ctx context.Context, p soar.Principal, person string) ([]soar.Qualification, error) {
	if err := readable(p, person, "people.Qualifications"); err != nil {
		return nil, err
	}
	return s.o.Store.Qualifications(ctx, person)
}

// readable lets everybody look at his own.
func readable(p soar.Principal, person, op string) error {
	if person != "" && person == p.Actor.ID && access.Can(p, access.AbsenceSet) {
		return nil
	}
	return access.Require(p, access.PersonRead, op)
}

// Record keeps that a person has learnt to decide a class of competence.yaml, and
// gives the qualification with its id. Nobody records his own.
func (s *Service) Record(ctx context.Context, p soar.Principal, q soar.Qualification) (soar.Qualification, error) {
	const op = "people.Record"
	if err := access.Require(p, access.QualificationManage, op); err != nil {
		return soar.Qualification{}, err
	}
	if q.Person == p.Actor.ID {
		denied := soar.Errorf(soar.CodeDenied, op, "you may not record your own qualification: somebody else has to")
		return soar.Qualification{}, s.refuse(ctx, p, "record his own qualification for "+soar.Shorten(q.Class, textMost), denied)
	}
	q.Title = strings.TrimSpace(q.Title)
	if err := s.checkQualification(op, q); err != nil {
		return soar.Qualification{}, err
	}
	if err := s.mustKnow(ctx, op, "person", q.Person); err != nil {
		return soar.Qualification{}, err
	}
	id, err := s.id(op, "QUA-")
	if err != nil {
		return soar.Qualification{}, err
	}
	q.ID, q.RecordedBy, q.RecordedAt, q.RevokedAt = id, p.Actor, s.now(), nil
	q.ValidFrom, q.ValidUntil = q.ValidFrom.UTC().Truncate(time.Microsecond), q.ValidUntil.UTC().Truncate(time.Microsecond)
	event := record.Payload{
		At: q.RecordedAt, Kind: protocol.EventQualificationRecorded, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("%s is qualified for %s until %s by %s %q, recorded by %s", q.Person, q.Class, q.ValidUntil.Format(time.RFC3339), q.Source, q.Title, p.Actor.ID), 500),
		Data: data(map[string]any{"qualification": q, "token": p.Token}),
	}
	return q, s.o.Store.QualificationAdd(ctx, q, event)
}

func (s *Service) checkQualification(op string, q soar.Qualification) error {
	switch names := s.o.Policy.ClassNames(); {
	case !slices.Contains(names, q.Class) && len(names) == 0:
		return invalid(op, "class", "%q is not a class: competence.yaml names none yet", soar.Shorten(q.Class, 60))
	case !slices.Contains(names, q.Class):
		hint := diag.DidYouMean(q.Class, names)
		if hint == "" {
			hint = "it names " + diag.OneOf(names)
		}
		return invalid(op, "class", "%q is not a class of competence.yaml; %s", soar.Shorten(q.Class, 60), hint)
	case !slices.Contains(Sources(), q.Source):
		return invalid(op, "source", "a qualification comes from a course, an exam or a drill, not from %q", soar.Shorten(q.Source, 60))
	case q.Title == "" || len(q.Title) > textMost:
		return invalid(op, "title", "say which %s it was, in at most %d bytes", q.Source, textMost)
	case q.ValidFrom.IsZero() || !q.ValidUntil.After(q.ValidFrom):
		return invalid(op, "valid_until", "it must end after it begins")
	case q.ValidUntil.Sub(q.ValidFrom) > validMost:
		return invalid(op, "valid_until", "a qualification holds for five years at most: then it is learnt again")
	case !q.ValidUntil.After(s.now()):
		return invalid(op, "valid_until", "it has ended already")
	}
	return nil
}

// mustKnow refuses a person whom nobody knows.
func (s *Service) mustKnow(ctx context.Context, op, field, id string) error {
	person, err := s.Find(ctx, id)
	switch {
	case soar.CodeOf(err) == soar.CodeNotFound:
		return invalid(op, field, "nobody is known as %q: add the person first, or make a token", soar.Shorten(id, 80))
	case err != nil:
		return err
	case !person.Active:
		return invalid(op, field, "%q has left", soar.Shorten(id, 80))
	}
	return nil
}

// Revoke ends a qualification now, with a reason; not_found when there is none.
func (s *Service) Revoke(ctx context.Context, p soar.Principal, id, reason string) (soar.Qualification, error) {
	const op = "people.Revoke"
	if err := access.Require(p, access.QualificationManage, op); err != nil {
		return soar.Qualification{}, err
	}
	reason, err := cleanReason(op, reason)
	if err != nil {
		return soar.Qualification{}, err
	}
	q, err := s.o.Store.Qualification(ctx, id)
	if err != nil {
		return soar.Qualification{}, err
	}
	now := s.now()
	event := record.Payload{
		At: now, Kind: protocol.EventQualificationRevoked, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("Qualification %s of %s for %s revoked by %s: %s", q.ID, q.Person, q.Class, p.Actor.ID, reason), 500),
		Data: data(map[string]any{"qualification": q.ID, "reason": reason, "token": p.Token}),
	}
	if err := s.o.Store.QualificationRevoke(ctx, id, now, event); err != nil {
		return soar.Qualification{}, err
	}
	q.RevokedAt = &now
	return q, nil
}
