package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// keyBytes is the length of a key: AES-256.
const keyBytes = 32

// keyID is what a key may be called: it stands in every payload.
var keyID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Ring holds the keys: one encrypts, all decrypt.
type Ring struct {
	active string
	keys   map[string]cipher.AEAD
}

// NewRing makes a ring of keys by id, each 32 bytes in base64. active may be empty
// when there is one key.
func NewRing(keys map[string]secret.String, active string) (*Ring, error) {
	r := &Ring{active: active, keys: map[string]cipher.AEAD{}}
	ids := slices.Sorted(maps.Keys(keys))
	if len(ids) == 0 {
		return nil, errors.New("there is no key")
	}
	for _, id := range ids {
		if !keyID.MatchString(id) {
			return nil, fmt.Errorf("%q cannot be the name of a key: letters, digits, dot, dash and underscore, at most 64", id)
		}
		sealer, err := parseKey(keys[id])
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", id, err)
		}
		r.keys[id] = sealer
	}
	if active == "" && len(ids) == 1 {
		r.active = ids[0]
	}
	if _, known := r.keys[r.active]; !known {
		if r.active == "" {
			return nil, fmt.Errorf("there are several keys (%s), and it is not said which encrypts", strings.Join(ids, ", "))
		}
		return nil, fmt.Errorf("the active key %q is not among the keys: %s", active, strings.Join(ids, ", "))
	}
	return r, nil
}

// parseKey never quotes what it was given.
func parseKey(key secret.String) (cipher.AEAD, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key.Reveal()))
	if err != nil || len(raw) != keyBytes {
		return nil, fmt.Errorf(`want %d bytes in base64, as "tocsin key new" makes them`, keyBytes)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, errors.New("the key cannot be used")
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// NewKey makes a key from random bytes.
func NewKey(random io.Reader) (secret.String, error) {
	raw := make([]byte, keyBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return secret.String{}, fmt.Errorf("make a key: %w", err)
	}
	return secret.New(base64.StdEncoding.EncodeToString(raw)), nil
}

// Active is the id of the key that encrypts.
func (r *Ring) Active() string { return r.active }

// IDs lists all keys, sorted.
func (r *Ring) IDs() []string { return slices.Sorted(maps.Keys(r.keys)) }

// UnknownKeyError says that a payload was encrypted under a key that the ring lacks.
type UnknownKeyError struct{ ID string }

// Error names the key.
func (e UnknownKeyError) Error() string {
	return fmt.Sprintf("it is encrypted under the key %q, which is not in the ring", e.ID)
}

func (r *Ring) seal(plain, bound []byte) []byte {
	return r.keys[r.active].Seal(nil, nil, plain, bound)
}

func (r *Ring) open(id string, sealed, bound []byte) ([]byte, error) {
	key, known := r.keys[id]
	if !known {
		return nil, UnknownKeyError{id}
	}
	plain, err := key.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, fmt.Errorf("it cannot be decrypted under the key %q: another key of that name, another namespace, or changed bytes", id)
	}
	return plain, nil
}

// canaryText is sealed under each key that was ever active, so that a later start
// can tell whether its ring still reads what is there.
const canaryText = "tocsin payload key canary"

// Canary gives a sealed text that only the active key opens.
func (r *Ring) Canary() []byte { return r.seal([]byte(canaryText), fields("canary", r.active)) }

// OpensCanary tells whether the key of that id opens a canary: UnknownKeyError when
// the ring has no such key, another error when it is not the same key.
func (r *Ring) OpensCanary(id string, canary []byte) error {
	if _, known := r.keys[id]; !known {
		return UnknownKeyError{id}
	}
	if _, err := r.open(id, canary, fields("canary", id)); err != nil {
		return fmt.Errorf("the key %q of the ring is not the one that was used under this name", id)
	}
	return nil
}
