package lab

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const maxBody = 64 << 10

// Options are how a lab is set up. All are optional but Token.
type Options struct {
	Token       string           // bearer token that all but the pages to look at ask for
	EffectsFile string           // where effects are kept; empty: in memory only
	Dataset     []byte           // JSON of a State in place of the shipped one
	Now         func() time.Time // time.Now when nil
}

// Server is the lab. It is an http.Handler; Close ends waiting requests and
// closes the effects file.
type Server struct {
	token   string
	now     func() time.Time
	mux     *http.ServeMux
	closed  chan struct{}
	closing sync.Once

	mu      sync.Mutex
	state   *State
	journal *journal
	effects []Effect
	keys    map[string]Effect // action, NUL, key -> what it did
	repeats map[string]int    // action -> calls that changed nothing
	faults  []*Fault
}

// New reads the dataset and the effects file.
func New(options Options) (*Server, error) {
	if options.Token == "" {
		return nil, errors.New("the lab needs a token")
	}
	state, err := loadState(options.Dataset)
	if err != nil {
		return nil, err
	}
	kept, effects, err := openJournal(options.EffectsFile)
	if err != nil {
		return nil, err
	}
	s := &Server{token: options.Token, now: options.Now, closed: make(chan struct{}), state: state, journal: kept, keys: map[string]Effect{}, repeats: map[string]int{}}
	if s.now == nil {
		s.now = time.Now
	}
	for _, effect := range effects {
		if err := s.remember(effect); err != nil {
			return nil, errors.Join(err, kept.close())
		}
	}
	s.routes()
	return s, nil
}

// Close may be called more than once.
func (s *Server) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.closed)
		s.mu.Lock()
		defer s.mu.Unlock()
		err = s.journal.close()
	})
	return err
}

// Effects lists what happened, oldest first.
func (s *Server) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Effect(nil), s.effects...)
}

// ServeHTTP marks every answer as the lab's, and lets a fault have its way.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Lab", "LAB stand-in, not a real product")
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if fault := s.takeFault(r); fault != nil {
		s.misbehave(w, r, fault)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"lab": true, "ok": true}) })
	s.mux.HandleFunc("GET /state", s.showState)
	s.mux.HandleFunc("GET /effects", s.showEffects)
	guarded := map[string]http.HandlerFunc{
		"GET /edr/hosts/{host}":                     s.edrHost,
		"GET /edr/hosts/{host}/artifacts/{kind}":    s.edrArtifact,
		"POST /edr/hosts/{host}/{verb}":             s.edrChange,
		"GET /edr/files/{sha256}":                   s.edrFile,
		"POST /edr/files/{sha256}/{verb}":           s.edrFileChange,
		"GET /directory/users/{user}":               s.directoryUser,
		"GET /directory/users/{user}/sign_ins":      s.directorySignIns,
		"POST /directory/users/{user}/{verb}":       s.directoryChange,
		"GET /firewall/addresses/{address}":         s.firewallAddress,
		"POST /firewall/addresses/{address}/{verb}": s.firewallChange,
		"GET /mail/messages":                        s.mailFind,
		"POST /mail/quarantine":                     s.mailMove(true),
		"POST /mail/restore":                        s.mailMove(false),
		"GET /mail/rules":                           s.mailRules,
		"POST /mail/rules/disable":                  s.mailSwitch(false),
		"POST /mail/rules/enable":                   s.mailSwitch(true),
		"POST /mail/send":                           s.mailSend,
		"GET /intel/addresses/{address}":            s.intelAddress,
		"GET /intel/urls":                           s.intelURL,
		"GET /intel/files/{sha256}":                 s.intelFile,
		"POST /fault":                               s.addFault,
		"DELETE /fault":                             s.clearFaults,
	}
	for pattern, handler := range guarded {
		s.mux.HandleFunc(pattern, s.authorised(handler))
	}
}

func (s *Server) authorised(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(s.token)) != 1 {
			refuse(w, http.StatusUnauthorized, "the lab does not know this token")
			return
		}
		next(w, r)
	}
}

// do carries out one effect, or finds that nothing is to be done. Wanted tells,
// under the lock, whether the state would change, and may complete the effect; keyed says whether the product
// this system stands for honours idempotency keys on this call.
func (s *Server) do(effect Effect, keyed bool, wanted func(*Effect) bool) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keyed && effect.Key != "" {
		if _, seen := s.keys[effect.Action+"\x00"+effect.Key]; seen {
			s.repeats[effect.Action]++
			return false, nil
		}
	}
	if !wanted(&effect) {
		s.repeats[effect.Action]++
		return false, nil
	}
	effect.Seq, effect.At = len(s.effects)+1, s.now().UTC()
	if err := s.journal.add(effect); err != nil {
		return false, fmt.Errorf("keep the effect: %w", err)
	}
	return true, s.remember(effect)
}

func (s *Server) remember(effect Effect) error {
	if err := s.state.apply(effect); err != nil {
		return err
	}
	s.effects = append(s.effects, effect)
	if effect.Key != "" {
		s.keys[effect.Action+"\x00"+effect.Key] = effect
	}
	return nil
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client has gone; nobody is left to tell
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"lab": true, "error": why})
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "the body is not the JSON expected")
		return false
	}
	return true
}
