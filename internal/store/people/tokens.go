package people

import (
	"context"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store"
)

// Tokens are the store's tokens, bounded by the directory: a token of somebody who
// stands there carries no role that he does not hold, and none works of who has left.
type Tokens struct {
	*store.Store
	people People
}

// NewTokens gives the tokens in this database.
func NewTokens(s *store.Store) Tokens { return Tokens{s, New(s)} }

// TokenFind gives a token by its id, as the directory bounds it.
func (k Tokens) TokenFind(ctx context.Context, id string) (soar.Token, error) {
	token, err := k.Store.TokenFind(ctx, id)
	if err != nil || token.Actor.Kind != soar.ActorPerson {
		return token, err
	}
	person, err := k.people.Person(ctx, token.Actor.ID)
	switch {
	case soar.CodeOf(err) == soar.CodeNotFound:
		return token, nil // known by the token only
	case err != nil:
		return soar.Token{}, err
	case !person.Active && token.RevokedAt == nil:
		token.RevokedAt = &person.UpdatedAt
	}
	held := person.RoleNames()
	token.Roles = slices.DeleteFunc(token.Roles, func(role soar.Role) bool { return !slices.Contains(held, role) })
	return token, nil
}

// TokenInsert keeps a new token, unless its person has left or the token carries a
// role that he does not hold.
func (k Tokens) TokenInsert(ctx context.Context, token soar.Token, event record.Payload) error {
	if token.Actor.Kind == soar.ActorPerson {
		person, err := k.people.Person(ctx, token.Actor.ID)
		if err == nil {
			err = fits(token, person)
		}
		if err != nil && soar.CodeOf(err) != soar.CodeNotFound {
			return err
		}
	}
	return k.Store.TokenInsert(ctx, token, event)
}

func fits(token soar.Token, person soar.Person) error {
	const op = "people.TokenInsert"
	if !person.Active {
		return soar.Errorf(soar.CodeConflict, op, "%.80q has left: no token is made for who is not active", person.ID)
	}
	for _, role := range token.Roles {
		if !slices.Contains(person.RoleNames(), role) {
			return soar.Errorf(soar.CodeConflict, op, "%.80q does not hold the role %s: grant it to the person first", person.ID, role)
		}
	}
	return nil
}
