package desk

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/oncall"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// keeper is *oncall.Overrides of internal/store/oncall. Events are written in the
// same transaction.
type keeper interface {
	Overrides(ctx context.Context, roster string, after time.Time) ([]soar.RosterOverride, error)
	Override(ctx context.Context, id string) (soar.RosterOverride, error)
	OverrideAdd(ctx context.Context, o soar.RosterOverride, event record.Payload) error
	OverrideEnd(ctx context.Context, id string, at time.Time, event record.Payload) error
}

// people is the directory.
type people interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
}

// absences knows who is away; person empty means everybody.
type absences interface {
	Absences(ctx context.Context, person string, after time.Time) ([]soar.Absence, error)
}

// Options are what the use case needs.
type Options struct {
	Store    keeper
	Absences absences
	People   people
	Rosters  []oncall.Roster // of rosters.yaml
	Random   io.Reader       // crypto/rand.Reader outside tests
	Now      func() time.Time
}

// Service is the use case. It is safe for concurrent use.
type Service struct{ o Options }

// New makes the use case.
func New(o Options) *Service { return &Service{o} }

const (
	lookAhead    = 35 * 24 * time.Hour // how far the end of a shift is looked for
	overrideMost = 366 * 24 * time.Hour
	reasonMost   = 500
)

// Names gives the rosters, in their order.
func (s *Service) Names() []string {
	names := make([]string, len(s.o.Rosters))
	for i, roster := range s.o.Rosters {
		names[i] = roster.Name
	}
	return names
}

// OnCall gives the ids of who is on call by a roster at an instant: one, or none in a
// gap. A roster that the policy files do not have is not_found.
func (s *Service) OnCall(ctx context.Context, roster string, at time.Time) ([]string, error) {
	known, err := s.roster("oncall.OnCall", roster)
	if err != nil {
		return nil, err
	}
	changes, err := s.changes(ctx, roster, at)
	if err != nil {
		return nil, err
	}
	if duty := known.At(at, changes); duty.Person != "" {
		return []string{duty.Person}, nil
	}
	return []string{}, nil
}

// At gives who is on call at an instant by a roster, by all when roster is empty. The
// shift's end is looked for within 35 days.
func (s *Service) At(ctx context.Context, p soar.Principal, roster string, at time.Time) ([]soar.RosterShift, error) {
	const op = "oncall.At"
	if err := access.Require(p, access.PersonRead, op); err != nil {
		return nil, err
	}
	rosters := s.o.Rosters
	if roster != "" {
		known, err := s.roster(op, roster)
		if err != nil {
			return nil, err
		}
		rosters = []oncall.Roster{known}
	}
	out := []soar.RosterShift{}
	for _, known := range rosters {
		changes, err := s.changes(ctx, known.Name, at)
		if err != nil {
			return nil, err
		}
		if shifts := known.Shifts(at, at.Add(lookAhead), changes); len(shifts) > 0 {
			out = append(out, view(known, shifts[0]))
		}
	}
	return out, nil
}

// Shifts gives who is on call by a roster within a span, gaps included.
func (s *Service) Shifts(ctx context.Context, p soar.Principal, roster string, from, until time.Time) ([]soar.RosterShift, error) {
	const op = "oncall.Shifts"
	if err := access.Require(p, access.PersonRead, op); err != nil {
		return nil, err
	}
	known, err := s.roster(op, roster)
	switch {
	case err != nil:
		return nil, err
	case !from.Before(until):
		return nil, invalid(op, "until", "the span must end after it begins")
	case until.Sub(from) > oncall.LongestSpan:
		return nil, invalid(op, "until", "a span has at most 400 days")
	}
	changes, err := s.changes(ctx, known.Name, from)
	if err != nil {
		return nil, err
	}
	out := []soar.RosterShift{}
	for _, shift := range known.Shifts(from, until, changes) {
		out = append(out, view(known, shift))
	}
	return out, nil
}

func view(r oncall.Roster, s oncall.Shift) soar.RosterShift {
	return soar.RosterShift{
		Roster: r.Name, Zone: r.Zone, Person: s.Person, Layer: s.Layer, Override: s.Override, StandsIn: s.StandsIn,
		From: s.From.UTC(), Until: s.Until.UTC(),
	}
}

// Overrides gives those of a roster, of all when it is empty, that have not passed.
func (s *Service) Overrides(ctx context.Context, p soar.Principal, roster string) ([]soar.RosterOverride, error) {
	if err := access.Require(p, access.PersonRead, "oncall.Overrides"); err != nil {
		return nil, err
	}
	return s.o.Store.Overrides(ctx, roster, s.o.Now())
}

