package library

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// memory is a store in memory with the rules that the library leans on.
type memory struct {
	mu     sync.Mutex
	rows   []soar.PlaybookVersion // in the order they were published
	active map[string]string      // playbook -> digest, "" when disabled
	events []string
	reads  map[string]int // calls by method
	fail   map[string]error
	stall  bool // PlaybookByDigest waits for its deadline
}

func newMemory() *memory {
	return &memory{active: map[string]string{}, reads: map[string]int{}, fail: map[string]error{}}
}

func (m *memory) enter(method string) (func(), error) {
	m.mu.Lock()
	m.reads[method]++
	return m.mu.Unlock, m.fail[method]
}

// shown gives a row with Active as it is now.
func (m *memory) shown(v soar.PlaybookVersion) soar.PlaybookVersion {
	v.Active = m.active[v.Playbook] == v.Digest
	return v
}

// find gives the active row that fits, else the last.
func (m *memory) find(fits func(soar.PlaybookVersion) bool) (soar.PlaybookVersion, error) {
	var found *soar.PlaybookVersion
	for _, row := range m.rows {
		if row = m.shown(row); fits(row) && (found == nil || !found.Active) {
			found = &row
		}
	}
	if found == nil {
		return soar.PlaybookVersion{}, soar.Errorf(soar.CodeNotFound, "memory", "no such playbook")
	}
	return *found, nil
}

func (m *memory) PlaybookInsert(_ context.Context, v soar.PlaybookVersion, event record.Payload) (bool, error) {
	leave, err := m.enter("PlaybookInsert")
	defer leave()
	if err != nil {
		return false, err
	}
	other := func(row soar.PlaybookVersion) bool {
		return row.Playbook == v.Playbook && row.Version == v.Version && row.Source != v.Source
	}
	if slices.ContainsFunc(m.rows, other) {
		return false, soar.Errorf(soar.CodeConflict, "memory", "version %s of %s is published with other contents", v.Version, v.Playbook)
	}
	created := !slices.ContainsFunc(m.rows, func(row soar.PlaybookVersion) bool { return row.Digest == v.Digest })
	if created {
		m.rows = append(m.rows, v)
	}
	activated := v.Active && m.active[v.Playbook] != v.Digest
	if activated {
		m.active[v.Playbook] = v.Digest
	}
	if created || activated {
		m.events = append(m.events, event.Kind+": "+event.Text)
	}
	return created, nil
}

func (m *memory) PlaybookActivate(_ context.Context, name, digest string, event record.Payload) error {
	leave, err := m.enter("PlaybookActivate")
	defer leave()
	if err == nil {
		m.active[name] = digest
		m.events = append(m.events, event.Kind+": "+event.Text)
	}
	return err
}

func (m *memory) PlaybookDisable(_ context.Context, name string, event record.Payload) error {
	leave, err := m.enter("PlaybookDisable")
	defer leave()
	if err == nil {
		m.active[name] = ""
		m.events = append(m.events, event.Kind+": "+event.Text)
	}
	return err
}

func (m *memory) PlaybookActive(context.Context) ([]soar.PlaybookVersion, error) {
	leave, err := m.enter("PlaybookActive")
	defer leave()
	var out []soar.PlaybookVersion
	for _, row := range m.rows {
		if row = m.shown(row); row.Active {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b soar.PlaybookVersion) int { return strings.Compare(a.Playbook, b.Playbook) })
	return out, err
}

func (m *memory) PlaybookGet(_ context.Context, name, version string) (soar.PlaybookVersion, error) {
	leave, err := m.enter("PlaybookGet")
	defer leave()
	if err != nil {
		return soar.PlaybookVersion{}, err
	}
	return m.find(func(row soar.PlaybookVersion) bool {
		return row.Playbook == name && (version == "" || row.Version == version)
	})
}

