package waytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Answer is what a fake says before it looks; Status zero: it looks.
type Answer struct {
	Status int
	Header map[string]string
	Drop   bool // the connection ends without an answer, after the request was read
}

// door is an HTTP server that keeps what came in.
type door struct {
	URL string

	mu      sync.Mutex
	answers []Answer
	bodies  [][]byte
	heads   []http.Header
	refused []string
}

// open starts the server; look gives why it refuses, and what it answers else.
func (d *door) open(t testing.TB, look func(r *http.Request, body []byte) (status int, answer any, refusal error)) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		var first Answer
		if len(d.answers) > 0 {
			first, d.answers = d.answers[0], d.answers[1:]
		}
		status, answer, refusal := look(r, body)
		if refusal != nil {
			d.refused = append(d.refused, refusal.Error())
		}
		if first.Drop || first.Status == 0 && refusal == nil {
			d.bodies, d.heads = append(d.bodies, body), append(d.heads, r.Header.Clone())
		}
		if first.Drop {
			panic(http.ErrAbortHandler)
		}
		for name, value := range first.Header {
			w.Header().Set(name, value)
		}
		if first.Status != 0 {
			w.WriteHeader(first.Status)
			return
		}
		w.WriteHeader(status)
		if answer != nil {
			_ = json.NewEncoder(w).Encode(answer)
		}
	}))
	t.Cleanup(server.Close)
	d.URL = server.URL
}

// Then says how the next requests are answered, each once, before any is looked at.
func (d *door) Then(answers ...Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers = append(d.answers, answers...)
}

// Bodies gives the bodies that were taken, oldest first.
func (d *door) Bodies() [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([][]byte(nil), d.bodies...)
}

// Heads gives the headers of what was taken, oldest first.
func (d *door) Heads() []http.Header {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]http.Header(nil), d.heads...)
}

// Refused says why requests were refused.
func (d *door) Refused() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.refused...)
}

// strict reads JSON into a value that must know every member.
func strict(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if decoder.More() {
		return fmt.Errorf("more than one value")
	}
	return nil
}
