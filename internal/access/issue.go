package access

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of a token's life.
const (
	LifeDefault = 90 * 24 * time.Hour
	LifeMost    = 366 * 24 * time.Hour
	nameMost    = 200 // bytes of a name or a person's id
)

// tokenKeeper is what keeping tokens needs of the store. The event is written in
// the same transaction.
type tokenKeeper interface {
	TokenInsert(ctx context.Context, token soar.Token, event record.Payload) error
	TokenList(ctx context.Context) ([]soar.Token, error)
	TokenRevoke(ctx context.Context, id string, event record.Payload) error
}

// Tokens makes, lists and revokes API tokens.
type Tokens struct {
	store  tokenKeeper
	random io.Reader
	now    func() time.Time
}

// NewTokens makes the use case. random is crypto/rand.Reader outside tests.
func NewTokens(store tokenKeeper, random io.Reader, now func() time.Time) *Tokens {
	return &Tokens{store: store, random: random, now: now}
}

// TokenRequest says what token is wanted. Exactly one of Person and Source is
// given: a person's id for somebody who works with the product, a source's name
// for a detection tool.
type TokenRequest struct {
	Name   string        // for people: "wazuh manager"
	Person string        // stable id of the person: soc-lead@lab.invalid
	Source string        // the one source the tool may speak for
	Roles  []soar.Role   // of the person; a tool has the role tool and no other
	Scopes []string      // permissions or "noun:*"; empty: all that the roles permit
	CIDRs  []string      // networks it may be used from; empty: any
	Life   time.Duration // 0: LifeDefault; at most LifeMost
}

// Issued is a new token with its text, which is shown this once and kept nowhere.
type Issued struct {
	Token soar.Token
	Text  secret.String
}

// Create makes a token for somebody else. It needs token:manage; nobody gives
// himself a token that decides approvals.
func (t *Tokens) Create(ctx context.Context, p soar.Principal, request TokenRequest) (Issued, error) {
	const op = "access.Create"
	if err := Require(p, TokenManage, op); err != nil {
		return Issued{}, err
	}
	if request.Person != "" && request.Person == p.Actor.ID && slices.ContainsFunc(request.Roles, decides) {
		return Issued{}, soar.Errorf(soar.CodeDenied, op, "you may not give yourself a role that decides approvals: another administrator has to")
	}
	return t.Issue(ctx, p.Actor, request)
}

// Issue makes a token without asking who wants it. It is for the first token of a
// new installation, made on the machine itself; everything else calls Create.
func (t *Tokens) Issue(ctx context.Context, by soar.Actor, request TokenRequest) (Issued, error) {
	if err := request.check(); err != nil {
		return Issued{}, err
	}
	fresh, err := NewToken(t.random)
	if err != nil {
		return Issued{}, soar.Wrap(soar.CodeInternal, "access.Issue", err, "no token could be made")
	}
	token := request.token(fresh, t.now().UTC())
	event, err := tokenEvent(protocol.EventTokenCreated, by, token, "token for "+token.Actor.String()+" created")
	if err != nil {
		return Issued{}, err
	}
	if err := t.store.TokenInsert(ctx, token, event); err != nil {
		return Issued{}, fmt.Errorf("store the token: %w", err)
	}
	return Issued{Token: token, Text: fresh.Text}, nil
}

// List gives all tokens without their hashes. It needs token:read.
func (t *Tokens) List(ctx context.Context, p soar.Principal) ([]soar.Token, error) {
	if err := Require(p, TokenRead, "access.List"); err != nil {
		return nil, err
	}
	tokens, err := t.store.TokenList(ctx)
	for i := range tokens {
		tokens[i].Hash = nil
	}
	return tokens, err
}

