package store

import (
	"context"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/internal/store/postgres"
	"github.com/tocsin-soar/tocsin/internal/store/sqlcgen"
)

// TokenInsert keeps a new token's hash with its record entry in the system chain.
func (s *Store) TokenInsert(ctx context.Context, token soar.Token, event record.Payload) error {
	const op = "store.TokenInsert"
	if token.ID == "" || len(token.Hash) == 0 {
		return soar.Errorf(soar.CodeInvalid, op, "a token needs an id and a hash")
	}
	actor, err := postgres.Document(op, token.Actor)
	if err != nil {
		return err
	}
	roles := make([]string, 0, len(token.Roles))
	for _, role := range token.Roles {
		roles = append(roles, string(role))
	}
	arg := sqlcgen.TokenInsertParams{
		ID: token.ID, Name: postgres.Clean(token.Name), Hash: token.Hash, Actor: actor, Roles: roles, Source: postgres.Clean(token.Source),
		Scopes: append([]string{}, token.Scopes...), Cidrs: append([]string{}, token.CIDRs...),
		CreatedAt: token.CreatedAt.UTC(), ExpiresAt: token.ExpiresAt,
	}
	return s.writeKeyed(ctx, op, "token "+token.ID, func(ctx context.Context, t *tx) error {
		if err := t.Queries.TokenInsert(ctx, arg); err != nil {
			return err
		}
		return t.append(ctx, record.ChainSystem, event)
	})
}

// TokenFind gives a token by its id, also when it is revoked or expired: the
// caller looks at that.
func (s *Store) TokenFind(ctx context.Context, id string) (soar.Token, error) {
	const op = "store.TokenFind"
	var token soar.Token
	err := s.read(ctx, op, func(ctx context.Context) error {
		row, err := s.queries.TokenFind(ctx, id)
		if err != nil {
			return postgres.Missing(op, err, "token", id)
		}
		token, err = tokenFrom(row)
		return err
	})
	return token, err
}

// TokenList gives all tokens, newest first.
func (s *Store) TokenList(ctx context.Context) ([]soar.Token, error) {
	out := []soar.Token{}
	err := s.read(ctx, "store.TokenList", func(ctx context.Context) error {
		rows, err := s.queries.TokenList(ctx)
		for _, row := range rows {
			token, err := tokenFrom(row)
			if err != nil {
				return err
			}
			out = append(out, token)
		}
		return err
	})
	return out, err
}

// TokenRevoke ends a token now, with its record entry. Again does nothing.
func (s *Store) TokenRevoke(ctx context.Context, id string, event record.Payload) error {
	const op = "store.TokenRevoke"
	return s.writeKeyed(ctx, op, "", func(ctx context.Context, t *tx) error {
		if _, err := t.Queries.TokenFind(ctx, id); err != nil {
			return postgres.Missing(op, err, "token", id)
		}
		n, err := t.Queries.TokenRevoke(ctx, id)
		if err != nil || n == 0 {
			return err
		}
		return t.append(ctx, record.ChainSystem, event)
	})
}

// TokenTouch notes that a token was used, at most once a minute.
func (s *Store) TokenTouch(ctx context.Context, id string) error {
	return s.read(ctx, "store.TokenTouch", func(ctx context.Context) error { return s.queries.TokenTouch(ctx, id) })
}

func tokenFrom(row sqlcgen.Token) (soar.Token, error) {
	actor, err := postgres.Parse[soar.Actor](row.Actor)
	roles := make([]soar.Role, 0, len(row.Roles))
	for _, role := range row.Roles {
		roles = append(roles, soar.Role(role))
	}
	return soar.Token{
		ID: row.ID, Name: row.Name, Hash: row.Hash, Actor: actor, Roles: roles, Source: row.Source, Scopes: row.Scopes,
		CIDRs: row.Cidrs, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, LastUsedAt: row.LastUsedAt, RevokedAt: row.RevokedAt,
	}, err
}
