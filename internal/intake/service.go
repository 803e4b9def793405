package intake

import (
	"context"
	"crypto/rand"
	"log/slog"
	"runtime"
	"time"

	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/playbook/expression"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// triggerCache is how many trigger expressions are kept compiled.
const triggerCache = 512

// keeper is what *store.Store is here.
type keeper interface {
	alertKeeper
	incidentKeeper
	recorder
}

type alertKeeper interface {
	AlertsInsert(ctx context.Context, alerts []soar.NewAlert) ([]soar.StoredAlert, error)
	AlertGet(ctx context.Context, id string) (soar.Alert, error)
}

type incidentKeeper interface {
	incidentFinder
	IncidentOpen(ctx context.Context, open protocol.OpenIncident, events ...record.Payload) error
	IncidentJoin(ctx context.Context, incidentID, alertID string, update protocol.AddAlert) error
}

type incidentFinder interface {
	IncidentGet(ctx context.Context, id string) (soar.Incident, error)
	IncidentFindOpen(ctx context.Context, correlationKey string, since time.Time) (soar.Incident, error)
}

type recorder interface {
	RecordAppend(ctx context.Context, chain string, events ...record.Payload) error
}

// shelf is what the library is here: the plans that start by themselves. Neither
// the list nor the plans are changed.
type shelf interface {
	Active() []*plan.Plan
}

// Options of New. Store, Playbooks, Policy and Sources must be set.
type Options struct {
	Store     keeper // *store.Store
	Playbooks shelf  // *library.Service
	Policy    *policy.Policy
	Sources   *mapping.Sources
	Limit     Limit             // of one sender's requests; zero: none
	Settings  protocol.Settings // of incidents opened here; Preauthorised comes from the policy
	Now       func() time.Time  // nil: time.Now
	NewID     func() string     // of alerts, unique; nil: random
	Logger    *slog.Logger      // nil: slog.Default
}

// Service takes alerts in. It is safe for concurrent use.
type Service struct {
	store     keeper
	gatherer  *gatherer
	limiter   *limiter
	readers   chan struct{} // one place for each body that may be read at once
	playbooks shelf
	policy    *policy.Policy
	sources   *mapping.Sources
	settings  protocol.Settings
	clock     func() time.Time
	newID     func() string
	log       *slog.Logger
	triggers  *expression.Cache
}

// New makes the use case.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = randomID
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Service{
		store: o.Store, gatherer: &gatherer{insert: o.Store.AlertsInsert}, limiter: newLimiter(o.Limit), readers: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)), playbooks: o.Playbooks, policy: o.Policy, sources: o.Sources, settings: o.Settings,
		clock: o.Now, newID: o.NewID, log: o.Logger, triggers: expression.NewCache(triggerCache),
	}
}

// now is the time in UTC, to the microsecond that the store keeps.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// randomID gives ALR- and 16 characters, 80 random bits.
func randomID() string {
	raw := make([]byte, 10)
	_, _ = rand.Read(raw) // never fails: it ends the process instead
	return "ALR-" + crockford(raw)
}
