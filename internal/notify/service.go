package notify

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// ledger keeps who was told what. *notices.Notices is one.
type ledger interface {
	Plan(ctx context.Context, messageID string, wanted []soar.Notice, most int, within time.Duration) ([]soar.Notice, error)
	Note(ctx context.Context, n soar.Notice, event *record.Payload) error
	Due(ctx context.Context, now time.Time, limit int) (people []string, err error)
	Gather(ctx context.Context, person string, now time.Time, summary protocol.Message) (int, error)
	Summarised(ctx context.Context, summary string) ([]soar.Notice, error)
	List(ctx context.Context, f soar.NoticeFilter) ([]soar.Notice, string, error)
	Pages(ctx context.Context, after string, limit int) ([]soar.Notice, error)
	PageOf(ctx context.Context, way, incidentID, about string) (soar.PageState, error)
	Follow(ctx context.Context, one soar.Notice, page soar.PageState, tell protocol.Message) (bool, error)
}

// directory knows people. *people.Service is one.
type directory interface {
	Find(ctx context.Context, personID string) (soar.Person, error)
	Holding(ctx context.Context, role soar.Role) ([]soar.Person, error)
}

// cases knows what messages are about. *store.Store is one.
type cases interface {
	IncidentGet(ctx context.Context, id string) (soar.Incident, error)
	ApprovalGet(ctx context.Context, id string) (soar.Approval, error)
	TaskGet(ctx context.Context, id string) (soar.Task, error)
}

// meter counts deliveries by way and by how they ended.
type meter interface{ Notified(way, result string) }

// Options of New. Those that say nil may be nil.
type Options struct {
	Ledger  ledger
	People  directory
	Cases   cases
	Policy  *policy.Policy
	Letters *letter.Templates
	Ways    []Way

	Links  func(ctx context.Context, approvalID, personID string) (string, error)   // one-time links to the approval page; nil: none
	OnCall func(ctx context.Context, roster string, at time.Time) ([]string, error) // people on call by a roster; nil: no rosters
	Away   func(ctx context.Context, at time.Time) ([]soar.Absence, error)          // who is away at the instant; nil: nobody

	SendWithin time.Duration // bounds one delivery, so that one way that hangs leaves time for the next; 15 s when zero
	NewID      func() string // a word that never comes twice
	Meter      meter         // nil: nothing is counted
	Now        func() time.Time
	Log        *slog.Logger
}

// Service tells people. It is safe for concurrent use.
type Service struct {
	o    Options
	ways map[string]Way
}

// New makes the service.
func New(o Options) *Service {
	if o.SendWithin <= 0 {
		o.SendWithin = 15 * time.Second
	}
	s := &Service{o: o, ways: map[string]Way{}}
	for _, way := range o.Ways {
		s.ways[way.Name()] = way
	}
	return s
}

func (s *Service) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

// Deliver carries out one item of the outbox. It tells those who have nothing yet;
// its error says that somebody still has nothing, and is permanent when no way is
// left for him.
func (s *Service) Deliver(ctx context.Context, item soar.OutboxItem) error {
	const op = "notify.Deliver"
	var message protocol.Message
	if err := json.Unmarshal(item.Payload, &message); err != nil {
		return soar.Wrap(soar.CodeInvalid, op, err, "outbox item %d cannot be read", item.ID)
	}
	about, err := s.look(ctx, message)
	if err != nil {
		return err
	}
	recipients, err := s.recipients(ctx, message)
	if err != nil {
		return err
	}
	if len(recipients) == 0 && s.shared(message.Way) {
		recipients = []*recipient{{label: soar.TLPAmberStrict}}
	}
	if len(recipients) == 0 {
		return soar.Errorf(soar.CodeInvalid, op, "message %s reaches nobody: no address is known for it", message.ID)
	}
	r := &round{s: s, m: message, about: about, since: item.CreatedAt}
	if about.over != "" {
		return r.skip(ctx, recipients)
	}
	if err := r.plan(ctx, recipients); err != nil {
		return err
	}
	for _, recipient := range recipients {
		if err := r.tell(ctx, recipient); err != nil {
			return err
		}
	}
	return r.end()
}

func (s *Service) count(way, result string) {
	if s.o.Meter != nil {
		s.o.Meter.Notified(way, result)
	}
}
