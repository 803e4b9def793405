package people

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Find gives one person as things stand now; not_found when neither the directory
// nor a token names this id. Who has only tokens that ended is not active.
func (s *Service) Find(ctx context.Context, personID string) (soar.Person, error) {
	person, err := s.o.Store.Person(ctx, personID)
	if soar.CodeOf(err) != soar.CodeNotFound {
		return person, err
	}
	tokens, listErr := s.o.Tokens.TokenList(ctx)
	if listErr != nil {
		return soar.Person{}, listErr
	}
	for _, known := range fromTokens(tokens, s.now()) {
		if known.ID == personID {
			return known, nil
		}
	}
	return soar.Person{}, err
}

// Holding gives the active people who hold a role now, sorted by id.
func (s *Service) Holding(ctx context.Context, role soar.Role) ([]soar.Person, error) {
	all, err := s.everybody(ctx, s.now())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p soar.Person) bool { return !p.Active || !slices.Contains(p.RoleNames(), role) }), nil
}

// everybody gives all people as things stand at an instant, sorted by id: the
// directory, and who has tokens only.
func (s *Service) everybody(ctx context.Context, at time.Time) ([]soar.Person, error) {
	all, err := s.o.Store.People(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := s.o.Tokens.TokenList(ctx)
	if err != nil {
		return nil, err
	}
	for _, known := range fromTokens(tokens, at) {
		if !slices.ContainsFunc(all, func(p soar.Person) bool { return p.ID == known.ID }) {
			all = append(all, known)
		}
	}
	slices.SortFunc(all, func(a, b soar.Person) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// fromTokens gives the people that tokens speak for at an instant, sorted by id. A
// role is held since the oldest token that carries it was made. A token with scopes
// gives its person no role, since it was made to do less than the role may; what it
// carries and since when is told apart.
func fromTokens(tokens []soar.Token, at time.Time) []soar.Person {
	found := map[string]*soar.Person{}
	for _, token := range tokens {
		if token.Actor.Kind != soar.ActorPerson {
			continue
		}
		person := found[token.Actor.ID]
		if person == nil {
			person = &soar.Person{ID: token.Actor.ID, Name: token.Actor.Name, Roles: []soar.RoleGrant{}}
			if strings.Contains(person.ID, "@") {
				person.Email = person.ID
			}
			found[person.ID] = person
		}
		if !inForce(token, at) {
			continue
		}
		person.Active = true
		if len(token.Scopes) == 0 {
			person.Roles = withRoles(person.Roles, token)
		} else {
			person.Narrowed = withRoles(person.Narrowed, token)
		}
	}
	people := make([]soar.Person, 0, len(found))
	for _, person := range found {
		people = append(people, *person)
	}
	slices.SortFunc(people, func(a, b soar.Person) int { return strings.Compare(a.ID, b.ID) })
	return people
}

func inForce(token soar.Token, at time.Time) bool {
	return (token.RevokedAt == nil || at.Before(*token.RevokedAt)) && (token.ExpiresAt == nil || at.Before(*token.ExpiresAt))
}

func withRoles(grants []soar.RoleGrant, token soar.Token) []soar.RoleGrant {
	for _, role := range token.Roles {
		i := slices.IndexFunc(grants, func(g soar.RoleGrant) bool { return g.Role == role })
		switch {
		case i < 0:
			grants = append(grants, soar.RoleGrant{Role: role, Since: token.CreatedAt.UTC()})
		case token.CreatedAt.Before(grants[i].Since):
			grants[i].Since = token.CreatedAt.UTC()
		}
	}
	slices.SortFunc(grants, func(a, b soar.RoleGrant) int { return strings.Compare(string(a.Role), string(b.Role)) })
	return grants
}
