package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// The UI's address as it is configured, and as a browser calls its origin.
const (
	uiAddress = "https://Temporal.soc.example:443/ui"
	uiOrigin  = "https://temporal.soc.example"
)

const decodePath = "/codec/decode"

// upper is a decoder that answers in capital letters, so that an answer is not what
// was sent.
type upper struct{}

// Decode refuses what does not come with a namespace and a person.
func (upper) Decode(_ context.Context, p soar.Principal, namespace string, body []byte) ([]byte, error) {
	if namespace != "default" || p.Actor.ID == "" {
		return nil, soar.Errorf(soar.CodeInvalid, "fake", "the namespace %q of %q", namespace, p.Actor.ID)
	}
	return []byte(strings.ToUpper(string(body))), nil
}

func newCodecWorld(t *testing.T) *world {
	t.Helper()
	fake := apitest.NewFake()
	fake.Payloads = upper{}
	return &world{t: t, fake: fake, server: apitest.Serve(t, fake, api.Options{TemporalUI: uiAddress}), router: describedRouter(t)}
}

func decodeAsk(token string, header map[string]string) ask {
	all := map[string]string{"X-Namespace": "default"}
	for name, value := range header {
		all[name] = value
	}
	return ask{Method: http.MethodPost, Path: decodePath, Token: token, Body: `{"payloads":[]}`, Header: all}
}

// form sends a form of the page and does not follow where it leads.
func (w *world) form(path string, values url.Values, header map[string]string) *http.Response {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	request.Host = header["Host"]
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		w.t.Fatal(err)
	}
	response.Body.Close()
	return response
}

func (w *world) signIn(token string, header map[string]string) *http.Cookie {
	w.t.Helper()
	response := w.form("/codec", url.Values{"token": {token}}, header)
	if response.StatusCode != http.StatusSeeOther || len(response.Cookies()) != 1 {
		w.t.Fatalf("signing in gives %d and the cookies %v", response.StatusCode, response.Cookies())
	}
	return response.Cookies()[0]
}

func TestWhoMayDecode(t *testing.T) {
	t.Parallel()
	w := newCodecWorld(t)
	for name, token := range map[string]string{"none": "", "expired": apitest.TokenExpired, "unknown": apitest.TokenUnknown} {
		got := w.send(decodeAsk(token, nil))
		if got.StatusCode != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("token %s: got %d", name, got.StatusCode)
		}
		got.problem(t)
	}
	for _, role := range soar.Roles() {
		want := http.StatusForbidden
		if slices.Contains(access.Granted(role), access.PayloadDecode) {
			want = http.StatusOK
		}
		got := w.send(decodeAsk(apitest.Token(role), nil))
		if got.StatusCode != want || want == http.StatusOK && got.Text != `{"PAYLOADS":[]}` {
			t.Errorf("%s: got %d, want %d: %s", role, got.StatusCode, want, got.Text)
		}
		if signed := w.form("/codec", url.Values{"token": {apitest.Token(role)}}, nil); (len(signed.Cookies()) == 1) != (want == http.StatusOK) {
			t.Errorf("%s: signing in gives %d and %d cookies", role, signed.StatusCode, len(signed.Cookies()))
		}
	}
}

