package api_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

var update = flag.Bool("update", false, "write the golden files again")

// golden compares text with a file below testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, go test -update writes it again):\n%s", path, diff)
	}
}

// TestProblems makes the use case fail in each way and keeps the whole answer as
// a golden: status, headers, body.
func TestProblems(t *testing.T) {
	t.Parallel()
	cause := errors.New("pq: relation \"incidents\" does not exist at store.go:41 goroutine 7 [running]")
	for name, err := range map[string]error{
		"invalid":           &soar.Error{Code: soar.CodeInvalid, Op: "incidents.Show", Message: "the id is of another year", Field: "incident_id", Err: cause},
		"unauthenticated":   soar.Wrap(soar.CodeUnauthenticated, "x", cause, "a valid token is needed"),
		"denied":            soar.Wrap(soar.CodeDenied, "x", cause, "you may not see this incident"),
		"not_found":         soar.Wrap(soar.CodeNotFound, "x", cause, "there is no such incident"),
		"conflict":          soar.Wrap(soar.CodeConflict, "x", cause, "the incident is closed"),
		"limited":           &soar.Error{Code: soar.CodeLimited, Message: "too many requests", RetryAfter: 1500 * time.Millisecond, Err: cause},
		"unavailable":       soar.Wrap(soar.CodeUnavailable, "x", cause, "the database does not answer"),
		"internal":          soar.Wrap(soar.CodeInternal, "store.IncidentGet", cause, "column 7 of %s is wrong", "sql"),
		"wrapped":           fmt.Errorf("store.go:12: %w", soar.Errorf(soar.CodeConflict, "x", "the incident is closed")),
		"anything_else":     cause,
		"a_code_of_our_own": soar.Errorf("surprising", "x", "select * from sql"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			w.fake.Fail("Show", err)
			got := w.send(ask{Path: incidentPath, Token: analyst()})
			golden(t, "problem/"+name+".txt", render(t, got))
			logged := w.server.Log.String()
			if internal := got.StatusCode == http.StatusInternalServerError; internal && !strings.Contains(logged, "goroutine 7") && name != "a_code_of_our_own" {
				t.Errorf("the cause is not in the log: %s", logged)
			}
		})
	}
}

func render(t *testing.T, a answer) string {
	t.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, "%d\n", a.StatusCode)
	for _, name := range []string{"Content-Type", "Retry-After", "Www-Authenticate", "Cache-Control"} {
		if value := a.Header.Get(name); value != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, value)
		}
	}
	var body any
	a.into(t, &body)
	pretty, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + "\n" + string(pretty) + "\n"
}

func TestProblemsOfTheDoorItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	golden(t, "problem/no_route.txt", render(t, w.send(ask{Path: "/api/v1/nothing", Token: analyst()})))
	golden(t, "problem/method.txt", render(t, w.send(ask{Method: "PATCH", Path: "/api/v1/incidents", Token: analyst()})))
	golden(t, "problem/no_token.txt", render(t, w.send(ask{Path: incidentPath})))
	golden(t, "problem/no_permission.txt", render(t, w.send(ask{Path: incidentPath, Token: tool()})))
	golden(t, "problem/field.txt", render(t, w.send(ask{Method: "POST", Path: incidentPath + "/commands/declare", Token: analyst(), Body: `{"severity":"huge","colour":"red"}`})))
	golden(t, "problem/lint.txt", render(t, w.send(ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force", Token: author(), Type: "text/yaml", Body: "name: x\nsteps: broken\n"})))
	golden(t, "problem/precondition.txt", render(t, w.send(ask{Method: "PUT", Path: "/api/v1/playbooks/ssh_brute_force", Token: author(), Type: "text/yaml", Body: "name: x", Header: map[string]string{"If-Match": `"0000"`}})))
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	tag := w.send(ask{Path: "/api/v1/playbooks/ssh_brute_force", Token: author()}).Header.Get("ETag")
	put := func(name, match string) int {
		return w.send(ask{Method: "PUT", Path: "/api/v1/playbooks/" + name, Token: author(), Type: "text/yaml", Body: "name: x", Header: map[string]string{"If-Match": match}}).StatusCode
	}
	for _, row := range []struct {
		name, match string
		want        int
	}{
		{"ssh_brute_force", tag, 200}, {"ssh_brute_force", `"x", ` + tag, 200}, {"ssh_brute_force", "*", 200},
		{"ssh_brute_force", `"x"`, 412}, {"new", "*", 412}, {"new", tag, 412},
	} {
		if got := put(row.name, row.match); got != row.want {
			t.Errorf("%s with If-Match %s: got %d, want %d", row.name, row.match, got, row.want)
		}
	}
}

func TestPanicIsAnInternalError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	w.fake.Panic("Show", "boom")
	if problem := w.send(ask{Path: incidentPath, Token: analyst()}).problem(t); problem.Status != 500 {
		t.Errorf("got %+v", problem)
	}
	if logged := w.server.Log.String(); !strings.Contains(logged, "boom") || !strings.Contains(logged, "goroutine") {
		t.Errorf("the panic and its stack are not in the log: %s", logged)
	}
}

// TestLogHoldsNoSecrets sends secrets in every place and looks for them in the log.
func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	const canary = "canary-7c1f"
	w.send(ask{Method: "POST", Path: "/api/v1/hooks/wazuh", Token: "tocsin_" + canary, Body: `{"password":"` + canary + `"}`})
	w.send(ask{Method: "POST", Path: incidentPath + "/commands/note", Token: analyst(), Body: `{"text":"` + canary + `"}`})
	w.send(ask{Path: "/api/v1/incidents?q=" + canary, Token: analyst()})
	w.send(ask{Path: "/api/v1/incidents?token=" + canary, Token: analyst()})
	w.send(ask{Path: "/api/v1/" + canary})
	w.send(ask{Method: "POST", Path: "/api/v1/tokens", Token: admin(), Body: `{"name":"x","source":"s"}`})
	logged := w.server.Log.String()
	for _, secret := range []string{canary, "tocsin_tok0000002_secret", apitest.Token(soar.RoleAnalyst)} {
		if strings.Contains(logged, secret) {
			t.Errorf("%q is in the log:\n%s", secret, logged)
		}
	}
	for _, want := range []string{`"operation":"receiveHook"`, `"status":401`, `"path":"/api/v1/incidents/:incident_id/commands/note"`, `"actor":"person:somebody@lab.invalid"`} {
		if !strings.Contains(logged, want) {
			t.Errorf("%s is not in the log:\n%s", want, logged)
		}
	}
}
