package connector

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A body that inflates without end is never inflated.
func TestCompressedBodiesAreNotInflated(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	_, _ = writer.Write(make([]byte, 64<<20))
	_ = writer.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("compression was offered: %s", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	t.Cleanup(server.Close)
	public := NewPublic(PublicConfig{Plaintext: true, Ports: []uint16{serverPort(t, server)}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	for _, effect := range []bool{false, true} {
		response, err := public.Do(t.Context(), PublicRequest{Method: "GET", URL: server.URL, Effect: effect})
		if err != nil || len(response.Body) != bomb.Len() {
			t.Errorf("public, effect %v: %v", effect, err)
		}
		response, err = newTestClient(t, ClientConfig{BaseURL: server.URL}).Do(t.Context(), Request{Method: "GET", Effect: effect})
		if err != nil || len(response.Body) != bomb.Len() {
			t.Errorf("connector, effect %v: %v", effect, err)
		}
	}
}

// A body that drips for ever ends with the client's time.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, "x"); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(time.Millisecond):
			}
		}
	}))
	t.Cleanup(server.Close)
	for effect, want := range map[bool]Class{false: Transient, true: Unknown} {
		client := newTestClient(t, ClientConfig{BaseURL: server.URL, Timeout: 50 * time.Millisecond})
		begin := time.Now()
		_, err := client.Do(t.Context(), Request{Method: "GET", Effect: effect})
		if got := Classify(err, effect); got == nil || got.Class != want {
			t.Errorf("effect %v: %v", effect, err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
	}
}

func TestHugeHeaders(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
	}))
	t.Cleanup(server.Close)
	for effect, want := range map[bool]Class{false: Transient, true: Unknown} {
		_, err := newTestClient(t, ClientConfig{BaseURL: server.URL}).Do(t.Context(), Request{Method: "GET", Effect: effect})
		if got := Classify(err, effect); got == nil || got.Class != want {
			t.Errorf("effect %v: %v", effect, err)
		}
	}
}

// Whatever text comes, judging it neither crashes nor lets through what has no
// host, has credentials, or speaks another protocol.
func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{"https://site.example/a?b#c", "https://127.1/", "http://user@host/", "gopher://x", "https://[::1]:443/", "https://\u24d8.example/", "HTTPS://A.example:443", "https://0x7f.1", ""} {
		f.Add(seed)
	}
	client := NewPublic(PublicConfig{})
	f.Fuzz(func(t *testing.T, text string) {
		target, err := client.CheckURL(text)
		if err != nil {
			return
		}
		if target.Scheme != "https" || target.Hostname() == "" || target.User != nil || strings.ContainsAny(target.Host, "@\\ \r\n\t%*") {
			t.Errorf("%q was accepted as %+v", text, target)
		}
		if port := target.Port(); port != "" && port != "80" && port != "443" {
			t.Errorf("%q was accepted with port %s", text, port)
		}
	})
}
