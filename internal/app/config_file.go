package app

import (
	"bytes"
	"io/fs"
	"os"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// file reads the configuration file as strictly as a playbook.
func (l *loader) file(path string) {
	body, err := os.ReadFile(path)
	if err != nil {
		l.fault(place{at: diag.Position{File: path}}, hinted{message: "cannot be read: " + withoutPath(err)})
		return
	}
	if onlyComments(body) { // sets nothing
		return
	}
	document, faults := strictyaml.Load(path, body, strictyaml.Limits{})
	l.faults = append(l.faults, faults...)
	if document == nil || document.Root == nil {
		return
	}
	r := &fileReader{loader: l, Reader: strictyaml.Reader{File: path}, shared: readByOthers(path)}
	r.root(document.Root)
	l.faults = append(l.faults, r.List...)
}

func onlyComments(body []byte) bool {
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

func readByOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// fileReader walks the tree of the configuration file.
type fileReader struct {
	strictyaml.Reader
	loader *loader
	shared bool // everybody on this machine can read the file
}

func (r *fileReader) root(root *strictyaml.Node) {
	if !r.Keys(root, "the configuration", settingKeys(), nil) {
		return
	}
	if connectors := root.Get("connectors"); connectors != nil && r.Is(connectors, strictyaml.Map, "connectors") {
		for _, entry := range connectors.Entries {
			r.connector(entry.Key, entry.Value)
		}
	}
	if hooks := root.Get("hooks"); hooks != nil && r.Is(hooks, strictyaml.Map, "hooks") {
		for _, entry := range hooks.Entries {
			r.hook(entry.Key, entry.Value)
		}
	}
	for _, setting := range Settings() {
		if value := root.Get(setting.Key); value != nil && !value.Bad {
			r.setting(setting, value)
		}
	}
}

// setting reads a plain value, a list of plain values, or where to find a secret.
func (r *fileReader) setting(setting Setting, value *strictyaml.Node) {
	where := place{at: value.Pos, length: value.Length()}
	switch {
	case value.Kind == strictyaml.Map && setting.Secret:
		if kind, name, ok := r.sourceOf(setting.Key, value); ok {
			r.loader.reference(setting, where, kind, name)
		}
	case value.Kind == strictyaml.Map && setting.Key == keysSetting:
		if references, ok := r.keys(value); ok {
			r.loader.apply(setting, where, references)
		}
	case value.Kind == strictyaml.List:
		if texts := r.Strings(value, setting.Key); !value.Bad {
			r.loader.apply(setting, where, strings.Join(texts, ","))
		}
	case value.Kind == strictyaml.Map, value.Kind == strictyaml.Null:
		r.Fault(value, strictyaml.RuleWrongType, setting.Key+" must be one value, this is "+value.Kind.String(), "")
	default:
		if setting.Secret && r.shared {
			r.loader.warn(where, setting.Key+" stands in a file that everybody on this machine can read", "write {from_file: PATH}, or chmod o-r "+r.File)
		}
		r.loader.apply(setting, where, value.Text)
	}
}

// keys reads {ID: {from_file: PATH}, ...} as the one text of other sources.
func (r *fileReader) keys(value *strictyaml.Node) (string, bool) {
	var all []string
	for _, entry := range value.Entries {
		if !r.Is(entry.Value, strictyaml.Map, "key "+entry.Key.Text) {
			return "", false
		}
		kind, name, ok := r.sourceOf("key "+entry.Key.Text, entry.Value)
		if !ok {
			return "", false
		}
		all = append(all, KeyReference{entry.Key.Text, kind, name}.String())
	}
	return strings.Join(all, ","), true
}

// sourceOf reads {from_env: NAME}, {from_file: PATH} or {from_credential: NAME}.
func (r *fileReader) sourceOf(key string, node *strictyaml.Node) (kind, name string, ok bool) {
	if !r.Keys(node, key, []string{fromEnv, fromFile, fromCredential}, nil) {
		return "", "", false
	}
	if len(node.Entries) != 1 {
		r.Fault(node, strictyaml.RuleMissingKey, key+" must say in one way where it is", "write {from_env: NAME}, {from_file: PATH} or {from_credential: NAME}")
		return "", "", false
	}
	entry := node.Entries[0]
	name = r.Text(entry.Value, entry.Key.Text)
	return entry.Key.Text, name, !entry.Key.Bad && name != ""
}

func (r *fileReader) connector(name, node *strictyaml.Node) {
	instance := ConnectorConfig{Settings: map[string]string{}, Secrets: map[string]secret.String{}}
	what := "connector " + name.Text
	if !r.Keys(node, what, []string{"use", "settings"}, nil) {
		return
	}
	if use := node.Get("use"); use != nil {
		instance.Use = r.Text(use, "use")
	} else {
		r.Fault(node, strictyaml.RuleMissingKey, what+" does not say which kind it uses", "add use: KIND")
	}
	if settings := node.Get("settings"); settings != nil && r.Is(settings, strictyaml.Map, "settings of "+what) {
		for _, entry := range settings.Entries {
			r.connectorSetting(&instance, entry)
		}
	}
	r.loader.config.Connectors[name.Text] = instance
}

// connectorSetting reads a plain value, or where to find a secret.
func (r *fileReader) connectorSetting(instance *ConnectorConfig, entry strictyaml.Entry) {
	key, value := entry.Key.Text, entry.Value
	switch {
	case value.Bad:
	case value.Kind == strictyaml.Map:
		kind, name, ok := r.sourceOf(key, value)
		if !ok {
			return
		}
		found, err := secretFrom(kind, name, r.loader.lookup)
		if err != nil {
			r.Fault(value, ruleSetting, key+": "+err.Error(), "")
			return
		}
		instance.Secrets[key] = found
	case value.Kind == strictyaml.Null || value.Kind == strictyaml.List:
		r.Fault(value, strictyaml.RuleWrongType, key+" must be one value, this is "+value.Kind.String(), "")
	default:
		instance.Settings[key] = value.Text
	}
}

func quoteName(name string) string { return "\"" + name + "\"" }

// withoutPath gives the operating system's reason alone: the place names the file.
func withoutPath(err error) string {
	if path, ok := err.(*fs.PathError); ok { //nolint:errorlint // os.ReadFile returns it bare
		return path.Err.Error()
	}
	return err.Error()
}
