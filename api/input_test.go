package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
)

// TestWrongInput sends what is not as described. The use case is never asked, and
// the answer names what was wrong.
func TestWrongInput(t *testing.T) {
	t.Parallel()
	declare, decide := incidentPath+"/commands/declare", "/api/v1/approvals/"+apitest.ApprovalID+"/decision"
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for _, row := range []struct {
		name    string
		ask     ask
		status  int
		field   string
		message string
	}{
		{"an unknown field", ask{Method: "POST", Path: declare, Body: `{"severty":"low"}`}, 400, "/severty", "/severty is not a known field"},
		{"another case of a field", ask{Method: "POST", Path: declare, Body: `{"Severity":"low"}`}, 400, "/Severity", "is not a known field"},
		{"a field twice", ask{Method: "POST", Path: declare, Body: `{"title":"a","title":"b"}`}, 400, "/title", "/title is given more than once"},
		{"a field twice, deep inside", ask{Method: "POST", Path: declare, Body: `{"facts":{"a/b":[{"x":1,"x":2}]}}`}, 400, "/facts/a~1b/0/x", "more than once"},
		{"a wrong word", ask{Method: "POST", Path: declare, Body: `{"severity":"huge"}`}, 400, "/severity", `/severity is "huge", expected one of informational, low, medium, high, critical`},
		{"a wrong type", ask{Method: "POST", Path: declare, Body: `{"title":7}`}, 400, "/title", "/title is of type number, expected string"},
		{"nothing to change", ask{Method: "POST", Path: declare, Body: `{}`}, 400, "", "the body has 0 fields, expected at least 1"},
		{"a missing field", ask{Method: "POST", Path: decide, Body: `{"decision":"approve"}`}, 400, "/reason", "/reason is missing"},
		{"an empty reason", ask{Method: "POST", Path: decide, Body: `{"decision":"approve","reason":""}`}, 400, "/reason", "at least 1"},
		{"a digest of another form", ask{Method: "POST", Path: decide, Body: `{"decision":"approve","reason":"x","digest":"ABC"}`}, 400, "/digest", "expected the form"},
		{"no body", ask{Method: "POST", Path: decide}, 400, "", "a body is needed, as application/json"},
		{"not JSON", ask{Method: "POST", Path: decide, Body: `decision=approve`}, 400, "", "is not JSON: wrong at byte"},
		{"half a body", ask{Method: "POST", Path: decide, Body: `{"decision":`}, 400, "/decision", "ends too early"},
		{"two bodies", ask{Method: "POST", Path: decide, Body: `{"decision":"deny","reason":"x"} {}`}, 400, "", "has something after"},
		{"a list for an object", ask{Method: "POST", Path: decide, Body: `[]`}, 400, "", "the body is of type array, expected object"},
		{"a NUL character", ask{Method: "POST", Path: declare, Body: `{"title":"a\u0000b"}`}, 400, "/title", "/title contains a NUL character"},
		{"broken UTF-8", ask{Method: "POST", Path: declare, Body: "{\"title\":\"\xff\"}"}, 400, "", "is not valid UTF-8"},
		{"deep nesting", ask{Method: "POST", Path: declare, Body: `{"facts":` + deep + `}`}, 400, "", "is nested more than 64 deep"},
		{"a huge number", ask{Method: "POST", Path: "/api/v1/tokens", Token: admin(), Body: `{"name":"x","source":"s","expires_in_days":1e400}`}, 400, "/expires_in_days", "a number out of range, expected at most"},
		{"the wrong content type", ask{Method: "POST", Path: decide, Type: "text/plain", Body: `{}`}, 415, "Content-Type", "the body is taken as application/json"},
		{"a form", ask{Method: "POST", Path: decide, Type: "application/x-www-form-urlencoded", Body: `a=b`}, 415, "Content-Type", ""},
		{"a compressed body", ask{Method: "POST", Path: decide, Body: `{}`, Header: map[string]string{"Content-Encoding": "gzip"}}, 415, "Content-Type", "compressed"},
		{"a body where none belongs", ask{Path: incidentPath, Body: `{}`}, 400, "", "this takes no body"},
		{"an unknown parameter", ask{Path: "/api/v1/incidents?stauts=closed"}, 400, "stauts", "is not a known parameter; expected one of after, category, limit"},
		{"a parameter twice", ask{Path: "/api/v1/incidents?limit=1&limit=2"}, 400, "limit", "is given more than once"},
		{"a limit too great", ask{Path: "/api/v1/incidents?limit=501"}, 400, "limit", "limit is 501, expected at most 500"},
		{"a limit that is no number", ask{Path: "/api/v1/incidents?limit=all"}, 400, "limit", "limit is not a number"},
		{"a word that is not in the list", ask{Path: "/api/v1/incidents?severity=HIGH"}, 400, "severity", "expected one of"},
		{"neither true nor false", ask{Path: "/api/v1/incidents?open=1"}, 400, "open", "open is neither true nor false"},
		{"NUL in a parameter", ask{Path: "/api/v1/incidents?q=a%00b"}, 400, "q", "q contains a NUL character"},
		{"an empty parameter", ask{Path: "/api/v1/incidents?q="}, 400, "q", "at least 1"},
		{"an id of another form", ask{Path: "/api/v1/incidents/INC%0a2026"}, 400, "incident_id", "expected the form"},
		{"a path in an id", ask{Path: "/api/v1/evidence/..%2f..%2fetc"}, 400, "evidence_id", "expected the form"},
		{"an idempotency key too short", ask{Method: "POST", Path: declare, Body: `{"title":"x"}`, Header: map[string]string{"Idempotency-Key": "1"}}, 400, "Idempotency-Key", "expected the form"},
		{"a role that does not exist", ask{Method: "POST", Path: "/api/v1/tokens", Token: admin(), Body: `{"name":"x","person":"p","roles":["root"]}`}, 400, "/roles/0", "expected one of reporter"},
		{"revoke without a reason", ask{Method: "DELETE", Path: "/api/v1/tokens/tok1", Token: admin()}, 400, "reason", "reason is missing"},
		{"a playbook name with a path", ask{Method: "PUT", Path: "/api/v1/playbooks/..%2fx", Token: author(), Type: "text/yaml", Body: "a: b"}, 400, "name", "expected the form"},
		{"JSON as a playbook", ask{Method: "PUT", Path: "/api/v1/playbooks/x", Token: author(), Body: "{}"}, 415, "Content-Type", "text/yaml"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			if row.ask.Token == "" {
				row.ask.Token = lead()
			}
			got := w.send(row.ask)
			problem := got.problem(t)
			if got.StatusCode != row.status || problem.Status != row.status || problem.Code != "invalid" {
				t.Fatalf("got %d, want %d: %s", got.StatusCode, row.status, got.Text)
			}
			if field := text(problem.Field); row.field != field && (row.field != "" || !strings.HasPrefix(row.name, "deep")) {
				t.Errorf("field is %q, want %q", field, row.field)
			}
			if !strings.Contains(text(problem.Detail), row.message) {
				t.Errorf("detail is %q, want %q in it", text(problem.Detail), row.message)
			}
			if calls := w.fake.Calls(); len(calls) > 1 {
				t.Errorf("use cases were asked %q", calls)
			}
		})
	}
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	got := w.send(ask{Method: "POST", Path: "/api/v1/tokens", Token: admin(), Body: `{"person":7,"roles":[],"extra":1}`})
	fields := map[string]bool{}
	for _, fault := range got.problem(t).Errors {
		fields[fault.Field] = true
	}
	for _, want := range []string{"/name", "/person", "/roles", "/extra"} {
		if !fields[want] {
			t.Errorf("%s is not told: %s", want, got.Text)
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	big := `{"text":"` + strings.Repeat("a", 1<<20) + `"}`
	for _, row := range []struct {
		name   string
		ask    ask
		status int
	}{
		{"before the token is looked at", ask{Method: "POST", Path: "/api/v1/hooks/wazuh", Body: big}, http.StatusRequestEntityTooLarge},
		{"with a token", ask{Method: "POST", Path: "/api/v1/hooks/wazuh", Token: tool(), Body: big}, http.StatusRequestEntityTooLarge},
		{"a command", ask{Method: "POST", Path: incidentPath + "/commands/note", Token: analyst(), Body: big}, http.StatusRequestEntityTooLarge},
		{"long headers", ask{Path: "/healthz", Header: map[string]string{"X-Long": strings.Repeat("a", 64<<10)}}, http.StatusRequestHeaderFieldsTooLarge},
	} {
		request, err := http.NewRequestWithContext(t.Context(), orGet(row.ask.Method), w.server.URL+row.ask.Path, strings.NewReader(row.ask.Body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+row.ask.Token)
		for name, value := range row.ask.Header {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Logf("%s: the connection was cut: %v", row.name, err)
			continue
		}
		response.Body.Close()
		if response.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", row.name, response.StatusCode, row.status)
		}
	}
	for _, call := range w.fake.Calls() {
		if strings.HasPrefix(call, "Accept") || strings.HasPrefix(call, "Command") {
			t.Errorf("a body that is too large reached %s", call)
		}
	}
}

func TestChunkedBodyThatGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	body := struct{ *strings.Reader }{strings.NewReader(strings.Repeat("a", 1<<20+1))} // hides the length
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/api/v1/hooks/wazuh", body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = -1
	request.Header.Set("Authorization", "Bearer "+tool())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d, want 413", response.StatusCode)
	}
}

