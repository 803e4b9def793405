package api_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func described(t *testing.T) *spec.Spec {
	t.Helper()
	parsed, err := spec.Parse(api.Description())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// real turns Echo's pattern into the description's path, and into a path that
// names things which exist.
func real(route *echo.Route) (pattern, path string) {
	examples := map[string]string{
		"incident_id": apitest.IncidentID, "alert_id": apitest.AlertID, "approval_id": apitest.ApprovalID, "question_id": apitest.QuestionID, "task_id": apitest.TaskID,
		"evidence_id": apitest.EvidenceID, "token_id": "tok0000001", "source": "wazuh", "name": apitest.Playbook, "file": "start.js", "item_id": "17", "instance": "edr", "person_id": apitest.PersonID, "qualification_id": "QUA-0123456789", "absence_id": "ABS-0123456789", "team_id": "T0LAB", "slack_user": "U0ANA", "override_id": "OVR-0123456789", "notification_id": apitest.NoticeKey,
	}
	var shown, filled []string
	for part := range strings.SplitSeq(route.Path, "/") {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			shown, filled = append(shown, "{"+name+"}"), append(filled, examples[name])
			continue
		}
		shown, filled = append(shown, part), append(filled, part)
	}
	return strings.Join(shown, "/"), strings.Join(filled, "/")
}

// beside is the codec endpoint, which follows a protocol of Temporal and is not in
// openapi.yaml; codec_test.go walks it.
func beside(route *echo.Route) bool {
	return slices.Contains([]string{"/codec", "/codec/decode", "/codec/sign-out"}, route.Path)
}

// TestEveryRouteIsDescribed walks the real router: a route that openapi.yaml does
// not have, or the other way round, fails.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	w, parsed := newWorld(t, api.Options{}), described(t)
	mounted := map[string]bool{}
	for _, route := range w.server.Router.Routes() {
		pattern, _ := real(route)
		mounted[route.Method+" "+pattern] = true
		if beside(route) {
			continue
		}
		if _, ok := parsed.Find(route.Method, pattern); !ok {
			t.Errorf("%s %s is served but not described", route.Method, pattern)
		}
	}
	for _, operation := range parsed.Operations() {
		if !mounted[operation.Method+" "+operation.Path] {
			t.Errorf("%s %s is described but not served", operation.Method, operation.Path)
		}
	}
}

// TestEveryOperationIsGenerated fails when openapi.yaml has changed and the code
// was not generated again.
func TestEveryOperationIsGenerated(t *testing.T) {
	t.Parallel()
	generated := reflect.TypeFor[gen.StrictServerInterface]()
	operations := described(t).Operations()
	if len(operations) != generated.NumMethod() {
		t.Errorf("%d operations are described, %d are generated", len(operations), generated.NumMethod())
	}
	for _, operation := range operations {
		name := strings.ToUpper(operation.ID[:1]) + operation.ID[1:]
		if _, ok := generated.MethodByName(name); !ok {
			t.Errorf("operation %s is described but not generated", operation.ID)
		}
	}
}

// TestAccess walks all routes with no token, bad tokens and one token of each
// role: only who holds the permission gets past the door.
func TestAccess(t *testing.T) {
	t.Parallel()
	w, parsed := newWorld(t, api.Options{}), described(t)
	public := []string{"/healthz", "/readyz", "/openapi.yaml", "/docs", "/docs/{file}"}
	for _, route := range w.server.Router.Routes() {
		if beside(route) {
			continue
		}
		pattern, path := real(route)
		operation, ok := parsed.Find(route.Method, pattern)
		if !ok {
			t.Fatalf("%s %s is not described", route.Method, pattern)
		}
		if operation.Public != slices.Contains(public, pattern) {
			t.Errorf("%s %s: public is %t", route.Method, pattern, operation.Public)
		}
		if operation.Public || operation.ID == "watchIncident" { // streams do not end; their test is with them
			continue
		}
		t.Run(operation.ID, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, fake: w.fake, server: w.server, router: w.router}
			for name, token := range map[string]string{"none": "", "expired": apitest.TokenExpired, "unknown": apitest.TokenUnknown, "empty": " ", "no role": apitest.Token()} {
				got := w.send(ask{Method: route.Method, Path: path, Token: token})
				want := http.StatusUnauthorized
				if name == "no role" && !slices.Contains(operation.Permissions, spec.PermissionAny) {
					want = http.StatusForbidden
				} else if name == "no role" { // any token will do; what comes after the door is not this test's
					if got.StatusCode == http.StatusUnauthorized || got.StatusCode == http.StatusForbidden {
						t.Errorf("token %s: got %d, and any token will do", name, got.StatusCode)
					}
					continue
				}
				if got.StatusCode != want {
					t.Errorf("token %s: got %d, want %d", name, got.StatusCode, want)
				}
				if want == http.StatusUnauthorized && got.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("token %s: no WWW-Authenticate", name)
				}
			}
			for _, role := range soar.Roles() {
				checkRole(w, ask{Method: route.Method, Path: path, Token: apitest.Token(role)}, operation, role)
			}
		})
	}
}

func checkRole(w *world, a ask, operation *spec.Operation, role soar.Role) {
	w.t.Helper()
	permitted := slices.ContainsFunc(operation.Permissions, func(permission string) bool {
		return permission == spec.PermissionAny || slices.Contains(access.Granted(role), access.Permission(permission))
	})
	if got := w.send(a); (got.StatusCode == http.StatusForbidden) == permitted {
		w.t.Errorf("%s as %s: got %d, permitted is %t", operation.ID, role, got.StatusCode, permitted)
	}
}

// TestPathsThatTryToSlipBy writes paths in ways that a careless prefix match
// would let through.
func TestPathsThatTryToSlipBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	for _, path := range []string{
		"/api/v1/incidents/", "//api/v1/incidents", "/api/v1//incidents", "/api/v1/incidents;/healthz", "/api/v1/incidents/../incidents",
		"/api/v1/%69ncidents", "/healthz/../api/v1/incidents", "/api/v1/incidents%2f", "/api/v1/incidents/%2e%2e/alerts", "/docs/../api/v1/incidents",
		"/docs/%2e%2e%2fopenapi.yaml", "/api/v1/incidents?x=/healthz", "/API/V1/incidents", "/api/v1/nothing", "/x/healthz",
	} {
		got := w.send(ask{Path: path})
		if got.StatusCode != http.StatusUnauthorized && got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s without a token: got %d: %s", path, got.StatusCode, got.Text)
		}
		got.problem(t)
	}
}

func TestWrongMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	got := w.send(ask{Method: http.MethodDelete, Path: "/healthz"})
	if got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") == "" {
		t.Errorf("a wrong method gives %d, Allow %q", got.StatusCode, got.Header.Get("Allow"))
	}
	got.problem(t)
}
