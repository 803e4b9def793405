package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// leastApprovers is how many people should be able to approve what belongs to no
// class: one to ask, and one who decides.
const leastApprovers = 2

// Slate says who may approve what at an instant, for one class or, when class is
// empty, for all and for what belongs to none. It needs person:read.
func (s *Service) Slate(ctx context.Context, p soar.Principal, class string, at time.Time) (soar.Slate, error) {
	const op = "people.Slate"
	if err := access.Require(p, access.PersonRead, op); err != nil {
		return soar.Slate{}, err
	}
	classes := append([]policy.Class{{Title: "actions of no class", Least: leastApprovers}}, s.o.Policy.Classes...)
	if class != "" {
		found := s.o.Policy.Class(class)
		if found == nil {
			return soar.Slate{}, invalid(op, "class", "%q is not a class of competence.yaml; %s", soar.Shorten(class, 60),
				cmp.Or(diag.DidYouMean(class, s.o.Policy.ClassNames()), "it names "+cmp.Or(diag.OneOf(s.o.Policy.ClassNames()), "none yet")))
		}
		classes = []policy.Class{*found}
	}
	return s.slate(ctx, classes, at)
}

func (s *Service) slate(ctx context.Context, classes []policy.Class, at time.Time) (soar.Slate, error) {
	at = at.UTC().Truncate(time.Microsecond)
	people, err := s.everybody(ctx, at)
	if err != nil {
		return soar.Slate{}, err
	}
	held, err := s.o.Store.Qualifications(ctx, "")
	if err != nil {
		return soar.Slate{}, err
	}
	absences, err := s.o.Store.Absences(ctx, "", at)
	if err != nil {
		return soar.Slate{}, err
	}
	moment := moment{people, held, absences, at}
	out := soar.Slate{At: at}
	for _, class := range classes {
		as := moment.class(class)
		out.Classes = append(out.Classes, as)
		out.Alarm = out.Alarm || as.Alarm
	}
	return out, nil
}

// moment is all that says who may decide at an instant.
type moment struct {
	people   []soar.Person
	held     []soar.Qualification
	absences []soar.Absence
	at       time.Time
}

func (m moment) class(class policy.Class) soar.ClassSlate {
	out := soar.ClassSlate{Class: class.Name, Title: class.Title, Least: class.Least}
	able := map[string]bool{}
	for _, role := range soar.Roles() {
		if !decides(role) {
			continue
		}
		as := m.role(class, role)
		for _, standing := range as.Able {
			able[standing.Person] = true
		}
		out.Roles = append(out.Roles, as)
	}
	out.Able = len(able)
	out.Alarm = out.Able < out.Least
	return out
}

func (m moment) role(class policy.Class, role soar.Role) soar.RoleSlate {
	out := soar.RoleSlate{Role: role, Able: []soar.Standing{}, Unable: []soar.Standing{}}
	add := func(s soar.Standing) {
		if s.Why == "" {
			out.Able = append(out.Able, s)
			return
		}
		out.Unable = append(out.Unable, s)
	}
	for _, person := range m.people {
		if !person.Active || !m.holds(person, role) {
			continue
		}
		out.Holders++
		add(m.standing(class, person, ""))
		if absence := m.absence(person.ID); absence != nil {
			if delegate, ok := m.delegate(absence.Delegate, person); ok && !m.holds(delegate, role) {
				add(m.standing(class, delegate, person.ID))
			}
		}
	}
	return out
}

// holds tells whether the person holds the role at the instant already.
func (m moment) holds(p soar.Person, role soar.Role) bool {
	return slices.ContainsFunc(p.Roles, func(g soar.RoleGrant) bool { return g.Role == role && !g.Since.After(m.at) })
}

func (m moment) standing(class policy.Class, p soar.Person, instead string) soar.Standing {
	out := soar.Standing{Person: p.ID, Name: p.Name, For: instead}
	var why []string
	if absence := m.absence(p.ID); absence != nil {
		why = append(why, "away until "+Local(absence.Until, p.Zone))
	}
	if class.Name != "" {
		until, ok := qualified(m.held, p.ID, class.Name, m.at)
		if ok {
			out.QualifiedUntil, out.Soon = &until, until.Sub(m.at) <= class.WarnBefore
		} else {
			why = append(why, m.lacks(class.Name, p))
		}
	}
	out.Why = strings.Join(why, "; ")
	return out
}

// lacks says why somebody is not qualified.
func (m moment) lacks(class string, p soar.Person) string {
	var last *soar.Qualification
	for i, q := range m.held {
		if q.Person == p.ID && q.Class == class && (last == nil || q.ValidUntil.After(last.ValidUntil)) {
			last = &m.held[i]
		}
	}
	switch {
	case last == nil:
		return "not qualified"
	case last.RevokedAt != nil && !m.at.Before(*last.RevokedAt):
		return "qualification revoked " + Local(*last.RevokedAt, p.Zone)
	case m.at.Before(last.ValidFrom):
		return "qualified from " + Local(last.ValidFrom, p.Zone)
	default:
		return "qualification ended " + Local(last.ValidUntil, p.Zone)
	}
}

// absence gives what keeps a person away at the instant; nil when nothing does. Of
// several the one with a delegate counts.
func (m moment) absence(person string) *soar.Absence {
	var found *soar.Absence
	for i, a := range m.absences {
		if a.Person == person && a.Covers(m.at) && (found == nil || found.Delegate == "") {
			found = &m.absences[i]
		}
	}
	return found
}

func (m moment) delegate(id string, away soar.Person) (soar.Person, bool) {
	i := slices.IndexFunc(m.people, func(p soar.Person) bool { return p.ID == id })
	if i < 0 || !mayStandIn(m.people[i], away) {
		return soar.Person{}, false
	}
	return m.people[i], true
}

// Local writes an instant in a person's zone, with the zone's short name and what it
// is in UTC unless it is UTC.
func Local(at time.Time, zone string) string {
	const form = "2006-01-02 15:04 MST"
	utc := at.UTC().Format(form)
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "UTC" {
		return utc
	}
	return fmt.Sprintf("%s (%s)", at.In(place).Format(form), utc)
}
