package library

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// planWait bounds one look into the store for a plan: a workflow task waits for
// it, and is tried again.
const planWait = 2 * time.Second

// Active gives the plans that start by themselves, sorted by name, as the last
// Refresh saw them. Neither the list nor the plans may be changed.
func (s *Service) Active() []*plan.Plan {
	if active := s.active.Load(); active != nil {
		return *active
	}
	return nil
}

// Refresh reads the active playbooks. One that cannot be read is left out and
// logged, so that it does not keep the others from starting.
func (s *Service) Refresh(ctx context.Context) error {
	s.refreshing.Lock() // an older answer must not overwrite a newer one
	defer s.refreshing.Unlock()
	versions, err := s.store.PlaybookActive(ctx)
	if err != nil {
		return fmt.Errorf("read the active playbooks: %w", err)
	}
	active := make([]*plan.Plan, 0, len(versions))
	for _, version := range versions {
		p, err := s.read(version)
		if err != nil {
			s.log.ErrorContext(ctx, "an active playbook cannot be read", "playbook", version.Playbook, "digest", version.Digest, "error", err)
			continue
		}
		active = append(active, p)
	}
	s.active.Store(&active)
	return nil
}

// PlanByDigest gives the plan that an incident pins: always the same one for a
// digest, so workflows may ask for it. An unknown digest is not_found, a plan that
// is not what its digest says is internal, and both are asked again next time.
func (s *Service) PlanByDigest(digest string) (*plan.Plan, error) {
	if p := s.plans.get(digest); p != nil {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), planWait)
	defer cancel()
	version, err := s.store.PlaybookByDigest(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", digest, err)
	}
	if version.Digest != digest {
		return nil, soar.Errorf(soar.CodeInternal, "library.PlanByDigest", "asked for plan %s and got %s", digest, version.Digest)
	}
	return s.read(version)
}

// read gives a stored version's plan, checked against its digest.
func (s *Service) read(version soar.PlaybookVersion) (*plan.Plan, error) {
	const op = "library.read"
	if p := s.plans.get(version.Digest); p != nil {
		return p, nil
	}
	p, err := plan.Read(version.Plan)
	if err != nil {
		return nil, soar.Wrap(soar.CodeInternal, op, err, "the plan of %s %s cannot be used", version.Playbook, version.Version)
	}
	if p.Digest != version.Digest || p.Playbook != version.Playbook {
		return nil, soar.Errorf(soar.CodeInternal, op, "the plan stored for %s %s is another one", version.Playbook, version.Version)
	}
	return s.plans.put(p), nil
}

// Pin gives the version of a playbook to run: the active one, or the one that is
// asked for. It is not_found when there is none, also when the playbook is
// disabled.
func (s *Service) Pin(ctx context.Context, request protocol.PinRequest) (protocol.RunPin, error) {
	const op = "library.Pin"
	version, err := s.store.PlaybookGet(ctx, request.Playbook, request.Version)
	if err != nil {
		return protocol.RunPin{}, fmt.Errorf("pin playbook: %w", err)
	}
	if request.Version == "" && !version.Active {
		return protocol.RunPin{}, soar.Errorf(soar.CodeNotFound, op, "playbook %s has no active version", version.Playbook)
	}
	return protocol.RunPin{Playbook: version.Playbook, Version: version.Version, Digest: version.Digest}, nil
}
