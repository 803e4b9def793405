package http_test

import (
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/connectors/http"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

func TestConformanceBound(t *testing.T) {
	t.Parallel()
	kind, err := http.Kind(connector.PublicConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for auth, more := range map[string]map[string]string{"bearer": nil, "basic": {"user": "robot"}, "header": {"header": "X-Api-Key"}} {
		t.Run(auth, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Suite{
				Kind: kind,
				Settings: func(url string) map[string]string {
					settings := map[string]string{"base_url": url + "/api", "auth": auth}
					for name, value := range more {
						settings[name] = value
					}
					return settings
				},
				Cases: map[string]connectortest.Case{
					"get": {Args: func(string) map[string]any { return map[string]any{"url": "/page"} }, Answer: `{"a":1}`, AnyBody: true},
					"request": {Args: func(string) map[string]any {
						return map[string]any{"url": "/hook", "body": map[string]any{"a": 1}}
					}, Answer: `{"a":1}`, AnyBody: true},
				},
			})
		})
	}
}

// seen is what a server was sent.
type seen struct{ Method, URI, Type, Auth, Key, Body string }

func recorder(t *testing.T) (url string, last func() []seen) {
	t.Helper()
	var all []seen
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		all = append(all, seen{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"), r.Header.Get("X-Api-Key"), string(body)})
		w.Header().Set("X-Ticket", "T7")
		_, _ = io.WriteString(w, "done")
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []seen { return all }
}

func openBound(settings map[string]string, password string) (connector.Instance, error) {
	kind, err := http.Kind(connector.PublicConfig{})
	if err != nil {
		return nil, err
	}
	return kind.Open(connector.Config{Settings: settings, Secrets: map[string]secret.String{"secret": secret.New(password)}})
}

func TestBoundRequests(t *testing.T) {
	t.Parallel()
	const bearer = "Bearer s3cret"
	rows := []struct {
		name, action string
		settings     map[string]string
		args         map[string]any
		want         seen
	}{
		{"a path", "get", nil, map[string]any{"url": "/a%2Fb/c%20d/?q=1&q=2"}, seen{Method: "GET", URI: "/api/a%2Fb/c%20d/?q=1&q=2", Auth: bearer}},
		{"head", "get", nil, map[string]any{"url": "/a", "method": "HEAD"}, seen{Method: "HEAD", URI: "/api/a", Auth: bearer}},
		{"the base itself", "get", nil, map[string]any{"url": "/"}, seen{Method: "GET", URI: "/api/", Auth: bearer}},
		{"basic", "get", map[string]string{"auth": "basic", "user": "robot"}, map[string]any{"url": "/a"}, seen{Method: "GET", URI: "/api/a", Auth: "Basic cm9ib3Q6czNjcmV0"}},
		{"header", "get", map[string]string{"auth": "header", "header": "X-Api-Key"}, map[string]any{"url": "/a"}, seen{Method: "GET", URI: "/api/a", Key: "s3cret"}},
		{"json", "request", nil, map[string]any{"url": "/a", "body": map[string]any{"n": 1.5}}, seen{"POST", "/api/a", "application/json", bearer, "", `{"n":1.5}`}},
		{"form", "request", nil, map[string]any{"url": "/a", "method": "PUT", "form": map[string]any{"b": "1&2=3", "n": 12345678.0, "ok": true}},
			seen{"PUT", "/api/a", "application/x-www-form-urlencoded", bearer, "", "b=1%262%3D3&n=12345678&ok=true"}},
		{"text", "request", nil, map[string]any{"url": "/a", "text": "<a/>", "content_type": "text/xml"}, seen{"POST", "/api/a", "text/xml", bearer, "", "<a/>"}},
		{"plain text", "request", nil, map[string]any{"url": "/a", "text": "x"}, seen{"POST", "/api/a", "text/plain; charset=utf-8", bearer, "", "x"}},
		{"no body", "request", nil, map[string]any{"url": "/a", "method": "DELETE"}, seen{Method: "DELETE", URI: "/api/a", Auth: bearer}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			url, all := recorder(t)
			settings := map[string]string{"base_url": url + "/api"}
			for name, value := range row.settings {
				settings[name] = value
			}
			instance, err := openBound(settings, "s3cret")
			if err != nil {
				t.Fatal(err)
			}
			told := 0
			result, err := instance.Do(t.Context(), connector.Call{Action: row.action, Args: row.args, Sent: func(context.Context) error { told++; return nil }})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]seen{row.want}, all()); diff != "" {
				t.Error(diff)
			}
			if (told == 1) != (row.action == "request") {
				t.Errorf("the ledger was told %d times", told)
			}
			if received, _ := result.Output["headers"].(map[string]any); received["x-ticket"] != "T7" {
				t.Errorf("headers %v", received)
			}
		})
	}
}

