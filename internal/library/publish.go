package library

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/site"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// maxSource bounds the text of one playbook, in bytes.
const maxSource = 256 << 10

// lintedFile is what diagnostics call a text that came without a name.
const lintedFile = "playbook.yaml"

// built is a playbook that compiled.
type built struct {
	plan   *plan.Plan
	raw    json.RawMessage // the plan as it is stored
	source []byte
}

// Publish compiles a text, keeps it as a version of the playbook and makes that
// the active one. With errors in the list nothing was published. Name must be the
// playbook's own. The same version with another text is a conflict; the same
// version again is made active again, with the connectors as they are now.
func (s *Service) Publish(ctx context.Context, p soar.Principal, name string, source []byte) (soar.PlaybookVersion, diag.List, error) {
	const op = "library.Publish"
	for _, needed := range []access.Permission{access.PlaybookPublish, access.PlaybookActivate} {
		if err := access.Require(p, needed, op); err != nil {
			return soar.PlaybookVersion{}, nil, err
		}
	}
	// Another process may have published what this one calls.
	if err := s.Refresh(ctx); err != nil {
		return soar.PlaybookVersion{}, nil, err
	}
	made, found, err := s.build(name+".yaml", source, s.activePlan)
	if err != nil || found.HasErrors() {
		return soar.PlaybookVersion{}, found, err
	}
	if made.plan.Playbook != name {
		return soar.PlaybookVersion{}, found, &soar.Error{
			Code: soar.CodeInvalid, Op: op, Field: "playbook",
			Message: fmt.Sprintf("the text says playbook: %s, but it is published as %s", soar.Shorten(made.plan.Playbook, 100), soar.Shorten(name, 100)),
		}
	}
	version, err := s.keep(ctx, made, p.Actor, true)
	if err != nil {
		return soar.PlaybookVersion{}, found, err
	}
	if err := s.Refresh(ctx); err != nil {
		// It is published; the next Refresh will see it.
		s.log.WarnContext(ctx, "a playbook was published and the active playbooks cannot be read", "playbook", name, "error", err)
	}
	return version, found, nil
}

// Lint tells what is wrong with a text, and gives the plan that it would be
// published as, in JSON; nil when there are errors.
func (s *Service) Lint(source []byte) ([]byte, diag.List, error) {
	made, found, err := s.build(lintedFile, source, s.activePlan)
	return made.raw, found, err
}

// build compiles to a sealed plan. What it gives is empty when the list has errors.
func (s *Service) build(file string, source []byte, playbooks playbook.Resolver) (built, diag.List, error) {
	const op = "library.build"
	if len(source) > maxSource {
		return built{}, nil, soar.Errorf(soar.CodeInvalid, op, "the playbook has %d bytes, at most %d are taken", len(source), maxSource)
	}
	compiled, found := s.compile(file, source, s.catalog, playbooks)
	if s.names != nil {
		found = append(found, site.Check(file, source, *s.names)...)
	}
	if found.HasErrors() {
		return built{}, found, nil
	}
	if compiled == nil {
		return built{}, found, soar.Errorf(soar.CodeInternal, op, "%s compiled to nothing", file)
	}
	raw, err := json.Marshal(compiled)
	if err != nil {
		return built{}, found, soar.Wrap(soar.CodeInternal, op, err, "the plan cannot be written")
	}
	// What others will read, not what the compiler has in hand: they must be one.
	read, err := plan.Read(raw)
	if err != nil {
		return built{}, found, soar.Wrap(soar.CodeInternal, op, err, "the plan cannot be read again")
	}
	return built{plan: read, raw: raw, source: source}, found, nil
}

// keep stores a version, active or not, and gives it as it is stored.
func (s *Service) keep(ctx context.Context, made built, by soar.Actor, active bool) (soar.PlaybookVersion, error) {
	version := soar.PlaybookVersion{
		Playbook: made.plan.Playbook, Version: made.plan.Version, Digest: made.plan.Digest, Source: string(made.source), Plan: made.raw,
		Active: active, PublishedBy: by, PublishedAt: s.now(),
	}
	text := fmt.Sprintf("Playbook %s %s published", version.Playbook, version.Version)
	if active {
		text += ", it is the active version now"
	}
	event, err := s.event(protocol.EventPlaybookPublished, by, version, text)
	if err != nil {
		return version, err
	}
	if _, err := s.store.PlaybookInsert(ctx, version, event); err != nil {
		return version, fmt.Errorf("keep playbook %s: %w", version.Playbook, err)
	}
	s.plans.put(made.plan)
	// A version that was there before was published by somebody, some time ago.
	stored, err := s.store.PlaybookByDigest(ctx, version.Digest)
	if err != nil {
		s.log.WarnContext(ctx, "a playbook was published and cannot be read", "playbook", version.Playbook, "error", err)
		return version, nil
	}
	return stored, nil
}

func (s *Service) event(kind string, by soar.Actor, v soar.PlaybookVersion, text string) (record.Payload, error) {
	data, err := json.Marshal(map[string]string{"playbook": v.Playbook, "version": v.Version, "digest": v.Digest})
	if err != nil {
		return record.Payload{}, soar.Wrap(soar.CodeInternal, "library.event", err, "the event cannot be written")
	}
	return record.Payload{At: s.now(), Kind: kind, By: by, Text: soar.Shorten(text, 500), Data: data}, nil
}
