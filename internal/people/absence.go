package people

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// absentMost bounds one absence.
const absentMost = 366 * 24 * time.Hour

// Absences gives those that have not ended, of one person or of all. Everybody may
// look at his own.
func (s *Service) Absences(ctx context.Context, p soar.Principal, person string) ([]soar.Absence, error) {
	if err := readable(p, person, "people.Absences"); err != nil {
		return nil, err
	}
	return s.o.Store.Absences(ctx, person, s.now())
}

// Away keeps an absence and gives it with its id. One's own needs absence:set,
// another's absence:manage. Nobody makes himself the delegate of another, and an
// absence that began before now begins now: what was asked of people in the past
// stays as it was.
func (s *Service) Away(ctx context.Context, p soar.Principal, a soar.Absence) (soar.Absence, error) {
	const op = "people.Away"
	if err := mayManageAbsence(op, p, a.Person); err != nil {
		return soar.Absence{}, err
	}
	if a.Delegate == p.Actor.ID && a.Delegate != a.Person {
		denied := soar.Errorf(soar.CodeDenied, op, "you may not make yourself the delegate of somebody else: %.80q has to, or another lead", a.Person)
		return soar.Absence{}, s.refuse(ctx, p, "make himself the delegate of "+soar.Shorten(a.Person, textMost), denied)
	}
	now := s.now()
	a.From, a.Until, a.Reason = a.From.UTC().Truncate(time.Microsecond), a.Until.UTC().Truncate(time.Microsecond), strings.TrimSpace(a.Reason)
	if a.From.Before(now) {
		a.From = now
	}
	switch {
	case !a.Until.After(a.From):
		return soar.Absence{}, invalid(op, "until", "an absence must end after it begins, and not in the past")
	case a.Until.Sub(a.From) > absentMost:
		return soar.Absence{}, invalid(op, "until", "an absence lasts a year at most: who is away for longer has left")
	case len(a.Reason) > reasonMost:
		return soar.Absence{}, invalid(op, "reason", "a reason has at most %d bytes", reasonMost)
	}
	if err := s.checkDelegate(ctx, op, a); err != nil {
		return soar.Absence{}, err
	}
	id, err := s.id(op, "ABS-")
	if err != nil {
		return soar.Absence{}, err
	}
	a.ID, a.By, a.RevokedAt = id, p.Actor, nil
	stands := "nobody stands in"
	if a.Delegate != "" {
		stands = a.Delegate + " stands in"
	}
	event := record.Payload{
		At: now, Kind: protocol.EventAbsenceSet, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("%s is away from %s until %s, %s; set by %s", a.Person, a.From.Format(time.RFC3339), a.Until.Format(time.RFC3339), stands, p.Actor.ID), 500),
		Data: data(map[string]any{"absence": a, "token": p.Token}),
	}
	return a, s.o.Store.AbsenceAdd(ctx, a, event)
}

func mayManageAbsence(op string, p soar.Principal, person string) error {
	if p.Actor.Kind == soar.ActorPerson && person == p.Actor.ID {
		return access.Require(p, access.AbsenceSet, op)
	}
	return access.Require(p, access.AbsenceManage, op)
}

func (s *Service) checkDelegate(ctx context.Context, op string, a soar.Absence) error {
	if err := s.mustKnow(ctx, op, "person", a.Person); err != nil || a.Delegate == "" {
		return err
	}
	if a.Delegate == a.Person {
		return invalid(op, "delegate", "the delegate is somebody else, or nobody")
	}
	if err := s.mustKnow(ctx, op, "delegate", a.Delegate); err != nil {
		return err
	}
	person, err := s.Find(ctx, a.Person)
	if err != nil {
		return err
	}
	delegate, err := s.Find(ctx, a.Delegate)
	if err == nil && !mayStandIn(delegate, person) {
		return invalid(op, "delegate", "%.80q administers, and who administers does not approve", a.Delegate)
	}
	return err
}

// Back ends an absence now; not_found when there is none.
func (s *Service) Back(ctx context.Context, p soar.Principal, id, reason string) (soar.Absence, error) {
	const op = "people.Back"
	a, err := s.o.Store.Absence(ctx, id)
	if soar.CodeOf(err) == soar.CodeNotFound && !access.Can(p, access.AbsenceManage) {
		return soar.Absence{}, access.Require(p, access.AbsenceManage, op)
	}
	if err != nil {
		return soar.Absence{}, err
	}
	if err := mayManageAbsence(op, p, a.Person); err != nil {
		return soar.Absence{}, err
	}
	if reason, err = cleanReason(op, reason); err != nil {
		return soar.Absence{}, err
	}
	now := s.now()
	event := record.Payload{
		At: now, Kind: protocol.EventAbsenceEnded, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("Absence %s of %s ended by %s: %s", a.ID, a.Person, p.Actor.ID, reason), 500),
		Data: data(map[string]any{"absence": a.ID, "reason": reason, "token": p.Token}),
	}
	if err := s.o.Store.AbsenceEnd(ctx, id, now, event); err != nil {
		return soar.Absence{}, err
	}
	a.RevokedAt = &now
	return a, nil
}
