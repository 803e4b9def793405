package people

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// keeper is the directory as internal/store/people keeps it. Events are written in
// the same transaction.
type keeper interface {
	Person(ctx context.Context, id string) (soar.Person, error)
	People(ctx context.Context) ([]soar.Person, error)
	Save(ctx context.Context, before time.Time, after soar.Person, event record.Payload) (soar.Person, error)

	Qualification(ctx context.Context, id string) (soar.Qualification, error)
	Qualifications(ctx context.Context, person string) ([]soar.Qualification, error)
	QualificationAdd(ctx context.Context, q soar.Qualification, event record.Payload) error
	QualificationRevoke(ctx context.Context, id string, at time.Time, event record.Payload) error

	Absence(ctx context.Context, id string) (soar.Absence, error)
	Absences(ctx context.Context, person string, after time.Time) ([]soar.Absence, error)
	Represented(ctx context.Context, delegate string, at time.Time) ([]soar.Absence, error)
	AbsenceAdd(ctx context.Context, a soar.Absence, event record.Payload) error
	AbsenceEnd(ctx context.Context, id string, at time.Time, event record.Payload) error

	Note(ctx context.Context, event record.Payload) error
	Warn(ctx context.Context, message protocol.Message, event record.Payload) (isNew bool, err error)
}

// tokenLister knows people who have a token and no row in the directory.
type tokenLister interface {
	TokenList(ctx context.Context) ([]soar.Token, error)
}

// Options are what the use case needs.
type Options struct {
	Store  keeper
	Tokens tokenLister
	Policy *policy.Policy // the classes of competence.yaml
	Random io.Reader      // crypto/rand.Reader outside tests
	Now    func() time.Time
	Forget func() // called after the directory changed, so that nobody goes on with what is kept of tokens; may be nil
}

// Service is the use case. It is safe for concurrent use.
type Service struct{ o Options }

// New makes the use case.
func New(o Options) *Service {
	if o.Forget == nil {
		o.Forget = func() {}
	}
	return &Service{o}
}

func (s *Service) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// id gives prefix and ten random characters of Crockford's base 32.
func (s *Service) id(op, prefix string) (string, error) {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	raw := make([]byte, 10)
	if _, err := io.ReadFull(s.o.Random, raw); err != nil {
		return "", soar.Wrap(soar.CodeInternal, op, err, "no id could be made")
	}
	return prefix + base32.NewEncoding(crockford).EncodeToString(raw)[:10], nil
}

// data writes what goes into a record entry; its values are of JSON's kinds only.
func data(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return raw
}

func invalid(op, field, format string, args ...any) error {
	fault := soar.Errorf(soar.CodeInvalid, op, format, args...)
	fault.Field = field
	return fault
}

// refuse gives a refusal, and leaves in the system's chain who tried what. When the
// record is away the refusal stands all the same.
func (s *Service) refuse(ctx context.Context, p soar.Principal, tried string, refusal error) error {
	event := record.Payload{
		At: s.now(), Kind: protocol.EventPersonRefused, By: p.Actor,
		Text: soar.Shorten(fmt.Sprintf("%s tried to %s and was refused: %s", p.Actor.ID, tried, soar.MessageOf(refusal)), 500),
		Data: data(map[string]any{"tried": tried, "code": soar.CodeOf(refusal), "token": p.Token}),
	}
	if err := s.o.Store.Note(ctx, event); err != nil {
		return soar.Wrap(soar.CodeOf(refusal), "people.refuse", err, "%s", soar.MessageOf(refusal))
	}
	return refusal
}
