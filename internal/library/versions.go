package library

import (
	"context"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// List gives one page of versions, the last published first, without their text
// and plan, and the next page's cursor.
func (s *Service) List(ctx context.Context, p soar.Principal, page soar.Page) ([]soar.PlaybookVersion, string, error) {
	if err := access.Require(p, access.PlaybookRead, "library.List"); err != nil {
		return nil, "", err
	}
	return s.store.PlaybookList(ctx, page)
}

// Versions gives all versions of one playbook, the last published first;
// not_found when there is none.
func (s *Service) Versions(ctx context.Context, p soar.Principal, name string) ([]soar.PlaybookVersion, error) {
	const op = "library.Versions"
	if err := access.Require(p, access.PlaybookRead, op); err != nil {
		return nil, err
	}
	versions, err := s.store.PlaybookVersions(ctx, name)
	if err == nil && len(versions) == 0 {
		return nil, soar.Errorf(soar.CodeNotFound, op, "there is no playbook %s", soar.Shorten(name, 100))
	}
	return versions, err
}

// Activate makes a published version the active one.
func (s *Service) Activate(ctx context.Context, p soar.Principal, name, version string) (soar.PlaybookVersion, error) {
	const op = "library.Activate"
	if err := access.Require(p, access.PlaybookActivate, op); err != nil {
		return soar.PlaybookVersion{}, err
	}
	if version == "" {
		return soar.PlaybookVersion{}, &soar.Error{Code: soar.CodeInvalid, Op: op, Field: "version", Message: "say which version is to be active"}
	}
	v, err := s.store.PlaybookGet(ctx, name, version)
	if err != nil || v.Active {
		return v, err
	}
	event, err := s.event(protocol.EventPlaybookActivated, p.Actor, v, fmt.Sprintf("Playbook %s %s is the active version now", v.Playbook, v.Version))
	if err != nil {
		return v, err
	}
	if err := s.store.PlaybookActivate(ctx, v.Playbook, v.Digest, event); err != nil {
		return v, fmt.Errorf("activate playbook %s: %w", v.Playbook, err)
	}
	v.Active = true
	return v, s.Refresh(ctx)
}

// Disable leaves a playbook without an active version: it starts no more, and
// what runs goes on.
func (s *Service) Disable(ctx context.Context, p soar.Principal, name string) error {
	const op = "library.Disable"
	if err := access.Require(p, access.PlaybookActivate, op); err != nil {
		return err
	}
	v, err := s.store.PlaybookGet(ctx, name, "")
	if err != nil || !v.Active {
		return err
	}
	event, err := s.event(protocol.EventPlaybookDisabled, p.Actor, v, fmt.Sprintf("Playbook %s disabled: it starts no more", v.Playbook))
	if err != nil {
		return err
	}
	if err := s.store.PlaybookDisable(ctx, v.Playbook, event); err != nil {
		return fmt.Errorf("disable playbook %s: %w", v.Playbook, err)
	}
	return s.Refresh(ctx)
}
