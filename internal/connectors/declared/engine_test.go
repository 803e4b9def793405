package declared_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

const password = "s3cret-of-the-test"

// reading is a connector with one action that reads; %s is the rest of its request.
const reading = `connector: acme
version: 1.0.0
title: ACME
description: A system of these tests.
tested: Run against local servers.
settings:
  user: {description: "user"}
  token: {description: "token", secret: true}
http:
  auth: {%s}
actions:
  list:
    title: List
    description: Lists.
    risk: read
    idempotent: true
    input: {type: object, properties: {q: {type: string}, tags: {type: array, items: {type: string}}}}
    request: {method: GET, path: /items, %s}
    result: {items: "${{ response.items }}", more: "${{ response.more }}"}
    output: {type: object, properties: {items: {type: array}, more: {type: boolean}}}
`

// changing is a connector with one action that changes; %s is its request.
const changing = `connector: acme
version: 1.0.0
title: ACME
description: A system of these tests.
tested: Run against local servers.
settings:
  user: {description: "user"}
  token: {description: "token", secret: true}
http:
  auth: {%s}
actions:
  block:
    title: Block
    description: Blocks.
    risk: change
    target: name
    irreversible: true
    input: {type: object, required: [name], properties: {name: {type: string, minLength: 1}, note: {type: string}}}
    request: {%s}
    result: {}
    output: {type: object}
`

const bearer = "bearer: {secret: token}"

// sent is one request as it came.
type sent struct{ Method, URI, Auth, Type, Body string }

type system struct {
	url string
	mu  sync.Mutex
	got []sent
}

func (s *system) requests() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sent{}, s.got...)
}

