package app

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/temporalclient/codec"
)

const keysSetting = "encryption_keys"

// KeyReference says where one key of payloads is.
type KeyReference struct {
	ID   string
	Kind string // from_file, from_env, from_credential
	Name string // of the file, the variable, the credential
}

// String gives ID=KIND:NAME.
func (k KeyReference) String() string { return k.ID + "=" + k.Kind + ":" + k.Name }

func setKeys(c *Config, value string) error {
	c.Encryption.Keys = nil
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		id, source, named := strings.Cut(part, "=")
		kind, name, pointed := strings.Cut(source, ":")
		if !named || !pointed || name == "" || !slices.Contains([]string{fromFile, fromEnv, fromCredential}, kind) {
			// The part may be a key that somebody wrote here.
			return hinted{"want ID=from_file:PATH, ID=from_env:NAME or ID=from_credential:NAME", "keys themselves are not written here"}
		}
		if slices.ContainsFunc(c.Encryption.Keys, func(k KeyReference) bool { return k.ID == id }) {
			return fmt.Errorf("the key %q stands here twice", id)
		}
		c.Encryption.Keys = append(c.Encryption.Keys, KeyReference{id, kind, name})
	}
	return nil
}

func showKeys(c *Config) string {
	all := make([]string, len(c.Encryption.Keys))
	for i, key := range c.Encryption.Keys {
		all[i] = key.String()
	}
	return strings.Join(all, ",")
}

// checkEncryption reads the keys and makes the ring.
func (l *loader) checkEncryption() {
	c := l.config
	if len(c.Encryption.Keys) == 0 {
		if c.Encryption.Active != "" {
			l.contradict("encryption_active_key", "encryption_active_key is set, but there are no encryption_keys", "")
		}
		return
	}
	keys := map[string]secret.String{}
	for _, reference := range c.Encryption.Keys {
		key, err := secretFrom(reference.Kind, reference.Name, l.lookup)
		if err != nil {
			l.contradict(keysSetting, fmt.Sprintf("%s: key %s: %s", keysSetting, reference.ID, err), "")
			continue
		}
		keys[reference.ID] = key
	}
	if len(keys) < len(c.Encryption.Keys) {
		return
	}
	ring, err := codec.NewRing(keys, c.Encryption.Active)
	if err != nil {
		l.contradict(keysSetting, keysSetting+": "+err.Error(), "encryption_active_key names the key that encrypts")
		return
	}
	c.Encryption.ring = ring
	if ui, err := url.Parse(c.TemporalUI); c.TemporalUI != "" && (err != nil || ui.Host == "" || ui.Scheme != "http" && ui.Scheme != "https") {
		l.contradict("temporal_ui", "temporal_ui is no address of a page, and with encryption_keys it says which pages may decrypt", "write https://HOST or http://HOST:PORT")
	}
}