func TestCookieIsLikeABearer(t *testing.T) {
	t.Parallel()
	w := newCodecWorld(t)
	cookie := w.signIn(analyst(), nil)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/codec" || cookie.MaxAge != 8*60*60 || cookie.Secure {
		t.Errorf("the cookie on loopback is %s", cookie)
	}
	if elsewhere := w.signIn(analyst(), map[string]string{"Host": "tocsin.soc.example"}); !elsewhere.Secure {
		t.Errorf("the cookie of another machine is %s", elsewhere)
	}
	with := map[string]string{"Cookie": cookie.Name + "=" + cookie.Value}
	if got := w.send(decodeAsk("", with)); got.StatusCode != http.StatusOK {
		t.Errorf("with the cookie: got %d: %s", got.StatusCode, got.Text)
	}
	if got := w.send(ask{Path: "/codec", Header: with}); got.StatusCode != http.StatusOK || !strings.Contains(got.Text, "Sign out") || strings.Contains(got.Text, cookie.Value) {
		t.Errorf("the page of who is signed in: %d %s", got.StatusCode, got.Text)
	}
	if got := w.send(ask{Path: "/api/v1/incidents", Header: with}); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie opens the API: %d", got.StatusCode)
	}
	if got := w.send(decodeAsk(apitest.TokenUnknown, with)); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong Authorization beside the cookie: got %d", got.StatusCode)
	}
	if out := w.form("/codec/sign-out", nil, with); out.StatusCode != http.StatusSeeOther || len(out.Cookies()) != 1 || out.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out gives %d %v", out.StatusCode, out.Cookies())
	}
	w.fake.Revoke(cookie.Value)
	if got := w.send(decodeAsk("", with)); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a token that was revoked: got %d", got.StatusCode)
	}
	if got := w.send(ask{Path: "/codec", Header: with}); got.StatusCode != http.StatusUnauthorized || !strings.Contains(got.Text, `name="token"`) {
		t.Errorf("the page with a token that was revoked: %d %s", got.StatusCode, got.Text)
	}
}

func TestOnlyTheUIReadsAnswers(t *testing.T) {
	t.Parallel()
	w := newCodecWorld(t)
	cookie := w.signIn(analyst(), nil)
	for name, row := range map[string]struct {
		header map[string]string
		token  string
		status int
		cors   bool
	}{
		"the UI":                  {map[string]string{"Origin": uiOrigin, "Sec-Fetch-Site": "same-site"}, analyst(), 200, true},
		"the UI, not signed in":   {map[string]string{"Origin": uiOrigin, "Sec-Fetch-Site": "same-site"}, "", 401, true},
		"another page":            {map[string]string{"Origin": "https://lure.example", "Sec-Fetch-Site": "cross-site"}, analyst(), 403, false},
		"another of the site":     {map[string]string{"Origin": "https://wiki.soc.example", "Sec-Fetch-Site": "same-site"}, analyst(), 403, false},
		"an old browser":          {map[string]string{"Origin": "https://lure.example"}, analyst(), 403, false},
		"a page without a name":   {map[string]string{"Origin": "null", "Sec-Fetch-Site": "cross-site"}, analyst(), 403, false},
		"the UI's host, no TLS":   {map[string]string{"Origin": "http://temporal.soc.example"}, analyst(), 403, false},
		"a longer name":           {map[string]string{"Origin": uiOrigin + ".lure.example"}, analyst(), 403, false},
		"no page: a command line": {nil, analyst(), 200, false},
	} {
		for _, by := range []string{"bearer", "cookie"} {
			asked := decodeAsk(row.token, row.header)
			if by == "cookie" && row.token != "" {
				asked.Token, asked.Header["Cookie"] = "", cookie.Name+"="+cookie.Value
			}
			got := w.send(asked)
			if got.StatusCode != row.status {
				t.Errorf("%s by %s: got %d, want %d: %s", name, by, got.StatusCode, row.status, got.Text)
			}
			checkCORS(t, name, got.Header, row.cors)
		}
		preflight := w.send(ask{Method: http.MethodOptions, Path: decodePath, Header: row.header})
		allowed := preflight.Header.Get("Access-Control-Allow-Headers")
		if preflight.StatusCode != http.StatusNoContent || (allowed == "authorization, content-type, x-namespace") != row.cors || !row.cors && allowed != "" {
			t.Errorf("%s: the preflight gives %d %v", name, preflight.StatusCode, preflight.Header)
		}
		checkCORS(t, name+", preflight", preflight.Header, row.cors)
	}
}

