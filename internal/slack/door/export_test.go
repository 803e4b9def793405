package door

import (
	"net/http"
	"time"

	"github.com/tocsin-soar/tocsin/internal/secret"
)

// Verify is verify, for the vectors.
func Verify(signing secret.String, header http.Header, body []byte, now time.Time) error {
	_, err := verify(signing, header, body, now)
	return err
}