// Revoke ends a token at once. It needs token:manage; not_found when there is no
// such token.
func (t *Tokens) Revoke(ctx context.Context, p soar.Principal, id, reason string) error {
	const op = "access.Revoke"
	if err := Require(p, TokenManage, op); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return invalid(op, "reason", "say why the token is revoked")
	}
	event, err := tokenEvent(protocol.EventTokenRevoked, p.Actor, soar.Token{ID: id}, "token "+soar.Shorten(id, 40)+" revoked: "+soar.Shorten(reason, 500))
	if err != nil {
		return err
	}
	event.At = t.now().UTC()
	return t.store.TokenRevoke(ctx, id, event)
}

func (r TokenRequest) token(fresh Fresh, now time.Time) soar.Token {
	life := r.Life
	if life == 0 {
		life = LifeDefault
	}
	expires := now.Add(life)
	token := soar.Token{
		ID: fresh.ID, Name: r.Name, Hash: fresh.Hash, Roles: r.Roles, Source: r.Source,
		Scopes: r.Scopes, CIDRs: r.CIDRs, CreatedAt: now, ExpiresAt: &expires,
	}
	if r.Source != "" {
		token.Actor = soar.Actor{Kind: soar.ActorTool, ID: r.Source, Name: r.Name}
		token.Roles = []soar.Role{soar.RoleTool}
		return token
	}
	token.Actor = soar.Actor{Kind: soar.ActorPerson, ID: r.Person, Name: r.Name}
	return token
}

// tokenEvent says in the record what the token may do, never its secret or hash.
func tokenEvent(kind string, by soar.Actor, token soar.Token, text string) (record.Payload, error) {
	data, err := json.Marshal(token)
	if err != nil {
		return record.Payload{}, fmt.Errorf("encode the token's record entry: %w", err)
	}
	return record.Payload{At: token.CreatedAt, Kind: kind, By: by, Text: text, Data: data}, nil
}

func (r TokenRequest) check() error {
	const op = "access.Issue"
	switch {
	case strings.TrimSpace(r.Name) == "" || len(r.Name) > nameMost:
		return invalid(op, "name", "a name of 1 to %d bytes is needed", nameMost)
	case (r.Person == "") == (r.Source == ""):
		return invalid(op, "person", "give either a person or a source")
	case r.Life < 0 || r.Life > LifeMost:
		return invalid(op, "life", "a token lives at most %d days", LifeMost/(24*time.Hour))
	}
	if err := r.checkRoles(op); err != nil {
		return err
	}
	for _, scope := range r.Scopes {
		if !ValidScope(scope) {
			return invalid(op, "scopes", "%q is not a permission", soar.Shorten(scope, 60))
		}
	}
	for _, network := range r.CIDRs {
		if _, err := netip.ParsePrefix(network); err != nil {
			return invalid(op, "cidrs", "%q is not a network such as 192.0.2.0/24", soar.Shorten(network, 60))
		}
	}
	return nil
}

func (r TokenRequest) checkRoles(op string) error {
	if r.Source != "" {
		if len(r.Roles) > 1 || (len(r.Roles) == 1 && r.Roles[0] != soar.RoleTool) {
			return invalid(op, "roles", "a tool has the role tool and no other")
		}
		return nil
	}
	if len(r.Roles) == 0 || len(r.Person) > nameMost {
		return invalid(op, "roles", "a person needs an id of at most %d bytes and at least one role", nameMost)
	}
	for _, role := range r.Roles {
		if role == soar.RoleTool || !slices.Contains(soar.Roles(), role) {
			return invalid(op, "roles", "%q is not a role of people", soar.Shorten(string(role), 60))
		}
	}
	if slices.Contains(r.Roles, soar.RoleAdmin) && slices.ContainsFunc(r.Roles, decides) {
		return invalid(op, "roles", "who administers does not approve: use two tokens of two people")
	}
	return nil
}

func decides(role soar.Role) bool { return slices.Contains(Granted(role), ApprovalDecide) }

func invalid(op, field, format string, args ...any) error {
	fault := soar.Errorf(soar.CodeInvalid, op, format, args...)
	fault.Field = field
	return fault
}