func (m *memory) PlaybookByDigest(ctx context.Context, digest string) (soar.PlaybookVersion, error) {
	leave, err := m.enter("PlaybookByDigest")
	defer leave()
	if m.stall {
		<-ctx.Done()
		return soar.PlaybookVersion{}, soar.Wrap(soar.CodeUnavailable, "memory", ctx.Err(), "the store does not answer")
	}
	if err != nil {
		return soar.PlaybookVersion{}, err
	}
	return m.find(func(row soar.PlaybookVersion) bool { return row.Digest == digest })
}

func (m *memory) PlaybookVersions(_ context.Context, name string) ([]soar.PlaybookVersion, error) {
	leave, err := m.enter("PlaybookVersions")
	defer leave()
	var out []soar.PlaybookVersion
	for _, row := range slices.Backward(m.rows) {
		if row.Playbook == name {
			out = append(out, m.shown(row))
		}
	}
	return out, err
}

func (m *memory) PlaybookList(_ context.Context, page soar.Page) ([]soar.PlaybookVersion, string, error) {
	leave, err := m.enter("PlaybookList")
	defer leave()
	return slices.Clone(m.rows), page.After, err
}

// compile reads "name version word ...": words are warning, error, nothing,
// unsealed, or call:<playbook>. The catalog's digests go into the plan.
func compile(file string, source []byte, catalog manifest.Catalog, playbooks playbook.Resolver) (*plan.Plan, diag.List) {
	words := strings.Fields(string(source))
	p := &plan.Plan{Language: "v1", Playbook: words[0], Version: words[1], Pins: map[string]string{}, Calls: map[string]string{}}
	var found diag.List
	report := func(level diag.Level, message string) {
		found = append(found, diag.Diagnostic{Position: diag.Position{File: file, Line: 1, Column: 1}, Level: level, Rule: "fake", Message: message})
	}
	for name, m := range catalog {
		p.Pins[name] = m.Digest
	}
	sealed := true
	for _, word := range words[2:] {
		called, isCall := strings.CutPrefix(word, "call:")
		switch {
		case isCall:
			other := playbooks(called)
			if other == nil {
				report(diag.Error, "there is no playbook "+called)
				continue
			}
			p.Calls[called] = other.Digest
		case word == "error":
			report(diag.Error, "it is wrong")
		case word == "warning":
			report(diag.Warning, "it is odd")
		case word == "nothing":
			return nil, nil
		case word == "unsealed":
			sealed = false
		}
	}
	if found.HasErrors() {
		return nil, found
	}
	if sealed {
		if err := plan.Seal(p, source); err != nil {
			report(diag.Error, err.Error())
		}
	}
	return p, found
}

// world is the library on fakes.
type world struct {
	*Service
	t     *testing.T
	store *memory
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return world{t: t, store: newMemory()}.restart("m1")
}

// restart starts the library again on the same store, with connectors of this
// digest.
func (w world) restart(connectors string) *world {
	w.Service = New(Options{
		Store: w.store, Compile: compile, Catalog: manifest.Catalog{"edr": {Digest: connectors}},
		Now: noon, Logger: slog.New(slog.DiscardHandler),
	})
	return &w
}

func engineer() soar.Principal {
	return soar.Principal{Actor: soar.Actor{Kind: soar.ActorPerson, ID: "engineer@lab.invalid"}, Roles: []soar.Role{soar.RolePlaybookEngineer}}
}

func (w *world) publish(source string) soar.PlaybookVersion {
	w.t.Helper()
	name, _, _ := strings.Cut(source, " ")
	v, found, err := w.Publish(w.t.Context(), engineer(), name, []byte(source))
	if err != nil || found.HasErrors() {
		w.t.Fatalf("publish %q: %v %v", source, found, err)
	}
	return v
}

// running gives the active playbooks as "name version", as the library has them.
func (w *world) running() string {
	var out []string
	for _, p := range w.Active() {
		out = append(out, p.Playbook+" "+p.Version)
	}
	return strings.Join(out, ", ")
}

// messages gives diagnostics as "level: message".
func messages(found diag.List) string {
	var out []string
	for _, d := range found {
		out = append(out, fmt.Sprintf("%s: %s", d.Level, d.Message))
	}
	return strings.Join(out, ", ")
}
