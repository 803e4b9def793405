package app

import (
	"context"
	"crypto/rand"
	"embed"
	"io/fs"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/intake"
	"github.com/tocsin-soar/tocsin/internal/intake/hook"
	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/library"
	"github.com/tocsin-soar/tocsin/internal/oncall/desk"
	"github.com/tocsin-soar/tocsin/internal/people"
	"github.com/tocsin-soar/tocsin/internal/people/link"
	"github.com/tocsin-soar/tocsin/internal/playbook"
	"github.com/tocsin-soar/tocsin/internal/playbook/checker"
	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
	"github.com/tocsin-soar/tocsin/internal/playbook/site"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/secret"
	oncallstore "github.com/tocsin-soar/tocsin/internal/store/oncall"
	peoplestore "github.com/tocsin-soar/tocsin/internal/store/people"
	"github.com/tocsin-soar/tocsin/playbooks"
)

// refreshEvery bounds how long another process's publication goes unseen.
const refreshEvery = 5 * time.Second

func (a *App) initUseCases(ctx context.Context) error {
	mappings, err := loadSources(a.config)
	if err != nil {
		return err
	}
	a.metrics.KnowSources(mappings.Names())
	settings := protocol.Settings{AutoClose: a.config.AutoClose}
	if a.hooks, err = a.hookVerifier(mappings); err != nil {
		return err
	}
	a.holders = access.NewTokenCache(peoplestore.NewTokens(a.store), time.Now)
	a.people = people.New(people.Options{
		Store: peoplestore.New(a.store), Tokens: a.store, Policy: a.policy, Random: rand.Reader, Now: time.Now, Forget: a.holders.Forget,
	})
	a.oncall = desk.New(desk.Options{
		Store: oncallstore.New(a.store), Absences: peoplestore.New(a.store), People: a.people, Rosters: a.policy.Rosters, Random: rand.Reader, Now: time.Now,
	})
	a.tokens = access.NewTokens(a.holders, rand.Reader, time.Now)
	a.links = link.New(link.Options{Store: peoplestore.New(a.store), Approvals: a.store, People: a.people, PublicURL: a.config.linkURL(), Now: time.Now})
	a.library = library.New(library.Options{Store: a.store, Catalog: a.registry.Catalog(), Logger: a.log, Names: &site.Names{Escalations: a.policy.EscalationNames(), Rosters: a.policy.RosterNames()}})
	a.intake = intake.New(intake.Options{
		Store: a.store, Playbooks: a.library, Policy: a.policy, Sources: mappings, Settings: settings, Logger: a.log,
		Limit: intake.Limit{PerSecond: a.config.AlertRate, Burst: a.config.AlertBurst},
	})
	a.incidents = incidents.New(incidents.Options{
		Store: a.store, Workflows: a.temporal, Playbooks: a.intake, Pins: a.library, Plans: a.library, People: a.people, Versions: a.store, Rosters: a.oncall,
		Policy: a.policy, Settings: settings, Logger: a.log,
	})
	if a.slack, err = slackroom.New(slackroom.Options{Config: a.config.Slack, Store: a.store, People: a.people, Refusals: a.incidents, Desk: slackroom.At(a.incidents, a.people, a.oncall), Meter: a.metrics, Log: a.log}); err != nil {
		return err
	}
	if !a.config.LoadShipped {
		return a.library.Refresh(ctx)
	}
	fitting, err := a.shipped()
	if err != nil {
		return err
	}
	if faults, err := a.library.LoadShipped(ctx, fitting); err != nil {
		if faults.HasErrors() {
			return &FaultyFile{What: "shipped playbooks", Faults: faults}
		}
		return err
	}
	return nil
}

// hookVerifier joins what the mappings say of signatures with the secrets of the
// configuration. A secret that nothing would use ends the start: somebody believes
// that it is used.
func (a *App) hookVerifier(mappings *mapping.Sources) (*hook.Verifier, error) {
	secrets := map[string][]secret.String{}
	for source, configured := range a.config.Hooks {
		secrets[source] = configured.Secrets
	}
	return hook.NewVerifier(hook.Options{
		Secrets: secrets, Logger: a.log,
		Scheme: func(source string) *hook.Scheme {
			if known := mappings.Find(source); known != nil {
				return known.Verify()
			}
			return nil
		},
	})
}

// shipped gives the shipped playbooks whose connectors are configured here. The
// others are left out, and the log says what they lack.
func (a *App) shipped() (fs.FS, error) {
	all := playbooks.Shipped()
	paths, err := fs.Glob(all, "*/*.yaml")
	if err != nil {
		return nil, err
	}
	fitting := chosen{FS: all}
	for _, path := range paths {
		source, err := fs.ReadFile(all, path)
		if err != nil {
			return nil, err
		}
		if lacks := missingConnectors(playbook.Compile(path, source, a.registry.Catalog(), func(string) *plan.Plan { return nil })); lacks != "" {
			a.log.Warn("a shipped playbook is left out", "playbook", path, "lacks", lacks)
			continue
		}
		fitting.paths = append(fitting.paths, path)
	}
	return fitting, nil
}

// chosen shows some files of a tree.
type chosen struct {
	embed.FS
	paths []string
}

// Glob gives the chosen files.
func (c chosen) Glob(string) ([]string, error) { return c.paths, nil }

// missingConnectors gives what the diagnostics say of connectors that are not
// configured, "" when there is nothing of that kind.
func missingConnectors(_ *plan.Plan, faults diag.List) string {
	var lacks []string
	for _, fault := range faults {
		if fault.Rule == checker.RuleAction {
			lacks = append(lacks, fault.Message)
		}
	}
	return strings.Join(lacks, "; ")
}

// refresh keeps the active playbooks as the database has them until ctx ends.
func (a *App) refresh(ctx context.Context) error {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := a.library.Refresh(ctx); err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "the active playbooks could not be read", "error", err)
			}
		}
	}
}

// loadSources reads the shipped mappings and those of the site.
func loadSources(config *Config) (*mapping.Sources, error) {
	mappings, faults := mapping.LoadSources(config.SourcesDir)
	if faults.HasErrors() {
		return nil, &FaultyFile{What: "mapping of a detection tool", Faults: faults}
	}
	return mappings, nil
}
