package connectortest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// system is the fake that a connector talks to. Answer decides; what came in is
// kept.
type system struct {
	answer func(http.ResponseWriter, *http.Request)
	aside  func(http.ResponseWriter, *http.Request) bool // answers what is not tried; may be nil
	url    string
	sent   atomic.Int32 // how often the ledger was told

	mu   sync.Mutex
	seen []arrival
}

// arrival is one request as it came in.
type arrival struct {
	method string
	key    string
	sent   int32 // how often the ledger had been told by then
	canary bool
}

func (s *system) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.aside != nil && s.aside(w, r) {
			return
		}
		body, _ := io.ReadAll(r.Body)
		var headers strings.Builder
		_ = r.Header.Write(&headers)
		s.mu.Lock()
		s.seen = append(s.seen, arrival{
			method: r.Method, key: r.Header.Get("Idempotency-Key"), sent: s.sent.Load(),
			canary: strings.Contains(headers.String()+r.URL.String()+string(body), Canary),
		})
		s.mu.Unlock()
		s.answer(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // a mute request would hold Close
	s.url = server.URL
	return server.URL
}

func (s *system) arrivals() []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]arrival(nil), s.seen...)
}

func answering(status int, body string) *system {
	return &system{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}}
}

// mute takes requests and never answers. Arrived gets one value for each.
func mute() (*system, chan struct{}) {
	arrived := make(chan struct{}, 16)
	return &system{answer: func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}}, arrived
}
