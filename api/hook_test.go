package api_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/intake/hook"
	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/secret"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// How tools sign, each written down a second time here: the scheme as a mapping says
// it, and what the tool does.
type signing struct {
	source  string
	verify  string
	decoded bool // the secret is given in base64
	timed   bool
	many    bool // several signatures in one header
	hex     bool
	sign    func(keys []string, at time.Time, body string) map[string]string
}

func mac(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func hexMAC(key, text string) string { return hex.EncodeToString(mac(key, text)) }

func signings() []signing {
	unix := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	return []signing{
		{source: "github", verify: `{scheme: hmac_sha256, header: X-Hub-Signature-256, prefix: "sha256=", encoding: hex}`, hex: true,
			sign: func(keys []string, _ time.Time, body string) map[string]string {
				return map[string]string{"X-Hub-Signature-256": "sha256=" + hexMAC(keys[0], body)}
			}},
		{source: "plain", verify: `{scheme: hmac_sha256, header: X-Signature, encoding: base64}`,
			sign: func(keys []string, _ time.Time, body string) map[string]string {
				return map[string]string{"X-Signature": base64.StdEncoding.EncodeToString(mac(keys[0], body))}
			}},
		{source: "slack", verify: `{scheme: hmac_sha256, header: X-Slack-Signature, prefix: "v0=", encoding: hex, timestamp: {header: X-Slack-Request-Timestamp, tolerance: 5m}, signed: "v0:{timestamp}:{body}"}`, hex: true, timed: true,
			sign: func(keys []string, at time.Time, body string) map[string]string {
				return map[string]string{"X-Slack-Request-Timestamp": unix(at), "X-Slack-Signature": "v0=" + hexMAC(keys[0], "v0:"+unix(at)+":"+body)}
			}},
		{source: "standard", verify: `{scheme: hmac_sha256, header: webhook-signature, prefix: "v1,", separator: " ", encoding: base64, secret: base64, timestamp: {header: webhook-timestamp, tolerance: 5m}, signed: "{header:webhook-id}.{timestamp}.{body}"}`,
			decoded: true, timed: true, many: true,
			sign: func(keys []string, at time.Time, body string) map[string]string {
				var all []string
				for _, key := range keys {
					all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac(key, "msg_1."+unix(at)+"."+body)))
				}
				return map[string]string{"Webhook-Id": "msg_1", "Webhook-Timestamp": unix(at), "Webhook-Signature": strings.Join(append(all, "v1a,other"), " ")}
			}},
		{source: "pagerduty", verify: `{scheme: hmac_sha256, header: X-PagerDuty-Signature, prefix: "v1=", separator: ",", encoding: hex}`, hex: true, many: true,
			sign: func(keys []string, _ time.Time, body string) map[string]string {
				var all []string
				for _, key := range keys {
					all = append(all, "v1="+hexMAC(key, body))
				}
				return map[string]string{"X-Pagerduty-Signature": strings.Join(all, ",")}
			}},
		{source: "one_header", verify: `{scheme: hmac_sha256, header: Tool-Signature, prefix: "v1=", separator: ",", encoding: hex, timestamp: {header: Tool-Signature, prefix: "t=", tolerance: 5m}, signed: "{timestamp}.{body}"}`, hex: true, timed: true, many: true,
			sign: func(keys []string, at time.Time, body string) map[string]string {
				all := []string{"t=" + unix(at)}
				for _, key := range keys {
					all = append(all, "v1="+hexMAC(key, unix(at)+"."+body))
				}
				return map[string]string{"Tool-Signature": strings.Join(all, ",")}
			}},
	}
}

const (
	oldKey, newKey, foreignKey = "the secret until yesterday", "the secret from today on", "the secret of somebody else"
	signedBody                 = `{"title":"signed", "n": 12345678901234567890}`
)

func (s signing) given(keys ...string) []secret.String {
	var out []secret.String
	for _, key := range keys {
		if s.decoded {
			key = "whsec_" + base64.StdEncoding.EncodeToString([]byte(key))
		}
		out = append(out, secret.New(key))
	}
	return out
}

