package api

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// writeEvery is how long one piece of a long answer may take to leave.
const writeEvery = 30 * time.Second

// attachment is a download of bytes that somebody else wrote. A browser saves
// it and neither shows nor runs it, whatever it is.
type attachment struct {
	name string // a suggestion; never a path
	size int64
	body io.Reader
}

// VisitDownloadAlertResponse writes it.
func (a attachment) VisitDownloadAlertResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitDownloadEvidenceResponse writes it.
func (a attachment) VisitDownloadEvidenceResponse(w http.ResponseWriter) error { return a.write(w) }

// write says the length first: a reader that fails, because the digest does not
// match, then leaves a download that is visibly incomplete.
func (a attachment) write(w http.ResponseWriter) error {
	if closer, ok := a.body.(io.Closer); ok {
		defer closer.Close()
	}
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": safeName(a.name)}))
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	header.Set("Content-Length", strconv.FormatInt(a.size, 10))
	w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(patient{w, http.NewResponseController(w)}, a.body); err != nil {
		return fmt.Errorf("send a download: %w", err)
	}
	return nil
}

// patient moves the write deadline along, so that a long download lasts while it
// makes progress.
type patient struct {
	out        io.Writer
	controller *http.ResponseController
}

// Write gives each piece its own time.
func (p patient) Write(piece []byte) (int, error) {
	// A writer without deadlines, as in tests, has none to move.
	_ = p.controller.SetWriteDeadline(time.Now().Add(writeEvery))
	return p.out.Write(piece)
}

// safeName keeps a name to one harmless path element.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, soar.Shorten(name, 120))
	name = strings.Trim(name, ". ")
	if name == "" {
		return "download"
	}
	return name
}
