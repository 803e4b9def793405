package app

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// LoadConfig reads defaults, then the file (none when path is empty), then the
// environment by lookup, and gives all faults at once.
func LoadConfig(path string, lookup func(string) (string, bool)) (*Config, diag.List) {
	config := &Config{Connectors: map[string]ConnectorConfig{}}
	var faults diag.List
	for _, setting := range Settings() {
		if err := setting.set(config, setting.Default); err != nil {
			faults = append(faults, fault(diag.Position{File: "default of " + setting.Key}, err.Error()))
		}
	}
	if path != "" {
		faults = append(faults, loadFile(config, path, lookup)...)
	}
	for _, setting := range Settings() {
		name := EnvName(setting.Key)
		value, given := lookup(name)
		if !given {
			continue
		}
		if err := setting.set(config, value); err != nil {
			faults = append(faults, fault(diag.Position{File: "environment " + name}, err.Error()))
		}
	}
	faults = append(faults, config.check()...)
	faults.Sort()
	return config, faults
}

// check says what is missing or does not fit together.
func (c *Config) check() diag.List {
	var faults diag.List
	missing := func(key, why string) {
		faults = append(faults, diag.Diagnostic{Position: diag.Position{File: "configuration"}, Level: diag.Error, Rule: "config",
			Message: key + " is not set: " + why,
			Hint:    "set it in the configuration file or as " + EnvName(key)})
	}
	if c.DatabaseURL.Empty() {
		missing("database_url", "Tocsin keeps its record in PostgreSQL")
	}
	if c.TemporalAddress == "" {
		missing("temporal_address", "incidents run as Temporal workflows")
	}
	if c.DataDir == "" {
		missing("data_dir", "evidence is stored there")
	} else if absolute, err := filepath.Abs(c.DataDir); err == nil {
		c.DataDir = absolute
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	return faults
}

// Values gives the settings as they are in force, secrets hidden, in the order of
// the table.
func (c *Config) Values() [][2]string {
	var rows [][2]string
	for _, setting := range Settings() {
		rows = append(rows, [2]string{setting.Key, setting.show(c)})
	}
	return rows
}

func fault(at diag.Position, message string) diag.Diagnostic {
	return diag.Diagnostic{Position: at, Level: diag.Error, Rule: "config", Message: message}
}

// secretSource reads a secret that the file names: from_env or from_file.
func secretSource(kind, name string, lookup func(string) (string, bool)) (secret.String, error) {
	switch kind {
	case "from_env":
		value, given := lookup(name)
		if !given || value == "" {
			return secret.String{}, fmt.Errorf("the environment variable %s is not set", name)
		}
		return secret.New(value), nil
	case "from_file":
		body, err := os.ReadFile(name)
		if err != nil {
			return secret.String{}, fmt.Errorf("read the secret: %w", err)
		}
		return secret.New(trimNewline(string(body))), nil
	default:
		return secret.String{}, fmt.Errorf("want from_env or from_file, not %q", kind)
	}
}

func trimNewline(text string) string {
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	return text
}