func (s signing) scheme(t *testing.T) *hook.Scheme {
	t.Helper()
	source, faults := mapping.ParseSource("x.yaml", []byte("source: "+s.source+"\ntitle: T\nversion: \"1\"\ntested: here\nfields: {title: body.title}\nverify: "+s.verify+"\n"))
	if source == nil || source.Verify() == nil {
		t.Fatalf("%s: %v", s.source, faults)
	}
	return source.Verify()
}

// counted keeps what was refused.
type counted struct {
	mu   sync.Mutex
	text []string
}

func (c *counted) AlertsRefused(source string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, source+" "+string(soar.CodeOf(err)))
}

// TestHooks sends to every scheme what is right and what is wrong with it. What is
// refused reaches nobody, and all refusals look the same to the sender.
func TestHooks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	only := func(name, value string) func(map[string]string) {
		return func(h map[string]string) {
			for header := range h {
				if strings.Contains(strings.ToLower(header), name) {
					h[header] = value
				}
			}
		}
	}
	each := func(change func(string) string) func(map[string]string) {
		return func(h map[string]string) {
			for header := range h {
				if strings.Contains(strings.ToLower(header), "signature") {
					h[header] = change(h[header])
				}
			}
		}
	}
	for _, s := range signings() {
		refusals := &counted{}
		w := newHookWorld(t, s, api.Options{Refused: refusals}, now, s.given(oldKey, newKey))
		for _, row := range []struct {
			name   string
			keys   []string // of the tool
			at     time.Duration
			body   string // sent in place of what was signed
			header map[string]string
			change func(map[string]string)
			skip   bool
			status int
		}{
			{name: "new secret", keys: []string{newKey}, status: 202},
			{name: "old secret while both are good", keys: []string{oldKey}, status: 202},
			{name: "both secrets", keys: []string{oldKey, newKey}, skip: !s.many, status: 202},
			{name: "a wrong and a right one", keys: []string{foreignKey, newKey}, skip: !s.many, status: 202},
			{name: "none", keys: []string{newKey}, change: func(h map[string]string) { clear(h) }, status: 401},
			{name: "empty", keys: []string{newKey}, change: only("signature", ""), status: 401},
			{name: "prefix alone", keys: []string{newKey}, change: each(func(v string) string {
				return v[:len(v)-len(strings.TrimLeft(v, "abcdefghijklmnopqrstuvwxyz0123456789"))]
			}), status: 401},
			{name: "wrong secret", keys: []string{foreignKey}, status: 401},
			{name: "empty secret", keys: []string{""}, status: 401},
			{name: "truncated", keys: []string{newKey}, change: each(func(v string) string { return v[:len(v)-2] }), skip: s.source == "standard", status: 401},
			{name: "longer", keys: []string{newKey}, change: each(func(v string) string { return v + "00" }), skip: s.source == "standard", status: 401},
			{name: "upper-case hex", keys: []string{newKey}, change: each(upperMAC), skip: !s.hex, status: 401},
			{name: "other prefix", keys: []string{newKey}, change: each(func(v string) string {
				return strings.NewReplacer("sha256=", "sha1=", "v0=", "v9=", "v1", "v9").Replace(v)
			}), skip: s.source == "plain", status: 401},
			{name: "other header", keys: []string{newKey}, change: moved, status: 401},
			{name: "re-encoded body", keys: []string{newKey}, body: `{"title":"signed","n":12345678901234567890}`, status: 401},
			{name: "another body", keys: []string{newKey}, body: `{"title":"forged"}`, status: 401},
			{name: "nothing of a body", keys: []string{newKey}, body: " ", status: 401},
			{name: "forged ping", keys: []string{foreignKey}, header: map[string]string{"X-Github-Event": "ping"}, status: 401},
			{name: "unsigned ping", keys: []string{newKey}, header: map[string]string{"X-Github-Event": "ping"}, change: only("signature", ""), status: 401},
			{name: "signed ping", keys: []string{newKey}, header: map[string]string{"X-Github-Event": "ping"}, status: 202},
			{name: "just within the tolerance", keys: []string{newKey}, at: -5 * time.Minute, status: 202},
			{name: "replayed later", keys: []string{newKey}, at: -5*time.Minute - time.Second, skip: !s.timed, status: 401},
			{name: "signed in the future", keys: []string{newKey}, at: 5*time.Minute + time.Second, skip: !s.timed, status: 401},
			{name: "another timestamp than signed", keys: []string{newKey}, change: only("timestamp", strconv.FormatInt(now.Unix()-1, 10)), skip: !s.timed || s.source == "one_header", status: 401},
			{name: "no number as timestamp", keys: []string{newKey}, change: only("timestamp", "now"), skip: !s.timed || s.source == "one_header", status: 401},
			{name: "a signed header changed", keys: []string{newKey}, change: only("webhook-id", "msg_2"), skip: s.source != "standard", status: 401},
			{name: "a signed header with a separator", keys: []string{newKey}, change: only("webhook-id", "msg.1"), skip: s.source != "standard", status: 401},
			{name: "nine signatures", keys: slices.Repeat([]string{newKey}, 9), skip: !s.many, status: 401},
			{name: "a body over the cap", keys: []string{newKey}, body: strings.Repeat("x", 1<<20+1), status: 413},
			{name: "a signature beside a bad token", keys: []string{newKey}, header: map[string]string{"Authorization": "Bearer " + apitest.TokenUnknown}, status: 401},
			{name: "a token in place of it", keys: []string{newKey}, change: func(h map[string]string) { clear(h); h["Authorization"] = "Bearer " + tool() }, status: 202},
		} {
			t.Run(s.source+"/"+row.name, func(t *testing.T) {
				if row.skip {
					t.Skip("this scheme has no such thing")
				}
				w := &world{t: t, fake: w.fake, server: w.server, router: w.router}
				calls, counts := len(w.fake.Calls()), len(refusals.text)
				header := s.sign(row.keys, now.Add(row.at), signedBody)
				if row.change != nil {
					row.change(header)
				}
				maps.Copy(header, row.header)
				body := signedBody
				if row.body != "" {
					body = row.body
				}
				got := w.send(ask{Method: "POST", Path: "/api/v1/hooks/" + s.source, Header: header, Body: body})
				if got.StatusCode != row.status {
					t.Fatalf("got %d, want %d: %s", got.StatusCode, row.status, got.Text)
				}
				checkHook(t, s.source, got, w.fake.Calls()[calls:], refusals.text[counts:])
			})
		}
	}
}

