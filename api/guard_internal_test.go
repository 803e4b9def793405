package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/spec"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// TestGeneratedRoutesWithoutGuardsAreClosed mounts all routes as somebody might
// who forgets the guards.
func TestGeneratedRoutesWithoutGuardsAreClosed(t *testing.T) {
	t.Parallel()
	described, err := spec.Parse(description)
	if err != nil {
		t.Fatal(err)
	}
	router := echo.New()
	router.HTTPErrorHandler = func(err error, c echo.Context) { _ = c.NoContent(statusOf(soar.CodeOf(err))) }
	gen.RegisterHandlers(router, gen.NewStrictHandler(&routes{}, []gen.StrictMiddlewareFunc{onlyAdmitted}))
	for _, operation := range described.Operations() {
		if operation.TakesBody() {
			continue // binding fails before, or the same check is reached
		}
		path := strings.NewReplacer("{item_id}", "1", "{", "", "}", "").Replace(operation.Path) + "?reason=x"
		recorder, request := httptest.NewRecorder(), httptest.NewRequest(operation.Method, path, nil)
		request.Header.Set("X-Okta-Verification-Challenge", "x")
		router.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusForbidden {
			t.Errorf("%s %s without a guard: got %d, want 403", operation.Method, operation.Path, recorder.Code)
		}
	}
}

func TestUnknownPermissionIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for _, permissions := range [][]string{{"incident:reed"}, {"any", "alert:read"}, {""}} {
		if err := knownPermissions(&spec.Operation{ID: "x", Permissions: permissions}); err == nil {
			t.Errorf("%q was taken", permissions)
		}
	}
	if err := knownPermissions(&spec.Operation{ID: "x", Permissions: []string{"any"}}); err != nil {
		t.Error(err)
	}
}

func TestWhereRequestsComeFrom(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		proxies []netip.Prefix
		remote  string
		forward string
		want    string
	}{
		{"nobody is trusted", nil, "127.0.0.1:9", "203.0.113.9", "127.0.0.1"},
		{"a trusted proxy", []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, "10.1.2.3:9", "203.0.113.9", "203.0.113.9"},
		{"a forged entry before the proxy's", []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, "10.1.2.3:9", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		{"another private address", []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, "10.2.2.3:9", "203.0.113.9", "10.2.2.3"},
		{"IPv6", []netip.Prefix{netip.MustParsePrefix("fd00::/8")}, "[fd00::1]:9", "2001:db8::1", "2001:db8::1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			request := httptest.NewRequest(http.MethodGet, "/", nil)
			request.RemoteAddr = row.remote
			request.Header.Set("X-Forwarded-For", row.forward)
			if got := extractor(row.proxies)(request); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestStatusOfEachCode(t *testing.T) {
	t.Parallel()
	want := map[soar.Code]int{
		soar.CodeInvalid: 400, soar.CodeUnauthenticated: 401, soar.CodeDenied: 403, soar.CodeNotFound: 404,
		soar.CodeConflict: 409, soar.CodeLimited: 429, soar.CodeUnavailable: 503, soar.CodeInternal: 500, "new": 500,
	}
	for code, status := range want {
		if got := statusOf(code); got != status {
			t.Errorf("%s gives %d, want %d", code, got, status)
		}
	}
}

// noEntries is a timeline with nothing in it.
type noEntries struct{}

// Timeline gives nothing.
func (noEntries) Timeline(context.Context, soar.Principal, string, int64, int) ([]record.Entry, error) {
	return nil, nil
}

func TestTooManyStreams(t *testing.T) {
	t.Parallel()
	shared := newStreams(Options{}.withDefaults())
	routes := recordRoutes{noEntries{}, shared}
	for range maxStreams {
		if _, err := routes.WatchIncident(t.Context(), gen.WatchIncidentRequestObject{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := routes.WatchIncident(t.Context(), gen.WatchIncidentRequestObject{})
	fault, ok := errors.AsType[*soar.Error](err)
	if !ok || fault.Code != soar.CodeLimited || fault.RetryAfter == 0 {
		t.Errorf("one stream too many gives %v", err)
	}
	shared.open.Add(-1) // one reader goes
	if _, err := routes.WatchIncident(t.Context(), gen.WatchIncidentRequestObject{}); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
}

func TestNamesOfDownloads(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"../../etc/passwd": "_.._etc_passwd", "a\r\nX: y": "a  X_ y", "": "download", "...": "download", "C:\\x|y": "C__x_y", "räksmörgås.txt": "räksmörgås.txt",
	} {
		if got := safeName(name); got != want {
			t.Errorf("%q gives %q, want %q", name, got, want)
		}
	}
}