// What does not lie below base_url is refused before anything is sent.
func TestBoundLeavesNothing(t *testing.T) {
	t.Parallel()
	url, all := recorder(t)
	other, elsewhere := recorder(t)
	instance, err := openBound(map[string]string{"base_url": url + "/api"}, "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(url, "http://")
	for _, address := range []string{
		other + "/api/a", "//" + strings.TrimPrefix(other, "http://") + "/api/a", "http://robot@" + host + "/api/a", "https://" + host + "/api/a",
		url + "/admin", url + "/apiary", url + "/api/../admin", "/../admin", "/%2e%2e/admin", "/a//b", "/.", "a", "", "?q=1", "/a?%zz", "/a\\b",
		"javascript:alert(1)", "/a\r\nHost: other", "/%0d%0aHost:other",
	} {
		for _, action := range []string{"get", "request"} {
			_, err := instance.Do(t.Context(), connector.Call{Action: action, Args: map[string]any{"url": address}, Sent: func(context.Context) error { return nil }})
			if known := connector.Classify(err, false); known == nil || known.Class != connector.Permanent {
				t.Errorf("%s %q: %v", action, address, err)
			}
		}
	}
	if len(all()) != 0 || len(elsewhere()) != 0 {
		t.Errorf("sent: %v %v", all(), elsewhere())
	}
	if _, err := instance.Do(t.Context(), connector.Call{Action: "get", Args: map[string]any{"url": url + "/api/a?x=1"}}); err != nil || len(all()) != 1 || all()[0].URI != "/api/a?x=1" {
		t.Errorf("a whole address below base_url: %v %v", err, all())
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	url, all := recorder(t)
	instance, err := openBound(map[string]string{"base_url": url}, "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		action, fault string
		args          map[string]any
	}{
		{"get", "method", map[string]any{"method": "DELETE"}},
		{"request", "method", map[string]any{"method": "GET"}},
		{"request", "one of them", map[string]any{"body": map[string]any{}, "text": "a"}},
		{"request", "content_type", map[string]any{"body": map[string]any{}, "content_type": "text/xml"}},
		{"request", "content_type", map[string]any{"headers": map[string]any{"content-type": "text/xml"}}},
		{"request", "control", map[string]any{"text": "a", "content_type": "text/xml\r\nX: y"}},
		{"request", "Authorization", map[string]any{"headers": map[string]any{"authorization": "Bearer mine"}}},
		{"request", "bytes", map[string]any{"text": strings.Repeat("a", 2<<20)}},
	}
	for _, row := range rows {
		row.args["url"] = "/a"
		_, err := instance.Do(t.Context(), connector.Call{Action: row.action, Args: row.args, Sent: func(context.Context) error { return nil }})
		if known := connector.Classify(err, false); known == nil || known.Class != connector.Permanent || !strings.Contains(known.Message, row.fault) {
			t.Errorf("%v: got %v, want %q", row.args, err, row.fault)
		}
	}
	if len(all()) != 0 {
		t.Errorf("sent: %v", all())
	}
}

func TestOpenFaults(t *testing.T) {
	t.Parallel()
	const base = "https://tickets.example/api"
	rows := []struct {
		fault, password string
		settings        map[string]string
	}{
		{"", "p", map[string]string{"base_url": base, "auth": "bearer"}},
		{"", "", map[string]string{"base_url": base, "auth": "bearer"}},
		{"", "", map[string]string{"hosts": "api.example.org, *.example.net"}},
		{"setting secret", "p", nil},
		{"setting user", "", map[string]string{"user": "robot"}},
		{"setting ca", "", map[string]string{"ca": "pem"}},
		{"setting hosts", "", map[string]string{"hosts": "https://api.example.org"}},
		{"setting hosts", "", map[string]string{"hosts": "a.*.org"}},
		{"setting hosts", "p", map[string]string{"base_url": base, "hosts": "api.example.org"}},
		{"setting networks", "p", map[string]string{"base_url": base, "networks": "10.0.0.1"}},
		{"setting auth", "p", map[string]string{"base_url": base, "auth": "digest"}},
		{"setting user", "p", map[string]string{"base_url": base, "auth": "basic"}},
		{"setting user", "p", map[string]string{"base_url": base, "user": "robot"}},
		{"setting header", "p", map[string]string{"base_url": base, "auth": "header"}},
		{"setting secret", "", map[string]string{"base_url": base, "auth": "basic", "user": "robot"}},
		{"not encrypted", "p", map[string]string{"base_url": "http://tickets.example"}},
	}
	for _, row := range rows {
		_, err := openBound(row.settings, row.password)
		if (err == nil) != (row.fault == "") || (err != nil && !strings.Contains(err.Error(), row.fault)) {
			t.Errorf("%v: got %v, want %q", row.settings, err, row.fault)
		}
	}
}

// The list of hosts also holds for where a redirect leads.
func TestHosts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/away" {
			nethttp.Redirect(w, r, fmt.Sprintf("http://localhost:%s/page", strings.Split(r.Host, ":")[1]), nethttp.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	rows := []struct {
		hosts, url, fault string
	}{
		{"127.0.0.1", server.URL + "/page", ""},
		{"*.0.0.1", server.URL + "/page", ""},
		{"127.0.0.1", server.URL + "/away", "not in the list"},
		{"127.0.0.1,LOCALHOST", server.URL + "/away", ""},
		{"api.example.org", server.URL + "/page", "not in the list"},
		{"*.example.org", "https://example.org/", "not in the list"},
		{"*.example.org", "https://badexample.org/", "not in the list"},
		{"example.org", "https://example.org.evil.example/", "not in the list"},
	}
	for _, row := range rows {
		_, err := open(t, onLoopback(), map[string]string{"hosts": row.hosts}).Do(t.Context(), connector.Call{Action: "get", Args: map[string]any{"url": row.url}})
		if (err == nil) != (row.fault == "") || (err != nil && !strings.Contains(err.Error(), row.fault)) {
			t.Errorf("%s with %s: got %v, want %q", row.url, row.hosts, err, row.fault)
		}
	}
}
