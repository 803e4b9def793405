package library

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Rules of the diagnostics that this package adds to those of the language.
const (
	ruleName    = "library-name"    // the file is not named as the playbook in it
	ruleVersion = "library-version" // the version is published with another text
)

// shipment is the shipped playbooks on their way in.
type shipment struct {
	*Service
	ctx   context.Context
	files fs.FS
	paths map[string]string // by playbook
	plans map[string]*plan.Plan
	fresh []built // what the library does not have yet
	found diag.List
	err   error
}

// LoadShipped publishes the playbooks */<name>.yaml of files that are not in the
// library in exactly this form, and reads the active ones. A playbook that a
// person published or disabled since keeps its state. The list has the
// diagnostics of all files; with errors in it nothing was published, and the
// error says so too.
func (s *Service) LoadShipped(ctx context.Context, files fs.FS) (diag.List, error) {
	const op = "library.LoadShipped"
	paths, err := fs.Glob(files, "*/*.yaml")
	if err != nil {
		return nil, soar.Wrap(soar.CodeInternal, op, err, "the shipped playbooks cannot be listed")
	}
	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	b := &shipment{Service: s, ctx: ctx, files: files, paths: map[string]string{}, plans: map[string]*plan.Plan{}}
	for _, file := range paths {
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		if other, ok := b.paths[name]; ok {
			b.report(file, diag.Error, ruleName, "playbook "+name+" is in "+other+" already", "keep one of the two")
			continue
		}
		b.paths[name] = file
	}
	for _, file := range paths {
		b.called(strings.TrimSuffix(path.Base(file), ".yaml"))
	}
	b.found.Sort()
	if b.err != nil {
		return b.found, b.err
	}
	if b.found.HasErrors() {
		return b.found, soar.Errorf(soar.CodeInvalid, op, "a shipped playbook has errors")
	}
	for _, made := range b.fresh {
		if err := s.keepShipped(ctx, made); err != nil {
			return b.found, err
		}
	}
	return b.found, s.Refresh(ctx)
}

// called gives a playbook by its name: the shipped one, compiled when first asked
// for, or the active one. While one is being compiled it is nil, which makes a
// circle of calls a call of a playbook that does not exist.
func (b *shipment) called(name string) *plan.Plan {
	if done, ok := b.plans[name]; ok {
		return done
	}
	file, ok := b.paths[name]
	if !ok {
		return b.activePlan(name)
	}
	b.plans[name] = nil
	b.plans[name] = b.load(name, file)
	return b.plans[name]
}

func (b *shipment) load(name, file string) *plan.Plan {
	source, err := fs.ReadFile(b.files, file)
	if err != nil {
		b.fail(soar.Wrap(soar.CodeInternal, "library.LoadShipped", err, "%s cannot be read", file))
		return nil
	}
	made, found, err := b.build(file, source, b.called)
	b.found = append(b.found, found...)
	b.fail(err)
	if err != nil || made.plan == nil {
		return nil
	}
	if made.plan.Playbook != name {
		b.report(file, diag.Error, ruleName, fmt.Sprintf("the file has the playbook %s", soar.Shorten(made.plan.Playbook, 100)), "name the file "+name+".yaml after its playbook")
		return nil
	}
	stored, err := b.stored(made)
	switch {
	case err != nil:
		b.fail(err)
		return nil
	case stored == nil:
		b.fresh = append(b.fresh, made)
		return made.plan
	case stored.Source != made.plan.Source:
		b.report(file, diag.Warning, ruleVersion, fmt.Sprintf("version %s of %s is published with another text, which stays", stored.Version, name), "give the change a new version")
	}
	return stored
}

// stored finds the plan in the library, or the one that has its version and came
// from another text; nil when there is neither.
func (b *shipment) stored(made built) (*plan.Plan, error) {
	_, err := b.store.PlaybookByDigest(b.ctx, made.plan.Digest)
	if err == nil {
		return made.plan, nil
	}
	if soar.CodeOf(err) != soar.CodeNotFound {
		return nil, fmt.Errorf("look for playbook %s: %w", made.plan.Playbook, err)
	}
	version, err := b.store.PlaybookGet(b.ctx, made.plan.Playbook, made.plan.Version)
	switch {
	case soar.CodeOf(err) == soar.CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for playbook %s: %w", made.plan.Playbook, err)
	case version.Source == string(made.source):
		return nil, nil // the same text, with other connectors
	}
	return b.read(version)
}

func (b *shipment) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *shipment) report(file string, level diag.Level, rule, message, hint string) {
	b.found = append(b.found, diag.Diagnostic{Position: diag.Position{File: file}, Level: level, Rule: rule, Message: message, Hint: hint})
}

// keepShipped stores a shipped version, and makes it active where nobody has
// decided otherwise: the playbook is new, or the version before was shipped too.
func (s *Service) keepShipped(ctx context.Context, made built) error {
	name, by := made.plan.Playbook, soar.System("release")
	before, err := s.store.PlaybookGet(ctx, name, "")
	fresh := soar.CodeOf(err) == soar.CodeNotFound
	if err != nil && !fresh {
		return fmt.Errorf("look for playbook %s: %w", name, err)
	}
	active := fresh || (before.Active && before.PublishedBy.Same(by))
	if !active {
		s.log.InfoContext(ctx, "a shipped playbook is kept and not made active", "playbook", name, "version", made.plan.Version, "active", before.Active)
	}
	_, err = s.keep(ctx, made, by, active)
	return err
}

// activePlan gives the active plan of a playbook, or nil.
func (s *Service) activePlan(name string) *plan.Plan {
	active := s.Active()
	i := slices.IndexFunc(active, func(p *plan.Plan) bool { return p.Playbook == name })
	if i < 0 {
		return nil
	}
	return active[i]
}
