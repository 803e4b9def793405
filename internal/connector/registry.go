package connector

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/manifest"
)

// Registry holds the opened instances by the names that playbooks use.
type Registry struct {
	instances map[string]opened
}

type opened struct {
	manifest *manifest.Manifest
	instance Instance
	schemas  *Schemas
}

// NewRegistry makes an empty registry.
func NewRegistry() *Registry { return &Registry{instances: map[string]opened{}} }

// Open opens an instance of kind and adds it under config.Instance.
func (r *Registry) Open(kind Connector, config Config) error {
	if _, taken := r.instances[config.Instance]; taken {
		return fmt.Errorf("connector instance %q is configured twice", config.Instance)
	}
	described := kind.Manifest()
	schemas, err := CompileSchemas(described)
	if err != nil {
		return fmt.Errorf("connector %q: %w", config.Instance, err)
	}
	if err := checkSettings(described, config); err != nil {
		return fmt.Errorf("connector %q (%s): %w", config.Instance, described.Connector, err)
	}
	instance, err := kind.Open(withDefaults(described, config))
	if err != nil {
		return fmt.Errorf("open connector %q (%s): %w", config.Instance, described.Connector, err)
	}
	r.instances[config.Instance] = opened{described, instance, schemas}
	return nil
}

// checkSettings refuses settings that the manifest does not declare: a name typed
// wrongly must not mean that a protection is off.
func checkSettings(described *manifest.Manifest, config Config) error {
	declared := map[string]manifest.Setting{}
	for _, setting := range described.Settings {
		declared[setting.Name] = setting
		_, plain := config.Settings[setting.Name]
		given := plain || !config.Secrets[setting.Name].Empty()
		if setting.Required && !given && setting.Default == "" {
			return fmt.Errorf("setting %q is required: %s", setting.Name, setting.Description)
		}
	}
	for name := range config.Settings {
		if setting, ok := declared[name]; !ok || setting.Secret {
			return fmt.Errorf("setting %q is not a plain setting of this connector", name)
		}
	}
	for name := range config.Secrets {
		if setting, ok := declared[name]; !ok || !setting.Secret {
			return fmt.Errorf("setting %q is not a secret of this connector", name)
		}
	}
	return nil
}

func withDefaults(described *manifest.Manifest, config Config) Config {
	settings := maps.Clone(config.Settings)
	if settings == nil {
		settings = map[string]string{}
	}
	for _, setting := range described.Settings {
		if _, given := settings[setting.Name]; !given && !setting.Secret && setting.Default != "" {
			settings[setting.Name] = setting.Default
		}
	}
	config.Settings = settings
	return config
}

// Find gives the instance and its manifest.
func (r *Registry) Find(name string) (Instance, *manifest.Manifest, bool) {
	o, ok := r.instances[name]
	return o.instance, o.manifest, ok
}

// Schemas gives the compiled schemas of an instance's manifest.
func (r *Registry) Schemas(name string) (*Schemas, bool) {
	o, ok := r.instances[name]
	return o.schemas, ok
}

// Names lists the instances in order.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.instances)) }

// Catalog gives the manifests by instance name.
func (r *Registry) Catalog() manifest.Catalog {
	catalog := manifest.Catalog{}
	for name, o := range r.instances {
		catalog[name] = o.manifest
	}
	return catalog
}
