package connector

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Bounds of what of another system's words is kept.
const (
	maxQuoted      = 300 // bytes in an error message
	shortestScrub  = 6   // a shorter secret would blank ordinary text
	scrubbedSecret = "[redacted]"
)

// scrubber takes our own secrets out of what another system sends back: servers
// echo headers into error pages more often than one would think.
type scrubber struct{ needles [][]byte }

func newScrubber(secrets ...secret.String) scrubber {
	var s scrubber
	for _, value := range secrets {
		plain := value.Reveal()
		if len(plain) < shortestScrub {
			continue
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(plain))
		for _, form := range []string{plain, encoded, url.QueryEscape(plain)} {
			s.needles = append(s.needles, []byte(form))
		}
	}
	return s
}

// with also takes a secret out that is known for one call only.
func (s scrubber) with(more secret.String) scrubber {
	if more.Empty() {
		return s
	}
	return scrubber{append(slices.Clone(s.needles), newScrubber(more).needles...)}
}

func (s scrubber) header(header http.Header) http.Header {
	clean := http.Header{}
	for name, values := range header {
		for _, value := range values {
			clean.Add(name, s.text(value))
		}
	}
	return clean
}

func (s scrubber) bytes(text []byte) []byte {
	for _, needle := range s.needles {
		text = bytes.ReplaceAll(text, needle, []byte(scrubbedSecret))
	}
	return text
}

func (s scrubber) text(text string) string { return string(s.bytes([]byte(text))) }

// quote shortens another system's words for an error message.
func (s scrubber) quote(body []byte) string {
	return soar.Shorten(s.text(string(body)), maxQuoted)
}

// err puts a scrubbed text in place of a cause whose own text may quote a secret.
func (s scrubber) err(err error) error {
	if err == nil {
		return nil
	}
	clean := s.text(err.Error())
	if clean == err.Error() {
		return err
	}
	return quoted(clean)
}

type quoted string

func (q quoted) Error() string { return string(q) }