// Override puts a person on call for a span. One that began before now begins now:
// who was called in the past stays as it was.
func (s *Service) Override(ctx context.Context, p soar.Principal, o soar.RosterOverride) (soar.RosterOverride, error) {
	const op = "oncall.Override"
	if err := access.Require(p, access.AbsenceManage, op); err != nil {
		return soar.RosterOverride{}, err
	}
	if _, err := s.roster(op, o.Roster); err != nil {
		return soar.RosterOverride{}, err
	}
	now := s.o.Now().UTC().Truncate(time.Microsecond)
	o.From, o.Until, o.Reason = o.From.UTC().Truncate(time.Microsecond), o.Until.UTC().Truncate(time.Microsecond), strings.TrimSpace(o.Reason)
	if o.From.Before(now) {
		o.From = now
	}
	switch {
	case !o.Until.After(o.From):
		return soar.RosterOverride{}, invalid(op, "until", "an override must end after it begins, and not in the past")
	case o.Until.Sub(o.From) > overrideMost:
		return soar.RosterOverride{}, invalid(op, "until", "an override lasts a year at most: change rosters.yaml for longer")
	case o.Reason == "" || len(o.Reason) > reasonMost:
		return soar.RosterOverride{}, invalid(op, "reason", "a reason of at most 500 bytes is needed")
	}
	person, err := s.o.People.Find(ctx, o.Person)
	if soar.CodeOf(err) == soar.CodeNotFound || err == nil && !person.Active {
		return soar.RosterOverride{}, invalid(op, "person", "%.80q is nobody who takes part: see tocsin person list", o.Person)
	}
	if err != nil {
		return soar.RosterOverride{}, err
	}
	bits := make([]byte, 10)
	if _, err := io.ReadFull(s.o.Random, bits); err != nil {
		return soar.RosterOverride{}, soar.Wrap(soar.CodeInternal, op, err, "no id could be made")
	}
	o.ID = "OVR-" + base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").EncodeToString(bits)[:10]
	o.By, o.At, o.RevokedAt = p.Actor, now, nil
	text := fmt.Sprintf("%s is on call by roster %s from %s until %s, set by %s: %s", o.Person, o.Roster, o.From.Format(time.RFC3339), o.Until.Format(time.RFC3339), p.Actor.ID, o.Reason)
	event := record.Payload{At: now, Kind: protocol.EventOverrideSet, By: p.Actor, Text: soar.Shorten(text, 500), Data: data(map[string]any{"override": o, "token": p.Token})}
	return o, s.o.Store.OverrideAdd(ctx, o, event)
}

// EndOverride takes one back now; not_found when there is none.
func (s *Service) EndOverride(ctx context.Context, p soar.Principal, id, reason string) (soar.RosterOverride, error) {
	const op = "oncall.EndOverride"
	if err := access.Require(p, access.AbsenceManage, op); err != nil {
		return soar.RosterOverride{}, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > reasonMost {
		return soar.RosterOverride{}, invalid(op, "reason", "a reason of at most 500 bytes is needed")
	}
	o, err := s.o.Store.Override(ctx, id)
	if err != nil {
		return soar.RosterOverride{}, err
	}
	now := s.o.Now().UTC().Truncate(time.Microsecond)
	event := record.Payload{
		At: now, Kind: protocol.EventOverrideEnded, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("Override %s of roster %s by %s taken back by %s: %s", o.ID, o.Roster, o.Person, p.Actor.ID, reason), 500),
		Data: data(map[string]any{"override": o.ID, "reason": reason, "token": p.Token}),
	}
	o.RevokedAt = &now
	return o, s.o.Store.OverrideEnd(ctx, id, now, event)
}

func (s *Service) roster(op, name string) (oncall.Roster, error) {
	if name == "" && len(s.o.Rosters) == 1 {
		return s.o.Rosters[0], nil
	}
	var names []string
	for _, known := range s.o.Rosters {
		if known.Name == name {
			return known, nil
		}
		names = append(names, known.Name)
	}
	if len(names) == 0 {
		return oncall.Roster{}, soar.Errorf(soar.CodeNotFound, op, "there is no roster %.80q: rosters.yaml has none", name)
	}
	return oncall.Roster{}, soar.Errorf(soar.CodeNotFound, op, "there is no roster %.80q; there are %s", name, strings.Join(names, ", "))
}

// changes are those that count from an instant on.
func (s *Service) changes(ctx context.Context, roster string, from time.Time) (oncall.Changes, error) {
	overrides, err := s.o.Store.Overrides(ctx, roster, from)
	if err != nil {
		return oncall.Changes{}, err
	}
	away, err := s.o.Absences.Absences(ctx, "", from)
	return oncall.Changes{Overrides: overrides, Absences: away}, err
}

func invalid(op, field, format string, args ...any) error {
	return &soar.Error{Code: soar.CodeInvalid, Op: op, Field: field, Message: fmt.Sprintf(format, args...)}
}

// data never fails: all of it is our own plain structs.
func data(values map[string]any) json.RawMessage {
	raw, err := json.Marshal(values)
	if err != nil {
		panic("oncall: " + err.Error())
	}
	return raw
}
