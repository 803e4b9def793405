package access

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// touchEvery bounds how often the use of one token is written down.
const touchEvery = time.Minute

// tokenFinder is what checking a token needs of the store.
type tokenFinder interface {
	TokenFind(ctx context.Context, id string) (soar.Token, error)
	TokenTouch(ctx context.Context, id string) error
}

// Authenticator turns the token of a request into a principal.
type Authenticator struct {
	store tokenFinder
	now   func() time.Time
	log   *slog.Logger
}

// NewAuthenticator makes one.
func NewAuthenticator(store tokenFinder, now func() time.Time, log *slog.Logger) *Authenticator {
	return &Authenticator{store: store, now: now, log: log}
}

// Authenticate checks a token, with or without "Bearer " before it, that came
// from remote. Every refusal gives the same unauthenticated error, so that a
// caller cannot learn which tokens exist; the log says why. A store that does not
// answer gives unavailable.
func (a *Authenticator) Authenticate(ctx context.Context, header string, remote netip.Addr) (soar.Principal, error) {
	id, key, err := ParseToken(bearer(header))
	if err != nil {
		return a.refuse(ctx, "", "malformed", remote)
	}
	token, err := a.store.TokenFind(ctx, id)
	if soar.CodeOf(err) == soar.CodeNotFound {
		Matches(key, Hash(secret.New(id))) // as much work as for a token that exists
		return a.refuse(ctx, id, "unknown", remote)
	}
	if err != nil {
		return soar.Principal{}, soar.Wrap(soar.CodeUnavailable, "access.Authenticate", err, "the token cannot be checked now, try again")
	}
	if !Matches(key, token.Hash) {
		return a.refuse(ctx, id, "wrong secret", remote)
	}
	if why := unusable(token, a.now(), remote); why != "" {
		return a.refuse(ctx, id, why, remote)
	}
	a.touch(ctx, token)
	return soar.Principal{Actor: token.Actor, Roles: token.Roles, Source: token.Source, Scopes: token.Scopes, Token: token.ID}, nil
}

// unusable says why a token with the right secret may not be used; "" when it may.
func unusable(token soar.Token, now time.Time, remote netip.Addr) string {
	switch {
	case token.RevokedAt != nil:
		return "revoked"
	case token.ExpiresAt != nil && !now.Before(*token.ExpiresAt):
		return "expired"
	case !permitted(token.CIDRs, remote):
		return "network not permitted"
	case slices.Contains(token.Roles, soar.RoleTool) && token.Source == "":
		return "a tool's token without a source"
	default:
		return ""
	}
}

// permitted tells whether remote lies in one of the networks. No networks means
// anywhere; a network that cannot be read permits nothing.
func permitted(networks []string, remote netip.Addr) bool {
	if len(networks) == 0 {
		return true
	}
	return slices.ContainsFunc(networks, func(text string) bool {
		network, err := netip.ParsePrefix(text)
		return err == nil && network.Contains(remote.Unmap().WithZone(""))
	})
}

func (a *Authenticator) touch(ctx context.Context, token soar.Token) {
	if token.LastUsedAt != nil && a.now().Sub(*token.LastUsedAt) < touchEvery {
		return
	}
	if err := a.store.TokenTouch(ctx, token.ID); err != nil {
		a.log.WarnContext(ctx, "the use of a token was not written down", "token", token.ID, "error", err)
	}
}

func (a *Authenticator) refuse(ctx context.Context, id, why string, remote netip.Addr) (soar.Principal, error) {
	a.log.InfoContext(ctx, "a token was refused", "token", id, "why", why, "remote", remote.String())
	return soar.Principal{}, soar.Errorf(soar.CodeUnauthenticated, "access.Authenticate", "a valid token is needed")
}

func bearer(header string) string {
	header = strings.TrimSpace(header)
	const scheme = "bearer "
	if len(header) > len(scheme) && strings.EqualFold(header[:len(scheme)], scheme) {
		return strings.TrimSpace(header[len(scheme):])
	}
	return header
}