// upperMAC puts the digits of a signature into capitals and leaves its prefix.
func upperMAC(v string) string {
	at := strings.LastIndex(v, "=") + 1
	return v[:at] + strings.ToUpper(v[at:])
}

// moved puts each value under another header.
func moved(h map[string]string) {
	for header, value := range maps.Clone(h) {
		delete(h, header)
		h["X-Other-"+header] = value
	}
}

func newHookWorld(t *testing.T, s signing, options api.Options, now time.Time, secrets []secret.String) *world {
	t.Helper()
	fake, scheme, log := apitest.NewFake(), s.scheme(t), &apitest.Log{}
	verifier, err := hook.NewVerifier(hook.Options{
		Scheme: func(string) *hook.Scheme { return scheme }, Secrets: map[string][]secret.String{s.source: secrets},
		Now: func() time.Time { return now }, Logger: slog.New(slog.NewJSONHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	fake.Hooks = verifier
	w := &world{t: t, fake: fake, server: apitest.Serve(t, fake, options), router: describedRouter(t)}
	w.verifierLog = log
	return w
}

func checkHook(t *testing.T, source string, got answer, calls, counts []string) {
	t.Helper()
	accepted := slices.ContainsFunc(calls, func(call string) bool { return strings.HasPrefix(call, "Accept ") })
	if accepted != (got.StatusCode == 202) {
		t.Errorf("use cases were asked %q", calls)
	}
	want := map[int][]string{202: nil, 401: {source + " unauthenticated"}, 413: {source + " invalid"}}[got.StatusCode]
	if !slices.Equal(counts, want) {
		t.Errorf("counted %q, want %q", counts, want)
	}
	if got.StatusCode != 401 {
		return
	}
	problem := got.problem(t)
	if text(problem.Detail) != "a valid token or signature is needed" || text(problem.Field) != "" {
		t.Errorf("the sender is told %s", got.Text)
	}
}

// TestRefusalsAreLogged: the log says that and where, never a secret or what was sent.
func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	github := signings()[0]
	w := newHookWorld(t, github, api.Options{}, time.Now(), github.given(newKey))
	w.send(ask{Method: "POST", Path: "/api/v1/hooks/github", Body: signedBody, Header: github.sign([]string{oldKey}, time.Now(), signedBody)})
	log := w.server.Log.String() + w.verifierLog.String()
	for _, want := range []string{`"msg":"alerts were refused"`, `"source":"github"`, `"code":"unauthenticated"`, `"why":"no signature fits a secret"`, `"remote":"127.0.0.1"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s: %s", want, log)
		}
	}
	for _, hidden := range []string{newKey, hexMAC(oldKey, signedBody), hexMAC(newKey, signedBody), "12345678901234567890"} {
		if strings.Contains(log, hidden) {
			t.Errorf("the log shows %q", hidden)
		}
	}
}

// TestUnsignedSources: a source that has a scheme but no secret takes tokens and
// nothing else, and its body is not even read.
func TestUnsignedSources(t *testing.T) {
	t.Parallel()
	github := signings()[0]
	w := newHookWorld(t, github, api.Options{}, time.Now(), github.given(newKey))
	for name, a := range map[string]ask{
		"a source without secrets": {Method: "POST", Path: "/api/v1/hooks/gitlab", Body: signedBody, Header: github.sign([]string{newKey}, time.Now(), signedBody)},
		"no source":                {Method: "POST", Path: "/api/v1/alerts", Body: signedBody, Header: github.sign([]string{newKey}, time.Now(), signedBody)},
		"another operation":        {Path: "/api/v1/alerts", Header: github.sign([]string{newKey}, time.Now(), "")},
	} {
		if got := w.send(a); got.StatusCode != 401 {
			t.Errorf("%s: got %d", name, got.StatusCode)
		}
	}
	fake := apitest.NewFake()
	unconfigured := &world{t: t, fake: fake, server: apitest.Serve(t, fake, api.Options{}), router: describedRouter(t)}
	if got := unconfigured.send(ask{Method: "POST", Path: "/api/v1/hooks/github", Body: signedBody, Header: github.sign([]string{""}, time.Now(), signedBody)}); got.StatusCode != 401 {
		t.Errorf("no source is configured: got %d", got.StatusCode)
	}
}

// trap fails the test when a body is read.
type trap struct{ t *testing.T }

func (r trap) Read([]byte) (int, error) {
	r.t.Error("the body was read")
	return 0, http.ErrBodyReadAfterClose
}

// TestNoWorkBeforeItMustBe: what is too long, and what cannot be right, is refused
// without a look at its body.
func TestNoWorkBeforeItMustBe(t *testing.T) {
	t.Parallel()
	github := signings()[0]
	w := newHookWorld(t, github, api.Options{}, time.Now(), github.given(newKey))
	for _, row := range []struct {
		name, path string
		length     int64
		header     map[string]string
		status     int
	}{
		{"too long", "/api/v1/hooks/github", 1<<20 + 1, github.sign([]string{newKey}, time.Now(), "x"), 413},
		{"too long, no signature", "/api/v1/hooks/github", 1<<20 + 1, nil, 413},
		{"no signature", "/api/v1/hooks/github", 10, nil, 401},
		{"a source without secrets", "/api/v1/hooks/gitlab", 10, github.sign([]string{newKey}, time.Now(), "x"), 401},
		{"a bad token", "/api/v1/hooks/github", 10, map[string]string{"Authorization": "Bearer " + apitest.TokenUnknown}, 401},
	} {
		request := httptest.NewRequest(http.MethodPost, row.path, trap{t})
		request.ContentLength = row.length
		for name, value := range row.header {
			request.Header.Set(name, value)
		}
		recorder := httptest.NewRecorder()
		w.server.Router.ServeHTTP(recorder, request)
		if recorder.Code != row.status {
			t.Errorf("%s: got %d, want %d", row.name, recorder.Code, row.status)
		}
	}
}

// TestBasic: a tool's token may come as a password, at the doors for alerts and
// nowhere else, and nobody else's may.
func TestBasic(t *testing.T) {
	t.Parallel()
	basic := func(user, token string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+token))
	}
	for _, row := range []struct {
		name, method, path, header string
		status                     int
	}{
		{"a hook", "POST", "/api/v1/hooks/wazuh", basic("sns", tool()), 202},
		{"any user name", "POST", "/api/v1/hooks/wazuh", basic("", tool()), 202},
		{"another case", "POST", "/api/v1/hooks/wazuh", "bASIC " + strings.TrimPrefix(basic("x", tool()), "Basic "), 202},
		{"the generic form", "POST", "/api/v1/alerts", basic("sns", tool()), 202},
		{"the token alone", "POST", "/api/v1/hooks/wazuh", tool(), 202},
		{"an analyst", "POST", "/api/v1/hooks/wazuh", basic("a", analyst()), 401},
		{"a tool that is something else, too", "POST", "/api/v1/hooks/wazuh", basic("a", tool()+".analyst"), 401},
		{"an unknown token", "POST", "/api/v1/hooks/wazuh", basic("a", apitest.TokenUnknown), 401},
		{"no password", "POST", "/api/v1/hooks/wazuh", basic("a", ""), 401},
		{"no base64", "POST", "/api/v1/hooks/wazuh", "Basic %%%", 401},
		{"nothing after it", "POST", "/api/v1/hooks/wazuh", "Basic ", 401},
		{"who am I", "GET", "/api/v1/me", basic("a", tool()), 401},
		{"list alerts", "GET", "/api/v1/alerts", basic("a", analyst()), 401},
		{"a decision", "POST", "/api/v1/approvals/" + apitest.ApprovalID + "/decision", basic("a", lead()), 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, api.Options{})
			a := ask{Method: row.method, Path: row.path, Header: map[string]string{"Authorization": row.header}}
			if row.method == "POST" {
				a.Body = `{"title":"x"}`
			}
			got := w.send(a)
			if got.StatusCode != row.status {
				t.Fatalf("got %d, want %d: %s", got.StatusCode, row.status, got.Text)
			}
			door := strings.HasPrefix(row.path, "/api/v1/hooks/") || row.path == "/api/v1/alerts" && row.method == "POST"
			asked := slices.Contains(got.Header.Values("WWW-Authenticate"), `Basic realm="tocsin"`)
			if row.status == 401 && asked != door {
				t.Errorf("WWW-Authenticate is %q", got.Header.Values("WWW-Authenticate"))
			}
		})
	}
}

// TestChallenge: Okta verifies a hook once, with its credential.
func TestChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	send := func(token, challenge string) answer {
		a := ask{Path: "/api/v1/hooks/okta", Token: token}
		if challenge != "" {
			a.Header = map[string]string{"X-Okta-Verification-Challenge": challenge}
		}
		return w.send(a)
	}
	got := send(tool(), "Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg")
	if got.StatusCode != 200 || strings.TrimSpace(got.Text) != `{"verification":"Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg"}` {
		t.Errorf("got %d %s", got.StatusCode, got.Text)
	}
	for name, row := range map[string]struct {
		token, challenge string
		status           int
	}{
		"no token":     {"", "abc", 401},
		"no challenge": {tool(), "", 400},
		"markup":       {tool(), "<script>", 400},
		"a manager":    {apitest.Token("manager"), "abc", 403},
	} {
		if got := send(row.token, row.challenge); got.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", name, got.StatusCode, row.status)
		}
	}
}

// TestTwoCredentials: whoever sends two Authorization headers is refused, so that no
// proxy in between can take another one than we do.
func TestTwoCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	request := httptest.NewRequest(http.MethodPost, "/api/v1/hooks/wazuh", bytes.NewReader([]byte("{}")))
	request.Header["Authorization"] = []string{"Bearer " + tool(), "Bearer " + tool()}
	recorder := httptest.NewRecorder()
	w.server.Router.ServeHTTP(recorder, request)
	if recorder.Code != 401 {
		t.Errorf("got %d", recorder.Code)
	}
}
