package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// Setting is one row of the configuration table: the same value's name in the
// file, in the environment and for --set. Secret ones are never shown.
type Setting struct {
	Key     string
	Default string
	Secret  bool
	Help    string
	set     func(*Config, string) error
	show    func(*Config) string
}

// EnvName gives the environment variable of a key: listen is TOCSIN_LISTEN.
func EnvName(key string) string { return "TOCSIN_" + strings.ToUpper(key) }

func text(key, fallback, help string, field func(*Config) *string) Setting {
	return Setting{Key: key, Default: fallback, Help: help,
		set:  func(c *Config, v string) error { *field(c) = v; return nil },
		show: func(c *Config) string { return *field(c) }}
}

func hidden(key, help string, field func(*Config) *secret.String) Setting {
	return Setting{Key: key, Secret: true, Help: help,
		set: func(c *Config, v string) error { *field(c) = secret.New(v); return nil },
		show: func(c *Config) string {
			if field(c).Empty() {
				return ""
			}
			return field(c).String()
		}}
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

// choice is a setting with a few words; the first is the default.
func choice(key string, words []string, field func(*Config) *string) Setting {
	return Setting{Key: key, Default: words[0], Help: diag.OneOf(words),
		set: func(c *Config, v string) error {
			if !slices.Contains(words, v) {
				return notOneOf(v, words)
			}
			*field(c) = v
			return nil
		},
		show: func(c *Config) string { return *field(c) }}
}

// hinted is a fault of a value that says what was probably meant.
type hinted struct{ message, hint string }

// Error gives the message.
func (h hinted) Error() string { return h.message }

func notOneOf(value string, words []string) error {
	return hinted{fmt.Sprintf("want %s, not %q", diag.OneOf(words), value), diag.DidYouMean(value, words)}
}

// stopDelayMost keeps a stop shorter than service managers wait.
const stopDelayMost = time.Minute

func setStopDelay(c *Config, value string) error {
	delay, err := time.ParseDuration(value)
	if err != nil || delay < 0 || delay > stopDelayMost {
		return fmt.Errorf("want a time from 0s to %s, such as 5s, not %q", stopDelayMost, value)
	}
	c.StopDelay = delay
	return nil
}

func setLogLevel(c *Config, value string) error {
	if c.LogLevel.UnmarshalText([]byte(value)) != nil {
		return notOneOf(value, []string{"debug", "info", "warn", "error"})
	}
	return nil
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
