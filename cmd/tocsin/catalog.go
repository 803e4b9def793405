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
		read, err := configured(config)
		if err != nil {
			return nil, err
		}
		instances, folder = read.instances, read.connectors
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

// offline is what a configuration file says that is needed without a server.
type offline struct {
	instances            map[string]string // kind by name
	connectors, policies string            // folders of the site
}

// configured reads the connectors of a configuration file, and where the site's own
// and its policy files lie, and nothing else of it; "tocsin config check" tells what
// is wrong with the rest.
func configured(file string) (offline, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return offline{}, usage("%v", err)
	}
	var config struct {
		Dir        string `yaml:"connectors_dir"`
		Policies   string `yaml:"policy_dir"`
		Connectors map[string]struct {
			Use string `yaml:"use"`
		} `yaml:"connectors"`
	}
	if err := yaml.Load(body, &config); err != nil {
		if fault, ok := errors.AsType[*yaml.LoadError](err); ok {
			return offline{}, usage("%s:%d:%d: is not valid YAML", file, fault.Mark.Line, fault.Mark.Column)
		}
		return offline{}, usage("%s: its connectors cannot be read: %v", file, err)
	}
	instances := map[string]string{}
	for name, connector := range config.Connectors {
		instances[name] = connector.Use
	}
	if given, ok := os.LookupEnv(app.EnvName("connectors_dir")); ok {
		config.Dir = given
	}
	if given, ok := os.LookupEnv(app.EnvName("policy_dir")); ok {
		config.Policies = given
	}
	return offline{instances, config.Dir, config.Policies}, nil
}
