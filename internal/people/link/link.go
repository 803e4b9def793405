package link

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Path is where the page is below the public URL; the token follows it.
const Path = "/approve/"

// tokenLength is that of crypto/rand.Text: 26 characters of base 32, 130 bits.
const tokenLength = 26

type keeper interface {
	LinkAdd(ctx context.Context, hash []byte, l soar.ApprovalLink) error
	Link(ctx context.Context, hash []byte) (soar.ApprovalLink, error)
	LinkUse(ctx context.Context, hash []byte, at time.Time) error
}

type approvals interface {
	ApprovalGet(ctx context.Context, id string) (soar.Approval, error)
}

type directory interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
}

// Options are what links need.
type Options struct {
	Store     keeper
	Approvals approvals
	People    directory
	PublicURL string // how people reach the page; empty: no links are made
	Now       func() time.Time
}

// Links is the use case. It is safe for concurrent use.
type Links struct{ o Options }

// New makes the use case.
func New(o Options) *Links { return &Links{o} }

// Link gives a new link to one approval for one person, "" when links are turned
// off. not_found when there is no such approval or person, a conflict when the
// approval waits no more or the person has left.
func (l *Links) Link(ctx context.Context, approvalID, personID string) (url string, err error) {
	const op = "link.Link"
	if l.o.PublicURL == "" {
		return "", nil
	}
	approval, err := l.o.Approvals.ApprovalGet(ctx, approvalID)
	if err != nil {
		return "", err
	}
	person, err := l.o.People.Find(ctx, personID)
	if err != nil {
		return "", err
	}
	now := l.o.Now().UTC().Truncate(time.Microsecond)
	if approval.Status != soar.ApprovalPending || !now.Before(approval.ExpiresAt) {
		return "", soar.Errorf(soar.CodeConflict, op, "approval %.40q waits no more", approval.ID)
	}
	if !person.Active {
		return "", soar.Errorf(soar.CodeConflict, op, "%.80q has left and decides nothing", person.ID)
	}
	token := rand.Text()
	made := soar.ApprovalLink{ApprovalID: approval.ID, IncidentID: approval.IncidentID, Person: person.ID, MadeAt: now, ExpiresAt: approval.ExpiresAt.UTC()}
	if err := l.o.Store.LinkAdd(ctx, hash(token), made); err != nil {
		return "", err
	}
	return strings.TrimSuffix(l.o.PublicURL, "/") + Path + token, nil
}

// Opened is what a token stands for.
type Opened struct {
	soar.ApprovalLink
	Person     soar.Person
	DecisionID string // of the one decision that can be taken with it
	token      string
}

// Open reads a token; not_found, always in the same words, when it is none.
func (l *Links) Open(ctx context.Context, token string) (Opened, error) {
	const op = "link.Open"
	unknown := soar.Errorf(soar.CodeNotFound, op, "this link is not known")
	if l.o.PublicURL == "" || len(token) != tokenLength {
		return Opened{}, unknown
	}
	found, err := l.o.Store.Link(ctx, hash(token))
	if soar.CodeOf(err) == soar.CodeNotFound {
		return Opened{}, unknown
	}
	if err != nil {
		return Opened{}, err
	}
	person, err := l.o.People.Find(ctx, found.Person)
	if soar.CodeOf(err) == soar.CodeNotFound || err == nil && !person.Active {
		person = soar.Person{ID: found.Person} // known once: may nothing
		err = nil
	}
	sum := sha256.Sum256([]byte("tocsin/page/decision/v1\x00" + token))
	return Opened{found, person, "page-" + hex.EncodeToString(sum[:16]), token}, err
}

// Use notes that the link's person has decided with it.
func (l *Links) Use(ctx context.Context, opened Opened) error {
	return l.o.Store.LinkUse(ctx, hash(opened.token), l.o.Now().UTC())
}

// Seal binds a form to a link and to what it shows: only who holds the link can have
// got a form with this seal, and it fits no other digest.
func (o Opened) Seal(shown string) string {
	sum := sha256.Sum256([]byte("tocsin/page/form/v1\x00" + o.token + "\x00" + shown))
	return hex.EncodeToString(sum[:])
}

func hash(token string) []byte {
	sum := sha256.Sum256([]byte("tocsin/page/link/v1\x00" + token))
	return sum[:]
}