func serve(t *testing.T, answer http.HandlerFunc) *system {
	t.Helper()
	s := &system{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, sent{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Content-Type"), string(body)})
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func parse(t *testing.T, source string) *declared.Kind {
	t.Helper()
	kind, faults := declared.Parse("acme.yaml", []byte(source))
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	return kind
}

// do opens an instance on the system and carries out the only action. Pauses are
// counted and not waited for.
func do(t *testing.T, source, base string, args map[string]any) (result connector.Result, told, pauses int, err error) {
	t.Helper()
	kind := parse(t, source).WithSystem(declared.System{Now: time.Now, Pause: func(context.Context, time.Duration) error { pauses++; return nil }})
	instance, err := kind.Open(connector.Config{
		Settings: map[string]string{"base_url": base, "user": "robot"}, Secrets: map[string]secret.String{"token": secret.New(password)},
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err = instance.Do(t.Context(), connector.Call{
		Action: kind.Manifest().Names()[0], Args: args, Key: "key-1", IncidentID: "INC-1", Sent: func(context.Context) error { told++; return nil },
	})
	return result, told, pauses, err
}

func TestPaging(t *testing.T) {
	t.Parallel()
	numbers := func(w http.ResponseWriter, from, to int) {
		parts := []string{}
		for i := from; i < to; i++ {
			parts = append(parts, fmt.Sprint(i))
		}
		_, _ = fmt.Fprintf(w, `{"list":[%s]`, strings.Join(parts, ","))
	}
	counted := func(w http.ResponseWriter, r *http.Request) {
		var at int
		_, _ = fmt.Sscan(r.URL.Query().Get("p"), &at)
		numbers(w, at*2, min(at*2+2, 5))
		_, _ = io.WriteString(w, "}")
	}
	rows := []struct {
		name, paging string
		answer       http.HandlerFunc
		uris         []string
		items        int
		more         bool
	}{
		{"page", "page: {query: p, size: 2, first: 0}", counted, []string{"/items?p=0", "/items?p=1", "/items?p=2"}, 5, false},
		{"pages bounded", "page: {query: p, size: 2, first: 0}, max_pages: 2", counted, []string{"/items?p=0", "/items?p=1"}, 4, true},
		{"items bounded", "page: {query: p, size: 2, first: 0}, max_items: 3", counted, []string{"/items?p=0", "/items?p=1"}, 3, true},
		{"offset", "offset: {query: o, size: 2}", func(w http.ResponseWriter, r *http.Request) {
			var at int
			_, _ = fmt.Sscan(r.URL.Query().Get("o"), &at)
			numbers(w, at, min(at+2, 3))
			_, _ = io.WriteString(w, "}")
		}, []string{"/items", "/items?o=2"}, 3, false},
		{"cursor", "cursor: {query: c, from: response.body.next}", func(w http.ResponseWriter, r *http.Request) {
			next := map[string]string{"": `"a&b=c"`, "a&b=c": "7", "7": "null"}[r.URL.Query().Get("c")]
			_, _ = fmt.Fprintf(w, `{"list":[1],"next":%s}`, next)
		}, []string{"/items", "/items?c=a%26b%3Dc", "/items?c=7"}, 3, false},
		{"next link", "next: response.link_next", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("n") == "" {
				w.Header().Set("Link", `<http://`+r.Host+`/other?n=2>; rel="next"`)
			}
			_, _ = io.WriteString(w, `{"list":[1]}`)
		}, []string{"/items", "/other?n=2"}, 2, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, row.answer)
			result, _, _, err := do(t, fmt.Sprintf(reading, bearer, "paging: {items: response.body.list, "+row.paging+"}"), s.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			var uris []string
			for _, one := range s.requests() {
				uris = append(uris, one.URI)
				if one.Auth != "Bearer "+password {
					t.Errorf("%s was sent with %q", one.URI, one.Auth)
				}
			}
			if diff := cmp.Diff(row.uris, uris); diff != "" {
				t.Error(diff)
			}
			if items, _ := result.Output["items"].([]any); len(items) != row.items || result.Output["more"] != row.more {
				t.Errorf("output %v", result.Output)
			}
		})
	}
}

// A link elsewhere would carry our credentials there; one in a circle would never end.
func TestPagingRefusals(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"list":[]}`) })
	for name, row := range map[string]struct{ link, fault string }{
		"another host":     {elsewhere.url + "/api/items", "not the configured host"},
		"without a scheme": {strings.TrimPrefix(elsewhere.url, "http:") + "/api/items", "not the configured host"},
		"another scheme":   {"https://HOST/api/items", "not the configured host"},
		"another path":     {"/admin", "leaves the path"},
		"up":               {"/api/../admin", "leaves the path"},
		"a user":           {"http://robot@HOST/api/items", "cannot be read"},
		"a circle":         {"/api/items?n=1", "circle"},
		"no text":          {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprintf(w, `{"list":[1],"next":%q}`, strings.ReplaceAll(row.link, "HOST", r.Host))
			})
			_, _, _, err := do(t, fmt.Sprintf(reading, bearer, "paging: {items: response.body.list, next: response.body.next}"), s.url+"/api", nil)
			if (err == nil) != (row.fault == "") || (err != nil && !strings.Contains(err.Error(), row.fault)) {
				t.Errorf("got %v, want %q", err, row.fault)
			}
			if got := len(s.requests()); got > 3 {
				t.Errorf("%d requests", got)
			}
		})
	}
	t.Cleanup(func() {
		if got := elsewhere.requests(); len(got) != 0 {
			t.Errorf("sent elsewhere: %v", got)
		}
	})
}

func TestAuth(t *testing.T) {
	t.Parallel()
	for auth, want := range map[string]sent{
		bearer:                               {"GET", "/items", "Bearer " + password, "", ""},
		"basic: {user: user, secret: token}": {"GET", "/items", "Basic cm9ib3Q6czNjcmV0LW9mLXRoZS10ZXN0", "", ""},
		"query: {name: key, secret: token}":  {"GET", "/items?key=" + password, "", "", ""},
		"header: {name: Authorization, prefix: \"SSWS \", secret: token}": {"GET", "/items", "SSWS " + password, "", ""},
	} {
		t.Run(auth, func(t *testing.T) {
			t.Parallel()
			// The system says back all it was sent, as an error and as an answer.
			for _, status := range []int{200, 403} {
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(status)
					_, _ = fmt.Fprintf(w, `{"list":[%q,%q]}`, r.Header.Get("Authorization"), r.URL.RequestURI())
				})
				result, _, _, err := do(t, fmt.Sprintf(reading, auth, `paging: {items: response.body.list, page: {query: p, size: 9}}, errors: [{status: 403, class: auth, message: "${{ toJSON(response.body) }}"}]`), s.url, nil)
				want := want
				want.URI = strings.Replace(want.URI, "/items", "/items?p=1", 1)
				if strings.Contains(want.URI, "key=") {
					want.URI = "/items?key=" + password + "&p=1"
				}
				if diff := cmp.Diff([]sent{want}, s.requests()); diff != "" {
					t.Error(diff)
				}
				shown := fmt.Sprintf("%v %#v %v", err, err, result.Output)
				if strings.Contains(shown, password) || strings.Contains(shown, "czNjcmV0LW9mLXRoZS10ZXN0") {
					t.Errorf("the secret shows: %s", shown)
				}
				if known := connector.Classify(err, false); status == 403 && known.Class != connector.Auth {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// Values of an attacker stay where they were put.
func TestHostileArguments(t *testing.T) {
	t.Parallel()
	hostile := []string{"a/b", "..%2f", "?x=1#y", "a&b=c", `"},"all":{"`, "${{ settings.user }}", "{{x}}", "\u0430\u00e9", "a b+c", "%00", "'; --"}
	for _, value := range hostile {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Count(r.URL.EscapedPath(), "/") != 3 {
				t.Errorf("%q left its place: %s", value, r.URL.EscapedPath())
			}
			if got := r.URL.Query(); len(got) != 1 || got.Get("q") != value {
				t.Errorf("%q became the query %v", value, got)
			}
		})
		_, told, _, err := do(t, fmt.Sprintf(changing, bearer, `method: POST, path: "/n/${{ args.name }}/x", query: {q: "${{ args.name }}"}, json: {n: "${{ args.name }}", note?: "${{ args.note }}"}, answer: none`), s.url, map[string]any{"name": value})
		if err != nil || told != 1 {
			t.Errorf("%q: %v, told %d times", value, err, told)
			continue
		}
		one := s.requests()[0]
		if diff := cmp.Diff(fmt.Sprintf(`{"n":%s}`, jsonText(t, value)), one.Body); diff != "" {
			t.Error(diff)
		}
	}
	for _, value := range []string{"..", ".", "a\r\nHost: other", "a\x00b", "\u202eb"} {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		for _, request := range []string{`method: POST, path: "/n/${{ args.name }}", answer: none`, `method: POST, path: /n, headers: {X-Name: "${{ args.name }}"}, answer: none`} {
			if strings.HasPrefix(value, ".") && strings.Contains(request, "X-Name") {
				continue
			}
			_, told, _, err := do(t, fmt.Sprintf(changing, bearer, request), s.url, map[string]any{"name": value})
			if known := connector.Classify(err, true); known == nil || known.Class != connector.Permanent || told != 0 || len(s.requests()) != 0 {
				t.Errorf("%q in %s: %v, told %d times, sent %v", value, request, err, told, s.requests())
			}
		}
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, told, _, err := do(t, fmt.Sprintf(changing, bearer, `method: POST, path: /n, form: {n: "${{ args.name }}", all: [1, true], note?: "${{ args.note }}"}, answer: none`), s.url, map[string]any{"name": "a&n=b"})
	if err != nil || told != 1 {
		t.Fatal(err, told)
	}
	if diff := cmp.Diff([]sent{{"POST", "/n", "Bearer " + password, "application/x-www-form-urlencoded", "all=1&all=true&n=a%26n%3Db"}}, s.requests()); diff != "" {
		t.Error(diff)
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	const rules = `method: POST, path: /n, json: {n: 1}, errors: [
      {status: 409, class: done}, {status: [422, 423], class: permanent, message: "no: ${{ response.body.why }}"},
      {when: "response.status == 200 and response.body.ok == false", class: transient}, {status: 420, class: limited}]`
	rows := []struct {
		status int
		body   string
		class  connector.Class
	}{
		{200, `{"ok":true}`, ""},
		{409, `{}`, ""},
		{422, `{"why":"gone"}`, connector.Permanent},
		{200, `{"ok":false}`, connector.Transient},
		{420, `{}`, connector.Limited},
		{500, `{}`, connector.Unknown},
		{200, `<html>`, connector.Unknown},
		{200, `{"ok":true}{}`, connector.Unknown},
	}
	for _, row := range rows {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(row.status)
			_, _ = io.WriteString(w, row.body)
		})
		_, told, _, err := do(t, fmt.Sprintf(changing, bearer, rules), s.url, map[string]any{"name": "a"})
		known := connector.Classify(err, true)
		if (known == nil) != (row.class == "") || (known != nil && known.Class != row.class) || told != 1 || len(s.requests()) != 1 {
			t.Errorf("%d %s: %v, told %d times, %d requests", row.status, row.body, err, told, len(s.requests()))
		}
	}
}

func TestPollIsBounded(t *testing.T) {
	t.Parallel()
	for late, class := range map[string]connector.Class{"fail": connector.Transient, "accept": ""} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"state":"running"}`) })
		source := strings.Replace(fmt.Sprintf(reading, bearer, "poll: {until: \"response.body.state == 'done'\", every: 2s, for: 10s, late: "+late+"}"),
			`{items: "${{ response.items }}", more: "${{ response.more }}"}`, "{}", 1)
		_, _, pauses, err := do(t, source, s.url, nil)
		known := connector.Classify(err, false)
		if (known == nil) != (class == "") || (known != nil && known.Class != class) || pauses != 5 || len(s.requests()) != 6 {
			t.Errorf("%s: %v, %d pauses, %d requests", late, err, pauses, len(s.requests()))
		}
	}
}

