package library

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/site"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// keeper is what *store.Store is here.
type keeper interface {
	publisher
	activator
	reader
}

type publisher interface {
	// PlaybookInsert also makes the version active when it says so.
	PlaybookInsert(ctx context.Context, v soar.PlaybookVersion, event record.Payload) (created bool, err error)
}

type activator interface {
	PlaybookActivate(ctx context.Context, name, digest string, event record.Payload) error
	PlaybookDisable(ctx context.Context, name string, event record.Payload) error
}

type reader interface {
	PlaybookActive(ctx context.Context) ([]soar.PlaybookVersion, error)
	PlaybookGet(ctx context.Context, name, version string) (soar.PlaybookVersion, error)
	PlaybookByDigest(ctx context.Context, digest string) (soar.PlaybookVersion, error)
	PlaybookVersions(ctx context.Context, name string) ([]soar.PlaybookVersion, error)
	PlaybookList(ctx context.Context, page soar.Page) ([]soar.PlaybookVersion, string, error)
}

// compiler is playbook.Compile, or a test's. The plan is nil when the list has
// errors.
type compiler func(file string, source []byte, catalog manifest.Catalog, playbooks playbook.Resolver) (*plan.Plan, diag.List)

// Options of New. Store must be set.
type Options struct {
	Store   keeper           // *store.Store
	Catalog manifest.Catalog // what the configured connectors can do
	Names   *site.Names      // of the policy files, which playbooks may name; nil: not looked at
	Compile compiler         // nil: playbook.Compile
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: slog.Default
}

// Service is what people do with playbooks, and the plans for those who run them.
// It is safe for concurrent use.
type Service struct {
	store   keeper
	catalog manifest.Catalog
	names   *site.Names
	compile compiler
	clock   func() time.Time
	log     *slog.Logger

	refreshing sync.Mutex
	active     atomic.Pointer[[]*plan.Plan]
	plans      *cache
}

// New makes the use case with an empty cache: call Refresh or LoadShipped before
// Active.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Compile == nil {
		o.Compile = playbook.Compile
	}
	return &Service{store: o.Store, catalog: o.Catalog, names: o.Names, compile: o.Compile, clock: o.Now, log: o.Logger, plans: newCache(cachedPlans)}
}

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
