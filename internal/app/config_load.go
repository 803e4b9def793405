package app

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// Sources say where configuration is read from, weakest first.
type Sources struct {
	File   string                      // path of the YAML file; empty: none
	Lookup func(string) (string, bool) // one variable of the environment
	Names  []string                    // of the variables there are, to find misspelt ones; may be nil
	Set    []string                    // KEY=VALUE of the command line
}

// LoadConfig reads the file (none when path is empty) and the environment.
func LoadConfig(path string, lookup func(string) (string, bool)) (*Config, diag.List) {
	return Sources{File: path, Lookup: lookup}.Load()
}

// Load reads all sources and gives all faults at once. The configuration is there
// even then, as far as it could be read.
func (s Sources) Load() (*Config, diag.List) {
	l := &loader{config: &Config{Connectors: map[string]ConnectorConfig{}, Hooks: map[string]HookConfig{}, places: map[string]place{}}, lookup: s.Lookup}
	for _, setting := range Settings() {
		if err := setting.set(l.config, setting.Default); err != nil {
			l.fault(place{at: diag.Position{File: "default of " + setting.Key}}, err)
		}
	}
	if s.File != "" {
		l.file(s.File)
	}
	l.environment(s.Names)
	for _, pair := range s.Set {
		l.assign(pair)
	}
	l.check()
	l.faults.Sort()
	return l.config, l.faults
}

// loader collects values and faults.
type loader struct {
	config *Config
	lookup func(string) (string, bool)
	faults diag.List
}

// fault says that the value at a place is wrong.
func (l *loader) fault(where place, err error) {
	d := diag.Diagnostic{Position: where.at, Length: where.length, Level: diag.Error, Rule: ruleSetting, Message: err.Error()}
	if more, ok := errors.AsType[hinted](err); ok {
		d.Hint = more.hint
	}
	l.faults = append(l.faults, d)
}

func (l *loader) warn(where place, message, hint string) {
	l.faults = append(l.faults, diag.Diagnostic{Position: where.at, Length: where.length, Level: diag.Warning, Rule: ruleSetting, Message: message, Hint: hint})
}

// Names of the rules that faults of configuration are told under.
const (
	ruleSetting    = "setting"
	ruleUnknownKey = "unknown_key"
)

// apply sets one value and remembers where it came from.
func (l *loader) apply(setting Setting, where place, value string) {
	if err := setting.set(l.config, value); err != nil {
		l.fault(where, prefixed(setting.Key, err))
		return
	}
	l.config.places[setting.Key] = where
}

func prefixed(key string, err error) error {
	if more, ok := errors.AsType[hinted](err); ok {
		return hinted{key + ": " + more.message, more.hint}
	}
	return hinted{message: key + ": " + err.Error()}
}

// environment reads the variable of each setting. NAME_FILE of a secret one names a
// file with the value, as container platforms hand secrets over.
func (l *loader) environment(names []string) {
	for _, setting := range Settings() {
		name := EnvName(setting.Key)
		where := place{at: diag.Position{File: "environment " + name}}
		value, _ := l.lookup(name)
		given := value != "" // an empty variable is none: container files cannot leave one out
		if given {
			l.apply(setting, where, value)
		}
		if !setting.Secret {
			continue
		}
		file, _ := l.lookup(name + "_FILE")
		named := file != ""
		where.at.File += "_FILE"
		switch {
		case named && given:
			l.fault(where, hinted{name + " and " + name + "_FILE are both set", "unset one of them"})
		case named:
			l.reference(setting, where, fromFile, file)
		}
	}
	l.misspelt(names)
}

// misspelt warns of variables that look like ours and are not read: nobody would
// see otherwise that a setting has no effect.
func (l *loader) misspelt(names []string) {
	var known []string
	for _, setting := range Settings() {
		known = append(known, EnvName(setting.Key))
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "TOCSIN_") || slices.Contains(known, name) || slices.Contains(known, strings.TrimSuffix(name, "_FILE")) {
			continue
		}
		if hint := diag.DidYouMean(name, known); hint != "" && !slices.Contains(otherVariables(), name) {
			l.warn(place{at: diag.Position{File: "environment " + name}}, "no setting has this name; it has no effect", hint)
		}
	}
}

// otherVariables are those of the command line client and of tests.
func otherVariables() []string {
	return []string{"TOCSIN_URL", "TOCSIN_TOKEN", "TOCSIN_TOKEN_FILE", "TOCSIN_CONFIG"}
}

// assign reads one KEY=VALUE of the command line.
func (l *loader) assign(pair string) {
	key, value, found := strings.Cut(pair, "=")
	where := place{at: diag.Position{File: "--set " + key}}
	index := slices.IndexFunc(Settings(), func(s Setting) bool { return s.Key == key })
	switch {
	case !found:
		l.fault(where, hinted{message: "want KEY=VALUE"})
	case index < 0:
		l.faults = append(l.faults, unknownKey(where, key))
	case Settings()[index].Secret:
		l.fault(where, hinted{key + " is a secret, and everybody on this machine can read a command line", "set " + EnvName(key) + " or " + EnvName(key) + "_FILE"})
	default:
		l.apply(Settings()[index], where, value)
	}
}

func unknownKey(where place, key string) diag.Diagnostic {
	known := settingKeys()
	hint := diag.DidYouMean(key, known)
	if hint == "" {
		hint = `"tocsin config table" lists the settings`
	}
	return diag.Diagnostic{Position: where.at, Length: where.length, Level: diag.Error, Rule: ruleUnknownKey, Message: "there is no setting " + quoteName(key), Hint: hint}
}

// settingKeys gives the keys of the file.
func settingKeys() []string {
	var keys []string
	for _, setting := range Settings() {
		keys = append(keys, setting.Key)
	}
	return append(keys, "connectors", "hooks")
}

// Value is one setting as it is in force.
type Value struct {
	Key   string `json:"key"`
	Value string `json:"value"` // [redacted] for a secret that is set
	From  string `json:"from"`  // default, file:line:column, environment NAME, --set KEY
}

// Values gives the settings as they are in force and where each came from, in the
// order of the table.
func (c *Config) Values() []Value {
	var rows []Value
	for _, setting := range Settings() {
		from := "default"
		if where, set := c.places[setting.Key]; set {
			from = where.at.String()
		}
		rows = append(rows, Value{Key: setting.Key, Value: setting.show(c), From: from})
	}
	return rows
}

func environNames() []string {
	var names []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}

// SourcesOf gives the sources of this process: a file, its environment, and what
// stands on its command line.
func SourcesOf(file string, set []string) Sources {
	return Sources{File: file, Lookup: os.LookupEnv, Names: environNames(), Set: set}
}
