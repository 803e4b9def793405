package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// Ways to say where a secret is.
const (
	fromEnv        = "from_env"        // a variable of the environment
	fromFile       = "from_file"       // a file; line ends at its end do not count
	fromCredential = "from_credential" // a file in the folder that systemd hands over
)

// credentialsVariable names the folder with the credentials of a systemd unit
// (LoadCredential=, SetCredentialEncrypted=).
const credentialsVariable = "CREDENTIALS_DIRECTORY"

// secretBytes bounds a file with a secret.
const secretBytes = 64 << 10

// reference sets a secret from where it is said to be.
func (l *loader) reference(setting Setting, where place, kind, name string) {
	found, err := secretFrom(kind, name, l.lookup)
	if err != nil {
		l.fault(where, prefixed(setting.Key, err))
		return
	}
	l.apply(setting, where, found.Reveal())
}

// secretFrom reads a secret; name is that of the variable, the file or the
// credential. An empty one is none.
func secretFrom(kind, name string, lookup func(string) (string, bool)) (secret.String, error) {
	switch kind {
	case fromEnv:
		value, _ := lookup(name)
		if value == "" {
			return secret.String{}, fmt.Errorf("the environment variable %s is not set", name)
		}
		return secret.New(value), nil
	case fromFile:
		return secretFile(name)
	case fromCredential:
		folder, _ := lookup(credentialsVariable)
		if folder == "" {
			return secret.String{}, fmt.Errorf("%s is not set: %s works in a systemd unit with LoadCredential=%s:PATH", credentialsVariable, fromCredential, name)
		}
		if name != filepath.Base(name) {
			return secret.String{}, fmt.Errorf("%q is not the name of a credential", name)
		}
		return secretFile(filepath.Join(folder, name))
	default:
		return secret.String{}, fmt.Errorf("want %s, %s or %s, not %q", fromEnv, fromFile, fromCredential, kind)
	}
}

func secretFile(path string) (secret.String, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > secretBytes {
		return secret.String{}, fmt.Errorf("%s is larger than 64 KiB", path)
	}
	if err != nil {
		return secret.String{}, fmt.Errorf("%s cannot be read: %s", path, withoutPath(err))
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return secret.String{}, fmt.Errorf("%s cannot be read: %s", path, withoutPath(err))
	}
	value := strings.TrimRight(string(body), "\r\n")
	if value == "" {
		return secret.String{}, errors.New(path + " is empty")
	}
	return secret.New(value), nil
}
