package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// CodeLife is how long a code is good.
const CodeLife = 10 * time.Minute

// codeBytes give 16 characters: 80 bits, so that guessing needs no limit.
const codeBytes = 10

// keeper is internal/store/chat.
type keeper interface {
	Identities(ctx context.Context, person string) ([]soar.SlackIdentity, error)
	Identity(ctx context.Context, team, user string) (soar.SlackIdentity, error)
	CodeAdd(ctx context.Context, hash []byte, code soar.SlackCode) error
	Claim(ctx context.Context, hash []byte, person string, by soar.Actor, at time.Time, tell func(soar.SlackIdentity) record.Payload) (soar.SlackIdentity, error)
	Unlink(ctx context.Context, team, user string, at time.Time, event record.Payload) error
}

// directory is internal/people: people as things stand now.
type directory interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
}

// Options are what the use case needs.
type Options struct {
	Store  keeper
	People directory
	Random io.Reader // crypto/rand.Reader outside tests
	Now    func() time.Time
}

// Service is the use case. It is safe for concurrent use.
type Service struct{ o Options }

// New makes the use case.
func New(o Options) *Service { return &Service{o} }

func (s *Service) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// Code makes a one-time code for a Slack user and ends older ones of his.
func (s *Service) Code(ctx context.Context, team, user string) (code string, expires time.Time, err error) {
	const op = "identity.Code"
	raw := make([]byte, codeBytes)
	if _, err := io.ReadFull(s.o.Random, raw); err != nil {
		return "", time.Time{}, soar.Wrap(soar.CodeInternal, op, err, "no code could be made")
	}
	code = crockford().EncodeToString(raw)
	now := s.now()
	err = s.o.Store.CodeAdd(ctx, hash(code), soar.SlackCode{Team: team, User: user, MadeAt: now, ExpiresAt: now.Add(CodeLife)})
	return code[:4] + "-" + code[4:8] + "-" + code[8:12] + "-" + code[12:], now.Add(CodeLife), err
}

// Claim links the Slack user who was shown the code with whoever calls. Only a
// person can do that, for himself, and not with a token of less than all he may do:
// in Slack he will act with all his roles.
func (s *Service) Claim(ctx context.Context, p soar.Principal, code string) (soar.SlackIdentity, error) {
	const op = "identity.Claim"
	switch {
	case p.Actor.Kind != soar.ActorPerson || p.Actor.ID == "":
		return soar.SlackIdentity{}, soar.Errorf(soar.CodeDenied, op, "only a person can be a Slack user")
	case len(p.Scopes) > 0:
		return soar.SlackIdentity{}, soar.Errorf(soar.CodeDenied, op, "this token permits less than its person: link with one that has no scopes")
	}
	clean := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	if _, err := crockford().DecodeString(clean); err != nil || len(clean) != crockford().EncodedLen(codeBytes) {
		err := soar.Errorf(soar.CodeInvalid, op, "a code looks like 7Q2M-9XKD-4T1C-PA5E: write /tocsin link in Slack for one")
		err.Field = "code"
		return soar.SlackIdentity{}, err
	}
	now := s.now()
	return s.o.Store.Claim(ctx, hash(clean), p.Actor.ID, p.Actor, now, func(made soar.SlackIdentity) record.Payload {
		return record.Payload{At: now, Kind: protocol.EventSlackLinked, By: p.Actor,
			Text: fmt.Sprintf("%s is Slack user %s of workspace %s", made.Person, made.User, made.Team), Data: data(made, p.Token)}
	})
}

// Unlink ends the link of a Slack user: by the person himself, or by who manages people.
func (s *Service) Unlink(ctx context.Context, p soar.Principal, team, user string) error {
	const op = "identity.Unlink"
	link, err := s.o.Store.Identity(ctx, team, user)
	mine := err == nil && p.Actor.Kind == soar.ActorPerson && p.Actor.ID == link.Person
	if !mine {
		if denied := access.Require(p, access.PersonManage, op); denied != nil {
			return denied // whether the user is linked is not said
		}
	}
	if err != nil {
		return err
	}
	now := s.now()
	return s.o.Store.Unlink(ctx, team, user, now, record.Payload{At: now, Kind: protocol.EventSlackUnlinked, By: p.Actor,
		Text: fmt.Sprintf("%s is Slack user %s of workspace %s no more", link.Person, user, team), Data: data(link, p.Token)})
}

// List gives who is linked; to who may not read the directory, himself alone.
func (s *Service) List(ctx context.Context, p soar.Principal) ([]soar.SlackIdentity, error) {
	const op = "identity.List"
	if access.Require(p, access.PersonRead, op) == nil {
		return s.o.Store.Identities(ctx, "")
	}
	if p.Actor.Kind != soar.ActorPerson || p.Actor.ID == "" {
		return nil, soar.Errorf(soar.CodeDenied, op, "only a person can be a Slack user")
	}
	return s.o.Store.Identities(ctx, p.Actor.ID)
}

// Of gives the Slack users of a person, for telling him something.
func (s *Service) Of(ctx context.Context, person string) ([]soar.SlackIdentity, error) {
	return s.o.Store.Identities(ctx, person)
}

// Person gives the person behind a Slack user as things stand now; not_found when
// nobody is linked, denied when the person is not active any more.
func (s *Service) Person(ctx context.Context, team, user string) (soar.Person, error) {
	const op = "identity.Person"
	link, err := s.o.Store.Identity(ctx, team, user)
	if err != nil {
		return soar.Person{}, err
	}
	person, err := s.o.People.Find(ctx, link.Person)
	switch {
	case soar.CodeOf(err) == soar.CodeNotFound:
		return soar.Person{}, soar.Wrap(soar.CodeDenied, op, err, "you are linked to %s, whom nobody knows any more", link.Person)
	case err != nil:
		return soar.Person{}, err
	case !person.Active:
		return soar.Person{}, soar.Errorf(soar.CodeDenied, op, "%s is not active any more", link.Person)
	}
	return person, nil
}

func crockford() *base32.Encoding {
	return base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)
}

func hash(code string) []byte {
	sum := sha256.Sum256([]byte("tocsin slack code " + code))
	return sum[:]
}

// data writes what goes into a record entry; its values are of JSON's kinds only.
func data(link soar.SlackIdentity, token string) json.RawMessage {
	raw, _ := json.Marshal(map[string]any{"team": link.Team, "user": link.User, "person": link.Person, "token": token})
	return raw
}
