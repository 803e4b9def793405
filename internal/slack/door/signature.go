package door

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Headers and bounds of Slack's request signing, version 0.
const (
	headerSignature = "X-Slack-Signature"
	headerTimestamp = "X-Slack-Request-Timestamp"
	versionPrefix   = "v0="
	window          = 5 * time.Minute
	minSecret       = 32 // hexadecimal characters
)

// CheckSecret says what is wrong with a signing secret, or nil. An empty or short
// one would let anybody sign.
func CheckSecret(signing secret.String) error {
	raw := signing.Reveal()
	if _, err := hex.DecodeString(raw); err != nil || len(raw) < minSecret {
		return soar.Errorf(soar.CodeInvalid, "door.CheckSecret", "the signing secret is not %d hexadecimal characters: it stands under Basic Information of the Slack app", minSecret)
	}
	return nil
}

// verify checks that Slack signed exactly these bytes within the last five minutes
// and gives the SHA-256 of what was signed. Stricter than it must be: one header
// each, decimal seconds, 64 lower-case hexadecimal digits, so that there is one way
// only to write a signature.
func verify(signing secret.String, header http.Header, body []byte, now time.Time) (base []byte, err error) {
	stamp, err := single(header, headerTimestamp)
	if err != nil {
		return nil, err
	}
	signature, err := single(header, headerSignature)
	if err != nil {
		return nil, err
	}
	digits, ok := strings.CutPrefix(signature, versionPrefix)
	given, err := hex.DecodeString(digits)
	if !ok || err != nil || len(given) != sha256.Size || strings.ToLower(digits) != digits {
		return nil, unsigned("the signature has another form than v0= and 64 lower-case hexadecimal digits")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return nil, unsigned("the timestamp is not decimal seconds")
	}
	signed := append([]byte("v0:"+stamp+":"), body...)
	mac := hmac.New(sha256.New, []byte(signing.Reveal()))
	mac.Write(signed)
	if !hmac.Equal(mac.Sum(nil), given) {
		return nil, unsigned("the signature is not that of this body under our signing secret")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > window {
		return nil, soar.Wrap(soar.CodeUnauthenticated, "door.verify", errStale, "the timestamp is more than five minutes from our clock")
	}
	sum := sha256.Sum256(signed)
	return sum[:], nil
}

func single(header http.Header, name string) (string, error) {
	values := header.Values(name)
	if len(values) != 1 || values[0] == "" {
		return "", unsigned("want exactly one header " + name)
	}
	return values[0], nil
}

// errStale is in errors about what Slack signed, and too long ago.
var errStale = errors.New("stale")

// unsignedOutcome is what a request is counted under whose signature is not good.
func unsignedOutcome(err error) string {
	if errors.Is(err, errStale) {
		return "stale"
	}
	return "unsigned"
}

func unsigned(why string) *soar.Error {
	return soar.Errorf(soar.CodeUnauthenticated, "door.verify", "%s", why)
}