func orGet(method string) string {
	if method == "" {
		return http.MethodGet
	}
	return method
}

// TestIdempotencyKeys: the same key of the same person for the same thing is the
// same request, and no other is.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	id := func(token, path, key string) string {
		t.Helper()
		before := len(w.fake.Calls())
		got := w.send(ask{Method: "POST", Path: path, Token: token, Body: `{"reason":"x"}`, Header: map[string]string{"Idempotency-Key": key}})
		if got.StatusCode != http.StatusAccepted {
			t.Fatalf("got %d: %s", got.StatusCode, got.Text)
		}
		calls := w.fake.Calls()[before:]
		_, id, _ := strings.Cut(calls[len(calls)-1], "id=")
		return id
	}
	pause, resume := incidentPath+"/commands/pause", incidentPath+"/commands/resume"
	first := id(lead(), pause, "key-0001")
	if again := id(lead(), pause, "key-0001"); again != first {
		t.Errorf("the same request is %q and then %q", first, again)
	}
	seen := map[string]bool{first: true}
	for name, other := range map[string]string{
		"another key": id(lead(), pause, "key-0002"), "another operation": id(lead(), resume, "key-0001"), "another person": id(tokenOfSomebodyElse, pause, "key-0001"),
	} {
		if seen[other] {
			t.Errorf("%s gives the same id %q", name, other)
		}
		seen[other] = true
	}
}

// tokenOfSomebodyElse has a source, which makes the fake give another actor. The
// roles let it past the door.
const tokenOfSomebodyElse = "tocsin_role.tool.soc_lead"
