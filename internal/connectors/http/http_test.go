package http_test

import (
	"context"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/connectors/http"
)

// onLoopback lets the suite's own servers stand for public ones.
func onLoopback() connector.PublicConfig {
	ports := make([]uint16, 0, 65535)
	for port := 1; port <= 65535; port++ {
		ports = append(ports, uint16(port))
	}
	return connector.PublicConfig{Plaintext: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: ports}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	kind, err := http.Kind(onLoopback())
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Suite{
		Kind: kind, Unset: []string{"secret"},
		Cases: map[string]connectortest.Case{
			"get": {Args: func(url string) map[string]any { return map[string]any{"url": url + "/page"} }, Answer: `{"a":1}`, AnyBody: true, Redirect: true},
			"request": {Args: func(url string) map[string]any {
				return map[string]any{"url": url + "/hook", "body": map[string]any{"a": 1}}
			}, Answer: `{"a":1}`, AnyBody: true},
		},
	})
}

func open(t *testing.T, base connector.PublicConfig, settings map[string]string) connector.Instance {
	t.Helper()
	kind, err := http.Kind(base)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := kind.Open(connector.Config{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return instance
}

func TestOutput(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/json":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"method":"`+r.Method+`","got":`+strconv.Quote(string(body))+`,"h":"`+r.Header.Get("X-Ticket")+`"}`)
		case "/bytes":
			_, _ = w.Write([]byte("a\x00b\xffc"))
		}
	}))
	t.Cleanup(server.Close)
	instance := open(t, onLoopback(), nil)
	sent := func(context.Context) error { return nil }
	result, err := instance.Do(t.Context(), connector.Call{Action: "request", Sent: sent, Args: map[string]any{
		"url": server.URL + "/json", "method": "PATCH", "body": map[string]any{"a": "b"}, "headers": map[string]any{"X-Ticket": "T1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	parsed, _ := result.Output["json"].(map[string]any)
	if parsed["method"] != "PATCH" || parsed["got"] != `{"a":"b"}` || parsed["h"] != "T1" || result.Output["status"] != 200 {
		t.Errorf("output %v", result.Output)
	}
	result, err = instance.Do(t.Context(), connector.Call{Action: "get", Args: map[string]any{"url": server.URL + "/bytes"}})
	if err != nil {
		t.Fatal(err)
	}
	if body := result.Output["body"]; body != "a\uFFFDb\uFFFDc" {
		t.Errorf("body %q", body)
	}
	if _, has := result.Output["json"]; has {
		t.Error("bytes were read as JSON")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := open(t, connector.PublicConfig{}, nil).Do(t.Context(), connector.Call{Action: "get", Args: map[string]any{"url": "http://site.example/"}}); err == nil || !strings.Contains(err.Error(), "want https") {
		t.Errorf("plain http without the setting: %v", err)
	}
	kind, err := http.Kind(connector.PublicConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kind.Open(connector.Config{Settings: map[string]string{"deny": "192.0.2.0"}}); err == nil || !strings.Contains(err.Error(), "setting deny") {
		t.Errorf("got %v", err)
	}
	instance := open(t, onLoopback(), map[string]string{"plaintext": "allowed", "deny": " 127.0.0.0/8 , 192.0.2.0/24"})
	if instance == nil {
		t.Error("no instance")
	}
}
