package incidents

import (
	"log/slog"
	"time"

	"github.com/tocsin-soar/tocsin/internal/policy"
	"github.com/tocsin-soar/tocsin/internal/protocol"
)

// Bounds of how long a person waits for the workflow. What was committed is
// carried out by the outbox when the time is over.
const (
	commandWait  = 3 * time.Second
	decisionWait = 2 * time.Second
)

// Options of New. Store, Workflows and Policy must be set.
type Options struct {
	Store     keeper    // *store.Store
	Workflows deliverer // *temporalclient.Client
	Playbooks matcher   // intake's Match; nil: no playbook starts by itself
	Pins      pinner    // the library; nil: a playbook is pinned by the workflow, and no version can be chosen
	Plans     planner   // the library; nil: an approval that is not asked yet is not told from one that nobody knows
	People    directory // internal/people; nil: roles are those of the caller, nobody is away, qualified or known by two names
	Versions  publisher // *store.Store; nil: nobody is excluded for having published a playbook
	Rosters   rosters   // internal/oncall/desk; nil: nobody is on call
	Policy    *policy.Policy
	Settings  protocol.Settings // of incidents opened here; Preauthorised comes from the policy
	Now       func() time.Time  // nil: time.Now
	Logger    *slog.Logger      // nil: slog.Default
}

// Service is what people do with incidents. It is safe for concurrent use.
type Service struct {
	store     keeper
	workflows deliverer
	playbooks matcher
	pins      pinner
	plans     planner
	people    directory
	versions  publisher
	rosters   rosters
	policy    *policy.Policy
	settings  protocol.Settings
	clock     func() time.Time
	log       *slog.Logger
	refusals  recent
}

// New makes the use case.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Service{
		store: o.Store, workflows: o.Workflows, playbooks: o.Playbooks, pins: o.Pins, plans: o.Plans, people: o.People, versions: o.Versions, rosters: o.Rosters,
		policy: o.Policy, settings: o.Settings, clock: o.Now, log: o.Logger,
	}
}

// now is the time in UTC, to the microsecond that the store keeps.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
