package people

import (
	"context"
	"slices"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Unqualified gives the classes of the actions (connector.action) for which the
// person has no qualification that is valid at the instant, in the order of
// competence.yaml. Where no class is configured nobody lacks anything.
func (s *Service) Unqualified(ctx context.Context, personID string, actions []string, at time.Time) (missing []string, err error) {
	demanded := s.o.Policy.Demanded(actions)
	if len(demanded) == 0 {
		return nil, nil
	}
	held, err := s.o.Store.Qualifications(ctx, personID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(demanded, func(class string) bool {
		_, ok := qualified(held, personID, class, at)
		return ok
	}), nil
}

// qualified tells whether a person may decide a class at an instant, and until when
// what he has holds without a gap.
func qualified(held []soar.Qualification, person, class string, at time.Time) (until time.Time, ok bool) {
	for longer := true; longer; {
		longer = false
		for _, q := range held {
			if q.Person != person || q.Class != class || q.RevokedAt != nil && !at.Before(*q.RevokedAt) {
				continue
			}
			from := at
			if ok {
				from = until
			}
			if !q.ValidFrom.After(from) && q.ValidUntil.After(from) {
				until, ok, longer = q.ValidUntil, true, true
			}
		}
	}
	return until, ok
}

// Represents gives the active people who are away at the instant and named this
// person as their delegate, sorted by id. Delegation is not passed on, and who
// administers stands in for nobody who approves.
func (s *Service) Represents(ctx context.Context, personID string, at time.Time) ([]soar.Person, error) {
	absences, err := s.o.Store.Represented(ctx, personID, at)
	if err != nil || len(absences) == 0 {
		return nil, err
	}
	delegate, err := s.Find(ctx, personID)
	if err != nil {
		return nil, err
	}
	var away []soar.Person
	for _, absence := range absences {
		person, err := s.Find(ctx, absence.Person)
		if soar.CodeOf(err) == soar.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(away, func(p soar.Person) bool { return p.ID == person.ID })
		if person.Active && !known && mayStandIn(delegate, person) {
			away = append(away, person)
		}
	}
	return away, nil
}

// mayStandIn keeps two duties apart that no one person may have (see internal/access).
func mayStandIn(delegate, away soar.Person) bool {
	return delegate.Active && delegate.ID != away.ID &&
		!(slices.Contains(delegate.RoleNames(), soar.RoleAdmin) && slices.ContainsFunc(away.RoleNames(), decides))
}

func decides(role soar.Role) bool {
	return slices.Contains(access.Granted(role), access.ApprovalDecide)
}
