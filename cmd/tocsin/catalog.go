package main

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/connectors"
	"github.com/tocsin-soar/tocsin/internal/manifest"
)

// labInstances are the names that the shipped playbooks use, and the lab's
// connectors behind them.
func labInstances() map[string]string {
	return map[string]string{"edr": "lab_edr", "directory": "lab_directory", "firewall": "lab_firewall", "mail": "lab_mail", "intel": "lab_intel"}
}

// catalogFlag adds the flag that says which connectors stand behind the names.
func catalogFlag(command *cobra.Command, config *string) {
	command.Flags().StringVarP(config, "config", "c", "", "configuration file whose connectors the playbooks use (default: the lab's)")
}

// offlineCatalog gives the manifests behind the names that playbooks use, without
// a server and without opening anything: those of a configuration file, or the
// lab's. http and notify are always there.
func offlineCatalog(config string) (manifest.Catalog, error) {
	instances, folder := labInstances(), ""
	if config != "" {
		var err error
		if instances, folder, err = configured(config); err != nil {
			return nil, err
		}
	}
	instances["http"], instances["notify"] = first(instances["http"], "http"), first(instances["notify"], "notify")
	all, err := connectors.All(connectors.Options{Dir: folder})
	if err != nil {
		return nil, err
	}
	kinds := map[string]*manifest.Manifest{}
	for _, kind := range all {
		kinds[kind.Manifest().Connector] = kind.Manifest()
	}
	catalog := manifest.Catalog{}
	for _, instance := range slices.Sorted(maps.Keys(instances)) {
		found := kinds[instances[instance]]
		if found == nil {
			return nil, usage("connector %s uses %q, which does not exist; known: %s", instance, instances[instance], strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		catalog[instance] = found
	}
	return catalog, nil
}

// configured reads the connectors of a configuration file, and where the site's own
// lie, and nothing else of it; "tocsin config check" tells what is wrong with the
// rest.
func configured(file string) (instances map[string]string, folder string, err error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, "", usage("%v", err)
	}
	var config struct {
		Dir        string `yaml:"connectors_dir"`
		Connectors map[string]struct {
			Use string `yaml:"use"`
		} `yaml:"connectors"`
	}
	if err := yaml.Load(body, &config); err != nil {
		if fault, ok := errors.AsType[*yaml.LoadError](err); ok {
			return nil, "", usage("%s:%d:%d: is not valid YAML", file, fault.Mark.Line, fault.Mark.Column)
		}
		return nil, "", usage("%s: its connectors cannot be read: %v", file, err)
	}
	instances = map[string]string{}
	for name, connector := range config.Connectors {
		instances[name] = connector.Use
	}
	if given, ok := os.LookupEnv(app.EnvName("connectors_dir")); ok {
		config.Dir = given
	}
	return instances, config.Dir, nil
}
