package app

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/guard"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// Config is all that a process needs to know. Each value comes from, in rising
// order of strength: its default, the configuration file, the environment.
type Config struct {
	Listen            string         // host:port of the API
	PublicURL         string         // how people and tools reach the API; in links
	TrustedProxies    []netip.Prefix // whose X-Forwarded-For is believed
	DatabaseURL       secret.String  // postgres://...
	TemporalAddress   string         // host:port
	TemporalNamespace string
	TemporalTaskQueue string
	TemporalUI        string // base URL of the Temporal UI; in links, may be empty
	DataDir           string // evidence, the record's signing key, checkpoints
	PolicyDir         string // policy files; empty: the built-in ones
	LoadShipped       bool   // publish the shipped playbooks at start
	AutoClose         bool   // close an incident when all its playbooks ended well
	LogLevel          slog.Level
	LogFormat         string // text | json
	Connectors        map[string]ConnectorConfig
	Limits            []guard.Limit // how often an action may run; nil: guard.DefaultLimits; not in the file
}

// ConnectorConfig is one connector instance of the configuration file.
type ConnectorConfig struct {
	Use      string            // the connector's kind: lab_edr, http
	Settings map[string]string // plain settings
	Secrets  map[string]secret.String
}

// Setting is one row of the configuration table: the same value's name in the
// file and in the environment. Secret ones are never shown.
type Setting struct {
	Key string

	Default string
	Secret  bool
	Help    string
	set     func(*Config, string) error
	show    func(*Config) string
}

// Settings is the one table of configuration: the file's keys, the environment,
// the defaults, and the documentation are read from it. Connectors stand in the
// file only.
func Settings() []Setting {
	return []Setting{
		text("listen", "127.0.0.1:8080", "host:port the API listens on", func(c *Config) *string { return &c.Listen }),
		text("public_url", "", "how people and tools reach the API, used in links; empty: http:// and the listen address", func(c *Config) *string { return &c.PublicURL }),
		{Key: "trusted_proxies", Help: "comma-separated networks whose X-Forwarded-For is believed; empty: none", set: setProxies, show: showProxies},
		{Key: "database_url", Secret: true, Help: "postgres:// URL of a PostgreSQL 15 or newer", set: func(c *Config, v string) error { c.DatabaseURL = secret.New(v); return nil }, show: func(c *Config) string { return c.DatabaseURL.String() }},
		text("temporal_address", "127.0.0.1:7233", "host:port of the Temporal frontend", func(c *Config) *string { return &c.TemporalAddress }),
		text("temporal_namespace", "default", "Temporal namespace", func(c *Config) *string { return &c.TemporalNamespace }),
		text("temporal_task_queue", "tocsin", "task queue of workflows and activities; one for each installation that shares a namespace", func(c *Config) *string { return &c.TemporalTaskQueue }),
		text("temporal_ui", "", "base URL of the Temporal UI, used in links", func(c *Config) *string { return &c.TemporalUI }),
		text("data_dir", "./.tocsin/data", "folder for evidence, the record's signing key and its checkpoints", func(c *Config) *string { return &c.DataDir }),
		text("policy_dir", "", "folder with policy files that replace the built-in ones", func(c *Config) *string { return &c.PolicyDir }),
		flag("load_shipped_playbooks", "true", "publish the shipped playbooks at start when they are new", func(c *Config) *bool { return &c.LoadShipped }),
		flag("auto_close", "true", "close an incident by itself when all its playbooks ended well", func(c *Config) *bool { return &c.AutoClose }),
		{Key: "log_level", Default: "info", Help: "debug, info, warn or error", set: func(c *Config, v string) error { return c.LogLevel.UnmarshalText([]byte(v)) }, show: func(c *Config) string { return strings.ToLower(c.LogLevel.String()) }},
		{Key: "log_format", Default: "text", Help: "text or json", set: setLogFormat, show: func(c *Config) string { return c.LogFormat }},
	}
}

// EnvName gives the environment variable of a key: listen is TOCSIN_LISTEN.
func EnvName(key string) string { return "TOCSIN_" + strings.ToUpper(key) }

func text(key, fallback, help string, field func(*Config) *string) Setting {
	return Setting{Key: key, Default: fallback, Help: help,
		set:  func(c *Config, v string) error { *field(c) = v; return nil },
		show: func(c *Config) string { return *field(c) }}
}

func flag(key, fallback, help string, field func(*Config) *bool) Setting {
	return Setting{Key: key, Default: fallback, Help: help,
		set: func(c *Config, v string) error {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return fmt.Errorf("want true or false, not %q", v)
			}
			*field(c) = b
			return nil
		},
		show: func(c *Config) string { return strconv.FormatBool(*field(c)) }}
}

func setProxies(c *Config, value string) error {
	c.TrustedProxies = nil
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return fmt.Errorf("want networks such as 10.0.0.0/8, not %q", part)
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return nil
}

func showProxies(c *Config) string {
	names := make([]string, len(c.TrustedProxies))
	for i, prefix := range c.TrustedProxies {
		names[i] = prefix.String()
	}
	return strings.Join(names, ",")
}

func setLogFormat(c *Config, value string) error {
	if value != "text" && value != "json" {
		return fmt.Errorf("want text or json, not %q", value)
	}
	c.LogFormat = value
	return nil
}

// SettingsTable gives the table as Markdown, for the README and for
// `tocsin config table`.
func SettingsTable() string {
	var table strings.Builder
	table.WriteString("| file key | environment | default | meaning |\n|---|---|---|---|\n")
	for _, s := range Settings() {
		fallback := ""
		if s.Default != "" {
			fallback = "`" + s.Default + "`"
		}
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", s.Key, EnvName(s.Key), fallback, s.Help)
	}
	return table.String()
}
