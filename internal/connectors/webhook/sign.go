package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// secretLeast is the shortest secret: characters of a text, bytes behind whsec_.
const secretLeast = 16

// keyOf reads a secret as Standard Webhooks writes it, or as a text.
func keyOf(given secret.String) (secret.String, error) {
	key := []byte(given.Reveal())
	if encoded, ok := strings.CutPrefix(given.Reveal(), "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return secret.String{}, errors.New("what follows whsec_ is no base64") // the cause would quote it
		}
	}
	if len(key) < secretLeast {
		return secret.String{}, fmt.Errorf("it is too short: want at least %d bytes, such as from: openssl rand -base64 32", secretLeast)
	}
	return secret.New(string(key)), nil
}

// sign gives the header Webhook-Signature: one signature for each key.
func sign(keys []secret.String, id, stamp, body string) string {
	signatures := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, []byte(key.Reveal()))
		_, _ = io.WriteString(mac, id+"."+stamp+"."+body) // a hash never fails
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}