func checkCORS(t *testing.T, name string, header http.Header, may bool) {
	t.Helper()
	origin, credentials := "", ""
	if may {
		origin, credentials = uiOrigin, "true"
	}
	if header.Get("Access-Control-Allow-Origin") != origin || header.Get("Access-Control-Allow-Credentials") != credentials || header.Get("Vary") != "Origin" {
		t.Errorf("%s: CORS headers are %v", name, header)
	}
}

func TestForeignFormsSignNobodyIn(t *testing.T) {
	t.Parallel()
	w := newCodecWorld(t)
	for name, header := range map[string]map[string]string{
		"foreign":           {"Origin": "https://lure.example", "Sec-Fetch-Site": "cross-site"},
		"foreign, old":      {"Origin": "https://lure.example"},
		"the UI is foreign": {"Origin": uiOrigin, "Sec-Fetch-Site": "same-site"},
	} {
		for _, path := range []string{"/codec", "/codec/sign-out"} {
			if got := w.form(path, url.Values{"token": {analyst()}}, header); got.StatusCode != http.StatusForbidden || len(got.Cookies()) > 0 {
				t.Errorf("%s, %s: got %d %v", name, path, got.StatusCode, got.Cookies())
			}
		}
	}
	if own := w.form("/codec", url.Values{"token": {analyst()}}, map[string]string{"Origin": w.server.URL, "Sec-Fetch-Site": "same-origin"}); own.StatusCode != http.StatusSeeOther {
		t.Errorf("the own page: got %d", own.StatusCode)
	}
	for name, values := range map[string]url.Values{"nothing": nil, "no token": {"token": {" "}}, "too much": {"token": {strings.Repeat("x", 5000)}}, "markup": {"token": {"<b>"}}} {
		got := w.form("/codec", values, nil)
		if got.StatusCode < 400 || got.StatusCode > 499 || len(got.Cookies()) > 0 {
			t.Errorf("%s: got %d", name, got.StatusCode)
		}
	}
}

// TestPageRunsNoScript holds the page to its policy: its one style is permitted by the
// digest of what is really there.
func TestPageRunsNoScript(t *testing.T) {
	t.Parallel()
	w := newCodecWorld(t)
	got := w.send(ask{Path: "/codec"})
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(got.Text)
	if style == nil || strings.Contains(got.Text, "<script") || strings.Contains(got.Text, "style=") {
		t.Fatalf("the page is %s", got.Text)
	}
	sum := sha256.Sum256([]byte(style[1]))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if policy := got.Header.Get("Content-Security-Policy"); policy != want {
		t.Errorf("the policy is\n%s, want\n%s", policy, want)
	}
}

func TestTooMuchToDecode(t *testing.T) {
	t.Parallel()
	w := newCodecWorld(t)
	big := decodeAsk(analyst(), nil)
	big.Body = strings.Repeat("x", 8<<20+1)
	if got := w.send(big); got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("more than 8 MiB gives %d", got.StatusCode)
	}
	if got := w.send(ask{Method: http.MethodPost, Path: "/codec/encode", Token: lead(), Body: `{"payloads":[]}`}); got.StatusCode != http.StatusNotFound {
		t.Errorf("encoding gives %d", got.StatusCode)
	}
}

func TestNothingToDecode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{TemporalUI: "not an address"})
	for _, route := range w.server.Router.Routes() {
		if !beside(route) {
			continue
		}
		got := w.send(ask{Method: route.Method, Path: route.Path, Token: lead()})
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s: got %d", route.Method, route.Path, got.StatusCode)
		}
		if body := got.problem(t); body.Detail == nil || !strings.Contains(*body.Detail, "not encrypted") {
			t.Errorf("%s %s: got %s", route.Method, route.Path, got.Text)
		}
	}
}

func TestTheUIMustHaveAnOrigin(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"temporal.soc.example", "ftp://x", "http://", "://", "javascript:alert(1)"} {
		fake := apitest.NewFake()
		fake.Payloads = upper{}
		if _, err := api.New(fake.Services(), api.Options{TemporalUI: address, Log: nil2log()}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
