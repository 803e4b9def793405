package lab

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mode is a way to misbehave.
type Mode string

// Modes. "Effect" is what the call would have done.
const (
	ModeDelay      Mode = "delay"             // wait, then carry on, also when the client has gone
	ModeError      Mode = "error"             // 500 and no effect
	ModeStatus     Mode = "http_status"       // the status given and no effect
	ModeDropBefore Mode = "drop"              // close the connection; no effect
	ModeDropAfter  Mode = "drop_after_effect" // carry it out, then close the connection
	ModeGarbage    Mode = "garbage"           // carry it out, then answer 200 with what is no JSON
	ModeOversize   Mode = "oversize"          // carry it out, then answer 200 with 8 MiB
	ModeLie        Mode = "lie"               // answer as if it were carried out; no effect
	ModeMute       Mode = "mute"              // no effect and no answer until the client goes
)

// Fault makes calls of one path misbehave. It is used up after Times calls.
type Fault struct {
	Path       string `json:"path"`             // as in the request; a * at the end stands for any rest
	Method     string `json:"method,omitempty"` // empty: any
	Mode       Mode   `json:"mode"`
	Times      int    `json:"times"`                 // at least 1
	DelayMS    int    `json:"delay_ms,omitempty"`    // mode delay
	Status     int    `json:"status,omitempty"`      // mode http_status
	RetryAfter int    `json:"retry_after,omitempty"` // seconds; with http_status
}

func modes() []Mode {
	return []Mode{ModeDelay, ModeError, ModeStatus, ModeDropBefore, ModeDropAfter, ModeGarbage, ModeOversize, ModeLie, ModeMute}
}

const (
	maxDelay    = time.Minute
	oversizeLen = 8 << 20
)

func (s *Server) addFault(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if !decode(w, r, &fault) {
		return
	}
	switch {
	case !strings.HasPrefix(fault.Path, "/"):
		refuse(w, http.StatusBadRequest, "path must begin with /")
	case !slices.Contains(modes(), fault.Mode):
		refuse(w, http.StatusBadRequest, "mode is not known")
	case fault.Times < 1 || fault.Times > 10_000:
		refuse(w, http.StatusBadRequest, "times must be 1 to 10000")
	case fault.Mode == ModeStatus && (fault.Status < 200 || fault.Status > 599):
		refuse(w, http.StatusBadRequest, "status must be 200 to 599")
	case fault.DelayMS < 0 || time.Duration(fault.DelayMS)*time.Millisecond > maxDelay:
		refuse(w, http.StatusBadRequest, "delay_ms must be at most a minute")
	default:
		s.Misbehave(fault)
		answer(w, map[string]any{"lab": true, "fault": fault})
	}
}

// Misbehave adds a fault; POST /fault does the same.
func (s *Server) Misbehave(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault)
}

func (s *Server) clearFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.faults = nil
	s.mu.Unlock()
	answer(w, map[string]any{"lab": true, "faults": 0})
}

func (s *Server) takeFault(r *http.Request) *Fault {
	if r.URL.Path == "/fault" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, fault := range s.faults {
		if !fault.fits(r) {
			continue
		}
		fault.Times--
		if fault.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return fault
	}
	return nil
}

func (f *Fault) fits(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	if prefix, wide := strings.CutSuffix(f.Path, "*"); wide {
		return strings.HasPrefix(r.URL.Path, prefix)
	}
	return f.Path == r.URL.Path
}

func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, fault *Fault) {
	switch fault.Mode {
	case ModeDelay:
		s.wait(time.Duration(fault.DelayMS) * time.Millisecond)
		s.mux.ServeHTTP(w, r)
	case ModeError:
		refuse(w, http.StatusInternalServerError, "a fault was asked for")
	case ModeStatus:
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
		}
		refuse(w, fault.Status, "a fault was asked for")
	case ModeDropBefore:
		panic(http.ErrAbortHandler) // how a handler closes the connection without an answer
	case ModeDropAfter:
		s.mux.ServeHTTP(nowhere{}, r)
		panic(http.ErrAbortHandler)
	case ModeGarbage:
		s.mux.ServeHTTP(nowhere{}, r)
		_, _ = w.Write([]byte("<html>LAB: this is not what you asked for"))
	case ModeOversize:
		s.mux.ServeHTTP(nowhere{}, r)
		_, _ = w.Write(make([]byte, oversizeLen))
	case ModeLie:
		answer(w, lie(r))
	case ModeMute:
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) wait(length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closed:
	}
}

// lie says that all went well, in the words of every system at once.
func lie(r *http.Request) map[string]any {
	name := ""
	if parts := strings.Split(r.URL.Path, "/"); len(parts) > 3 {
		name = parts[3]
	}
	return map[string]any{
		"id": name, "host": name, "user": name, "address": name,
		"isolated": strings.HasSuffix(r.URL.Path, "/isolate"), "blocked": strings.HasSuffix(r.URL.Path, "/block"),
		"enabled": strings.HasSuffix(r.URL.Path, "/enable_user"), "sessions": 0, "accepted": 1, "count": 0, "changed": true,
	}
}

// nowhere takes an answer that nobody is to see.
type nowhere struct{}

// Header gives headers that are thrown away.
func (nowhere) Header() http.Header { return http.Header{} }

// Write throws away.
func (nowhere) Write(body []byte) (int, error) { return len(body), nil }

// WriteHeader does nothing.
func (nowhere) WriteHeader(int) {}
