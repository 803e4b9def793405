package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// world is a served fake whose every answer is compared with openapi.yaml by a
// second reader of it, kin-openapi.
type world struct {
	t      *testing.T
	fake   *apitest.Fake
	server *apitest.Server
	router routers.Router

	verifierLog *apitest.Log // of a world with hooks
}

func newWorld(t *testing.T, options api.Options) *world {
	t.Helper()
	fake := apitest.NewFake()
	return &world{t: t, fake: fake, server: apitest.Serve(t, fake, options), router: describedRouter(t)}
}

func describedRouter(t *testing.T) routers.Router {
	t.Helper()
	router, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	return router
}

var readDescription = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromData(api.Description())
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml is not valid OpenAPI: %w", err)
	}
	return gorillamux.NewRouter(document)
})

// ask is one request. The zero Method is GET.
type ask struct {
	Method, Path string
	Token        string
	Type         string // Content-Type; JSON when there is a body
	Body         string
	Header       map[string]string
}

type answer struct {
	*http.Response
	Text string
}

func (w *world) send(a ask) answer {
	w.t.Helper()
	if a.Method == "" {
		a.Method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(w.t.Context(), a.Method, w.server.URL+a.Path, strings.NewReader(a.Body))
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Token != "" {
		request.Header.Set("Authorization", "Bearer "+a.Token)
	}
	if a.Type == "" && a.Body != "" {
		a.Type = "application/json"
	}
	if a.Type != "" {
		request.Header.Set("Content-Type", a.Type)
	}
	for name, value := range a.Header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatalf("%s %s: read the answer: %v", a.Method, a.Path, err)
	}
	w.checkAnswer(request, response, body)
	return answer{response, string(body)}
}

// checkAnswer compares an answer with the description and looks for what must
// never leave the process.
func (w *world) checkAnswer(request *http.Request, response *http.Response, body []byte) {
	w.t.Helper()
	for _, internal := range []string{".go:", "sql", "goroutine", "panic", "0x"} {
		isText := strings.Contains(response.Header.Get("Content-Type"), "json")
		if isText && bytes.Contains(bytes.ToLower(body), []byte(internal)) {
			w.t.Errorf("%s %s: the answer shows internals (%q): %s", request.Method, request.URL, internal, body)
		}
	}
	if response.Header.Get("X-Request-Id") == "" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		w.t.Errorf("%s %s: headers are missing: %v", request.Method, request.URL, response.Header)
	}
	route, parameters, err := w.router.FindRoute(request)
	if err != nil {
		return // not described: the router answered by itself
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: !strings.HasSuffix(response.Header.Get("Content-Type"), "/json") && !strings.HasSuffix(response.Header.Get("Content-Type"), "+json")},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		w.t.Errorf("%s %s %d is not as described: %v", request.Method, request.URL, response.StatusCode, err)
	}
}

func (a answer) problem(t *testing.T) gen.Problem {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("%d has content type %q, want a problem: %s", a.StatusCode, kind, a.Text)
	}
	var out gen.Problem
	decoder := json.NewDecoder(strings.NewReader(a.Text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("decode %s: %v", a.Text, err)
	}
	return out
}

func (a answer) into(t *testing.T, out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Text), out); err != nil {
		t.Fatalf("decode %s: %v", a.Text, err)
	}
}

func lead() string    { return apitest.Token(soar.RoleSOCLead) }
func analyst() string { return apitest.Token(soar.RoleAnalyst) }
func admin() string   { return apitest.Token(soar.RoleAdmin) }
func tool() string    { return apitest.Token(soar.RoleTool) }
func author() string  { return apitest.Token(soar.RolePlaybookEngineer) }
