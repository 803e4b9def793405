package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/diag"
)

// script is the system: it plays the exchanges of one test and notes what was
// wrong.
type script struct {
	test    *Test
	headers map[string]string // of the file
	token   *Exchange         // of the file

	mu    sync.Mutex
	next  int
	told  int // how often the ledger was told
	found diag.List
}

func (s *script) fault(at diag.Position, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	s.found = append(s.found, diag.Diagnostic{Position: at, Length: 1, Level: diag.Error, Rule: RuleTest, Message: s.test.Name + ": " + message})
}

// serve starts a server on loopback for the system or for its token server.
func (s *script) serve(ctx context.Context, token bool) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.play(w, r, token) })}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// play answers one request. What was not expected is answered with 418, which is
// good for nothing.
func (s *script) play(w http.ResponseWriter, r *http.Request, token bool) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 2<<20))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isToken(r, token) {
		s.compare(s.token, r, body, token)
		answer(w, s.token)
		return
	}
	if s.next >= len(s.test.Exchanges) {
		s.fault(s.test.At, "request %d was not expected: %s %s", s.next+1, r.Method, r.URL.RequestURI())
		w.WriteHeader(http.StatusTeapot)
		return
	}
	e := &s.test.Exchanges[s.next]
	s.next++
	s.compare(e, r, body, token)
	answer(w, e)
}

// isToken tells whether the request is for the token that the file answers, and
// the test does not speak of it itself.
func (s *script) isToken(r *http.Request, token bool) bool {
	if s.token == nil || s.token.Token != token || s.token.Path != r.URL.EscapedPath() {
		return false
	}
	return s.next >= len(s.test.Exchanges) || s.test.Exchanges[s.next].Path != s.token.Path
}

func answer(w http.ResponseWriter, e *Exchange) {
	if e.Drop {
		panic(http.ErrAbortHandler)
	}
	for name, value := range e.Answer {
		w.Header().Set(name, value)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(e.Status)
	if e.Status != http.StatusNoContent {
		_, _ = io.WriteString(w, e.Body)
	}
}

func (s *script) compare(e *Exchange, r *http.Request, body []byte, token bool) {
	place := fmt.Sprintf("request %d", s.next)
	if token != e.Token {
		s.fault(e.At, "%s went to the wrong server; the test says to: token or not", place)
	}
	if r.Method != e.Method {
		s.fault(e.At, "%s has the method %s, want %s", place, r.Method, e.Method)
	}
	if r.URL.EscapedPath() != e.Path {
		s.fault(e.At, "%s has the path %s, want %s", place, r.URL.EscapedPath(), e.Path)
	}
	if got, want := r.URL.Query(), parameters(e.Query); !sameParameters(got, want) {
		s.fault(e.At, "%s has the query %s, want %s", place, shown(got), shown(want))
	}
	s.compareHeaders(e, r, place)
	s.compareBody(e, r, body, place)
	switch {
	case e.Effect && s.told == 0:
		s.fault(e.At, "%s is the effect, and the ledger was not told before it", place)
	case e != s.token && !e.Effect && s.told > 0 && !s.afterEffect():
		s.fault(e.At, "the ledger was told before %s, which is not the effect", place)
	}
}

func (s *script) afterEffect() bool {
	return slices.ContainsFunc(s.test.Exchanges[:s.next], func(e Exchange) bool { return e.Effect })
}

// ownHeaders are those that the client sets by itself and that say nothing of the
// connector.
func ownHeaders() []string {
	return []string{"User-Agent", "Content-Length", "Content-Type", "Connection", "Accept-Encoding"}
}

func (s *script) compareHeaders(e *Exchange, r *http.Request, place string) {
	want := map[string]string{}
	if !e.Token && (s.token == nil || e.Path != s.token.Path) {
		addHeaders(want, s.headers)
	}
	addHeaders(want, e.Headers)
	for name, value := range want {
		if got := r.Header.Get(name); got != value {
			s.fault(e.At, "%s has the header %s: %q, want %q", place, name, got, value)
		}
	}
	for name := range r.Header {
		_, listed := want[name]
		plain := name == "Accept" && r.Header.Get(name) == "application/json"
		key := name == "Idempotency-Key" && e.Effect && r.Header.Get(name) == s.test.Key
		if !listed && !plain && !key && !slices.Contains(ownHeaders(), name) {
			s.fault(e.At, "%s has the header %s: %q, which the test does not list", place, name, r.Header.Get(name))
		}
	}
}

func addHeaders(into, from map[string]string) {
	for name, value := range from {
		into[http.CanonicalHeaderKey(name)] = value
	}
}

func (s *script) compareBody(e *Exchange, r *http.Request, body []byte, place string) {
	kind := strings.Split(r.Header.Get("Content-Type"), ";")[0]
	switch {
	case e.HasJSON:
		var got any
		if kind != "application/json" || json.Unmarshal(body, &got) != nil || !reflect.DeepEqual(got, plain(e.JSON)) {
			s.fault(e.At, "%s has the body %s, want %s", place, clip(string(body)), text(e.JSON))
		}
	case e.Form != nil:
		got, err := url.ParseQuery(string(body))
		if want := parameters(e.Form); kind != "application/x-www-form-urlencoded" || err != nil || !sameParameters(got, want) {
			s.fault(e.At, "%s has the body %s, want the form %s", place, clip(string(body)), shown(want))
		}
	case len(body) > 0:
		s.fault(e.At, "%s has the body %s, want none", place, clip(string(body)))
	}
}

// parameters gives a mapping of scalars and lists as query parameters.
func parameters(from map[string]any) url.Values {
	values := url.Values{}
	for name, value := range from {
		list, many := value.([]any)
		if !many {
			list = []any{value}
		}
		for _, item := range list {
			values.Add(name, fmt.Sprint(item))
		}
	}
	return values
}

func sameParameters(a, b url.Values) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

func shown(values url.Values) string {
	if len(values) == 0 {
		return "nothing"
	}
	return clip(values.Encode())
}

// plain brings a value of YAML into the shapes of JSON.
func plain(value any) any {
	var out any
	if json.Unmarshal([]byte(text(value)), &out) != nil {
		return nil
	}
	return out
}

func text(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		return "what cannot be written as JSON"
	}
	return string(encoded)
}

func clip(text string) string {
	const longest = 2000
	if len(text) > longest {
		return text[:longest] + "..."
	}
	return text
}
