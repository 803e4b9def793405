package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// target is the system that actions are carried out on. It answers at once, and
// holds every call against what a connector promises.
type target struct {
	token string
	http  *http.Server
	url   string

	mu      sync.Mutex
	arrived map[string]time.Time // by what the call names; the first call only
	again   int                  // calls that came twice
	bad     string               // the first call that was not as promised
	changed chan struct{}        // closed and renewed at every call
}

func startTarget(listener net.Listener, token string) *target {
	t := &target{token: token, url: "http://" + listener.Addr().String(), arrived: map[string]time.Time{}, changed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /mail/quarantine", t.quarantine)
	mux.HandleFunc("POST /mail/send", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]any{"accepted": 1}) })
	t.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = t.http.Serve(listener) }() // it ends with Close
	return t
}

func (t *target) quarantine(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var body struct {
		IDs []string `json:"ids"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	switch {
	case err != nil || len(body.IDs) != 1:
		t.misled(w, fmt.Sprintf("a call names %d messages: %v", len(body.IDs), err))
	case r.Header.Get("Authorization") != "Bearer "+t.token:
		t.misled(w, "a call came without its token")
	case r.Header.Get("Idempotency-Key") == "":
		t.misled(w, "a call came without an idempotency key")
	default:
		t.note(body.IDs[0], at)
		reply(w, map[string]any{"count": 1, "changed": 1, "quarantined": body.IDs})
	}
}

func (t *target) misled(w http.ResponseWriter, why string) {
	t.mu.Lock()
	t.bad = why
	t.mu.Unlock()
	http.Error(w, why, http.StatusBadRequest)
}

func (t *target) note(id string, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.arrived[id]; there {
		t.again++
		return
	}
	t.arrived[id] = at
	close(t.changed)
	t.changed = make(chan struct{})
}

// look gives when each of the calls came, those that came, and what to wait on for
// more.
func (t *target) look(ids []string) (times []time.Time, changed <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		if at, there := t.arrived[id]; there {
			times = append(times, at)
		}
	}
	switch {
	case t.bad != "":
		err = fmt.Errorf("the target: %s", t.bad)
	case t.again > 0:
		err = fmt.Errorf("the target: %d calls came twice", t.again)
	}
	return times, t.changed, err
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a caller that is gone shows on its side
}
