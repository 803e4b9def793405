package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/manifest"
)

// builtIn are instances that need no configuration.
func builtIn() []string { return []string{"http", "notify"} }

// initConnectors opens the configured instances and the built-in ones.
func (a *App) initConnectors(context.Context) error {
	kinds, err := connectorKinds(connectors.Options{Queue: queue{a.store}, Dir: a.config.ConnectorsDir})
	if err != nil {
		return err
	}
	a.registry = connector.NewRegistry()
	for _, name := range slices.Sorted(maps.Keys(a.config.Connectors)) {
		if err := a.openConnector(kinds, name); err != nil {
			return err
		}
	}
	for _, name := range builtIn() {
		if _, _, configured := a.registry.Find(name); configured {
			continue
		}
		if err := a.registry.Open(kinds[name], connector.Config{Instance: name, Logger: a.log}); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) openConnector(kinds map[string]connector.Connector, name string) error {
	configured := a.config.Connectors[name]
	kind, known := kinds[configured.Use]
	if !known {
		return fmt.Errorf("connector %q uses %q, which does not exist; known: %s", name, configured.Use, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	return a.registry.Open(kind, connector.Config{
		Instance: name, Settings: configured.Settings, Secrets: configured.Secrets, Logger: a.log,
	})
}

func connectorKinds(options connectors.Options) (map[string]connector.Connector, error) {
	all, err := connectors.All(options)
	if faulty, ok := errors.AsType[*connectors.SiteError](err); ok {
		return nil, &FaultyFile{What: "connectors", Faults: faulty.Faults}
	}
	if err != nil {
		return nil, err
	}
	kinds := map[string]connector.Connector{}
	for _, kind := range all {
		kinds[kind.Manifest().Connector] = kind
	}
	return kinds, nil
}

// LabCatalog gives the manifests behind the instance names of the shipped
// playbooks, for work without a server: linting a playbook on a laptop.
func LabCatalog(instances map[string]string) (manifest.Catalog, error) {
	kinds, err := connectorKinds(connectors.Options{})
	if err != nil {
		return nil, err
	}
	catalog := manifest.Catalog{}
	for instance, kind := range instances {
		catalog[instance] = kinds[kind].Manifest()
	}
	for _, name := range builtIn() {
		catalog[name] = kinds[name].Manifest()
	}
	return catalog, nil
}

// CheckConfig tells whether policy and connectors can be used, without touching
// anything outside this process.
func CheckConfig(config *Config) error {
	a := &App{config: config, log: slog.New(slog.DiscardHandler)}
	if err := a.initPolicy(context.Background()); err != nil {
		return err
	}
	if _, err := loadSources(config); err != nil {
		return err
	}
	if err := a.initConnectors(context.Background()); err != nil {
		return err
	}
	_, err := a.ways(slackroom.Planned(config.Slack))
	return err
}