// A token that the system refuses is renewed once, and shows nowhere.
func TestOAuth(t *testing.T) {
	t.Parallel()
	given := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			given++
			_, _ = fmt.Fprintf(w, `{"access_token":"access-%d","expires_in":3600}`, given)
		case r.Header.Get("Authorization") == "Bearer access-1":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = io.WriteString(w, r.Header.Get("Authorization"))
		}
	})
	source := fmt.Sprintf(changing, "oauth2: {client_id: user, client_secret: token, path: /token, scope: all}", `method: POST, path: /n, json: {n: 1}, answer: text`)
	source = strings.Replace(source, "result: {}", `result: {echo: "${{ response.body }}"}`, 1)
	source = strings.Replace(source, "output: {type: object}", "output: {type: object, properties: {echo: {type: string}}}", 1)
	result, _, _, err := do(t, source, s.url, map[string]any{"name": "a"})
	if err != nil {
		t.Fatal(err)
	}
	const form, asked = "application/x-www-form-urlencoded", "client_id=robot&client_secret=" + password + "&grant_type=client_credentials&scope=all"
	want := []sent{
		{"POST", "/token", "", form, asked}, {"POST", "/n", "Bearer access-1", "application/json", `{"n":1}`},
		{"POST", "/token", "", form, asked}, {"POST", "/n", "Bearer access-2", "application/json", `{"n":1}`},
	}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Error(diff)
	}
	if shown := fmt.Sprint(result.Output); strings.Contains(shown, "access-") {
		t.Errorf("the token shows: %s", shown)
	}
}
