package apifuzz_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apifuzz"
	"github.com/tocsin-soar/tocsin/api/apitest"
)

// planted is the door with one fault put before it.
func planted(t *testing.T, fault func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	door := apitest.Serve(t, apitest.NewFake(), api.Options{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fault(w, r) {
			door.Router.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func write(w http.ResponseWriter, status int, kind, body string) bool {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Request-Id", "id1")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
	return true
}

// TestPlantedFaults shows that each kind of fault is found, and where.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	freeze := func(r *http.Request) bool { return r.URL.Path == "/api/v1/freeze" }
	rows := []struct {
		name  string
		kind  string
		fault func(w http.ResponseWriter, r *http.Request) bool
	}{
		{"a status that no answer has", apifuzz.KindUndocumented, func(w http.ResponseWriter, r *http.Request) bool {
			return freeze(r) && write(w, http.StatusTeapot, "application/problem+json", `{"type":"x","title":"x","status":418,"code":"invalid","request_id":"id1"}`)
		}},
		{"a field is missing", apifuzz.KindUndocumented, func(w http.ResponseWriter, r *http.Request) bool {
			return freeze(r) && r.Header.Get("Authorization") != "" && write(w, http.StatusOK, "application/json", `{"on":false}`)
		}},
		{"another media type", apifuzz.KindUndocumented, func(w http.ResponseWriter, r *http.Request) bool {
			return freeze(r) && write(w, http.StatusBadRequest, "text/plain", "no")
		}},
		{"the body says another status", apifuzz.KindUndocumented, func(w http.ResponseWriter, r *http.Request) bool {
			return freeze(r) && write(w, http.StatusBadRequest, "application/problem+json", `{"type":"x","title":"x","status":404,"code":"invalid","request_id":"id1"}`)
		}},
		{"an internal error", apifuzz.KindServerError, func(w http.ResponseWriter, r *http.Request) bool {
			return freeze(r) && write(w, http.StatusInternalServerError, "application/problem+json", `{"type":"x","title":"x","status":500,"code":"internal","request_id":"id1"}`)
		}},
		{"a token is not looked at", apifuzz.KindTaken, func(_ http.ResponseWriter, r *http.Request) bool {
			if freeze(r) {
				r.Header.Set("Authorization", "Bearer "+everybody()[0])
			}
			return false
		}},
		{"a wrong parameter is not looked at", apifuzz.KindTaken, func(_ http.ResponseWriter, r *http.Request) bool {
			if freeze(r) {
				r.URL.RawQuery = ""
			}
			return false
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			report, err := apifuzz.Run(t.Context(), apifuzz.Options{BaseURL: planted(t, row.fault), Tokens: everybody(), PerOperation: 30, Only: []string{"showFreeze", "setFreeze", "showMe"}})
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			for _, o := range report.Offenders {
				if o.Operation != "showFreeze" && o.Operation != "setFreeze" {
					t.Errorf("%s offends: %s %s", o.Operation, o.Why, o.Curl)
				}
				found[o.Kind] = true
			}
			if report.OK() || !found[row.kind] {
				t.Errorf("not found: %+v", report.Offenders)
			}
		})
	}
}

// TestCurlSendsTheSame runs the command of an offender and compares what arrives.
func TestCurlSendsTheSame(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	var mu sync.Mutex
	seen := map[string]int{}
	note := func(r *http.Request) string {
		body := new(strings.Builder)
		_, _ = fmt.Fprintf(body, "%s %s %q ", r.Method, r.RequestURI, r.Header.Get("Content-Type"))
		buffer := make([]byte, 1<<21)
		for {
			n, err := r.Body.Read(buffer)
			body.Write(buffer[:n])
			if err != nil {
				return body.String()
			}
		}
	}
	url := planted(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/commands/note") {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		seen[note(r)]++
		return write(w, http.StatusTeapot, "text/plain", "")
	})
	report, err := apifuzz.Run(t.Context(), apifuzz.Options{BaseURL: url, Tokens: everybody(), PerOperation: 60, Only: []string{"noteIncident"}})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	before := len(seen)
	mu.Unlock()
	for _, o := range report.Offenders {
		command := exec.CommandContext(t.Context(), "sh", "-c", o.Curl)
		command.Env = append(command.Environ(), "TOKEN=x", "BAD_TOKEN=y")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", o.Curl, err, out)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != before || before < 20 {
		t.Errorf("%d different requests arrived, %d with those that curl sent", before, len(seen))
	}
}

// TestTheSeedDecides sends the same twice over, and something else with another
// seed.
func TestTheSeedDecides(t *testing.T) {
	t.Parallel()
	ways := func(seed uint64) (map[string]int, map[int]int) {
		server := apitest.Serve(t, apitest.NewFake(), api.Options{})
		report, err := apifuzz.Run(t.Context(), apifuzz.Options{BaseURL: server.URL, Tokens: everybody(), Seed: seed, PerOperation: 40, Workers: 1, Only: []string{"openIncident", "listAlerts", "declareIncident"}})
		if err != nil {
			t.Fatal(err)
		}
		return report.ByWay, report.ByStatus
	}
	firstWays, firstStatus := ways(7)
	sameWays, sameStatus := ways(7)
	if diff := cmp.Diff(firstWays, sameWays) + cmp.Diff(firstStatus, sameStatus); diff != "" {
		t.Errorf("the same seed draws other requests: %s", diff)
	}
	if _, other := ways(8); cmp.Equal(firstStatus, other) {
		t.Error("another seed draws the same requests")
	}
}

func TestWhatCannotBeTried(t *testing.T) {
	t.Parallel()
	server := apitest.Serve(t, apitest.NewFake(), api.Options{})
	for name, options := range map[string]apifuzz.Options{
		"no address":     {BaseURL: "127.0.0.1", Tokens: everybody()},
		"no tokens":      {BaseURL: server.URL},
		"a bad token":    {BaseURL: server.URL, Tokens: []string{apitest.TokenExpired}},
		"nobody listens": {BaseURL: "http://127.0.0.1:1", Tokens: everybody()},
	} {
		if _, err := apifuzz.Run(t.Context(), options); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	report, err := apifuzz.Run(t.Context(), apifuzz.Options{BaseURL: server.URL, Tokens: everybody()[1:2], PerOperation: 2})
	if err != nil || report.OK() || len(report.Uncovered) == 0 {
		t.Errorf("operations that nobody may use count as tried: %v %v", report.Uncovered, err)
	}
}
