package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// signaturesMost bounds how many signatures of one header are looked at. Tools that
// change their secret send two.
const signaturesMost = 8

// Refusal says why a signature was refused. It is for the log and for counting, never
// for the sender.
type Refusal string

// Error gives the reason.
func (r Refusal) Error() string { return string(r) }

// Stale is the refusal of what was signed too long ago, or is not signed yet.
const Stale Refusal = "the timestamp is outside of the tolerance"

const (
	errNoSignature Refusal = "the signature header is missing, or is there more than once"
	errForm        Refusal = "the signature is not of the form that the scheme asks for"
	errTime        Refusal = "the timestamp is missing or no number"
	errSigned      Refusal = "a header that is signed is missing or of another form"
	errWrong       Refusal = "no signature fits a secret"
)

var (
	secondsForm = regexp.MustCompile(`^[0-9]{1,12}$`)
	// signedForm has no separator that templates use, so that no two requests have
	// the same signed text.
	signedForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
)

// verify gives nil when one of the signatures is that of one of the keys over the
// bytes of the body. All of them are compared, in constant time.
func (s *Scheme) verify(keys []secret.String, header http.Header, body []byte, now time.Time) error {
	signatures, err := s.signatures(header)
	if err != nil {
		return err
	}
	stamp, err := s.stamp(header, now)
	if err != nil {
		return err
	}
	around := make([]string, len(s.signed))
	for i, p := range s.signed {
		switch p.kind {
		case partLiteral:
			around[i] = p.text
		case partTimestamp:
			around[i] = stamp
		case partHeader:
			values := header[p.text]
			if len(values) != 1 || !signedForm.MatchString(values[0]) {
				return errSigned
			}
			around[i] = values[0]
		}
	}
	fits := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, []byte(key.Reveal()))
		for i, p := range s.signed {
			if p.kind == partBody {
				mac.Write(body)
				continue
			}
			mac.Write([]byte(around[i]))
		}
		sum := mac.Sum(nil)
		for _, signature := range signatures {
			fits = hmac.Equal(sum, signature) || fits
		}
	}
	if !fits {
		return errWrong
	}
	return nil
}

// signatures gives the decoded signatures. Parts of the header without the prefix,
// such as another version's, are passed over.
func (s *Scheme) signatures(header http.Header) ([][]byte, error) {
	values := header[s.Header]
	if len(values) != 1 || values[0] == "" {
		return nil, errNoSignature
	}
	var found [][]byte
	for _, text := range s.split(values[0]) {
		text, ours := strings.CutPrefix(text, s.Prefix)
		if !ours {
			continue
		}
		signature, err := s.decode(text)
		if err != nil || len(signature) != sha256.Size || len(found) == signaturesMost {
			return nil, errForm
		}
		found = append(found, signature)
	}
	if len(found) == 0 {
		return nil, errForm
	}
	return found, nil
}

func (s *Scheme) split(value string) []string {
	if s.Separator == "" {
		return []string{value}
	}
	parts := strings.Split(value, s.Separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// decode is strict: one signature has one text.
func (s *Scheme) decode(text string) ([]byte, error) {
	if s.Encoding == encodingBase64 {
		return base64.StdEncoding.Strict().DecodeString(text)
	}
	if strings.ToLower(text) != text {
		return nil, errForm
	}
	return hex.DecodeString(text)
}

// stamp gives the timestamp as it was sent, "" for a scheme without one.
func (s *Scheme) stamp(header http.Header, now time.Time) (string, error) {
	if s.Timestamp == nil {
		return "", nil
	}
	values := header[s.Timestamp.Header]
	if len(values) != 1 {
		return "", errTime
	}
	text, found := values[0], s.Timestamp.Prefix == ""
	if !found {
		for _, piece := range s.split(values[0]) {
			if rest, ok := strings.CutPrefix(piece, s.Timestamp.Prefix); ok && !found {
				text, found = rest, true
			}
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if !found || err != nil || !secondsForm.MatchString(text) {
		return "", errTime
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > s.Timestamp.Tolerance {
		return "", Stale
	}
	return text, nil
}
