package app

import (
	"errors"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// configBytes bounds the configuration file.
const configBytes = 256 << 10

// reader walks the configuration file and collects its faults.
type reader struct {
	file   string
	config *Config
	lookup func(string) (string, bool)
	faults diag.List
}

func loadFile(config *Config, path string, lookup func(string) (string, bool)) diag.List {
	r := &reader{file: path, config: config, lookup: lookup}
	body, err := os.ReadFile(path)
	switch {
	case err != nil:
		r.faults = append(r.faults, fault(diag.Position{File: path}, "cannot be read: "+errors.Unwrap(err).Error()))
		return r.faults
	case len(body) > configBytes:
		r.faults = append(r.faults, fault(diag.Position{File: path}, "is larger than 256 KiB"))
		return r.faults
	}
	var document yaml.Node
	if err := yaml.Unmarshal(body, &document); err != nil {
		r.faults = append(r.faults, fault(syntaxPosition(path, err), "is not valid YAML"))
		return r.faults
	}
	if len(document.Content) == 0 { // an empty file sets nothing
		return nil
	}
	r.root(document.Content[0])
	return r.faults
}

func syntaxPosition(path string, err error) diag.Position {
	if load, ok := errors.AsType[*yaml.LoadError](err); ok {
		return diag.Position{File: path, Line: load.Mark.Line, Column: load.Mark.Column}
	}
	return diag.Position{File: path}
}

func (r *reader) root(node *yaml.Node) {
	keys := []string{"connectors"}
	settings := map[string]Setting{}
	for _, setting := range Settings() {
		keys = append(keys, setting.Key)
		settings[setting.Key] = setting
	}
	r.mapping(node, func(key, value *yaml.Node) {
		setting, known := settings[key.Value]
		switch {
		case key.Value == "connectors":
			r.mapping(value, r.connector)
		case !known:
			r.unknown(key, keys)
		case value.Kind != yaml.ScalarNode:
			r.wrong(value, "want one value for "+key.Value)
		default:
			if err := setting.set(r.config, value.Value); err != nil {
				r.wrong(value, key.Value+": "+err.Error())
			}
		}
	})
}

func (r *reader) connector(name, node *yaml.Node) {
	instance := ConnectorConfig{Settings: map[string]string{}, Secrets: map[string]secret.String{}}
	r.mapping(node, func(key, value *yaml.Node) {
		switch key.Value {
		case "use":
			instance.Use = value.Value
		case "settings":
			r.mapping(value, func(k, v *yaml.Node) { r.connectorSetting(&instance, k, v) })
		default:
			r.unknown(key, []string{"use", "settings"})
		}
	})
	if instance.Use == "" {
		r.wrong(node, "connector "+name.Value+" does not say which kind it uses; add use: KIND")
	}
	r.config.Connectors[name.Value] = instance
}

// connectorSetting reads a plain value, or {from_env: NAME} / {from_file: PATH}
// for a secret.
func (r *reader) connectorSetting(instance *ConnectorConfig, key, value *yaml.Node) {
	if value.Kind == yaml.ScalarNode {
		instance.Settings[key.Value] = value.Value
		return
	}
	r.mapping(value, func(source, name *yaml.Node) {
		hidden, err := secretSource(source.Value, name.Value, r.lookup)
		if err != nil {
			r.wrong(source, key.Value+": "+err.Error())
			return
		}
		instance.Secrets[key.Value] = hidden
	})
}

// mapping visits the pairs of a mapping in order and refuses duplicates, aliases
// and anything that is no mapping.
func (r *reader) mapping(node *yaml.Node, visit func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		r.wrong(node, "want a mapping of names to values here")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case seen[key.Value]:
			r.wrong(key, key.Value+" is set twice")
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			r.wrong(value, "anchors and aliases are not used in configuration")
		default:
			visit(key, value)
		}
		seen[key.Value] = true
	}
}

func (r *reader) unknown(key *yaml.Node, known []string) {
	slices.Sort(known)
	d := r.at(key, "unknown setting "+quoteName(key.Value))
	d.Rule = "unknown-key"
	d.Hint = "known here: " + strings.Join(known, ", ")
	r.faults = append(r.faults, d)
}

func (r *reader) wrong(node *yaml.Node, message string) {
	r.faults = append(r.faults, r.at(node, message))
}

func (r *reader) at(node *yaml.Node, message string) diag.Diagnostic {
	d := fault(diag.Position{File: r.file, Line: node.Line, Column: node.Column}, message)
	d.Length = len([]rune(node.Value))
	return d
}

func quoteName(name string) string { return "\"" + name + "\"" }
