package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/observe/health"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func connect(t *testing.T, url string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: url, Token: apitest.Token(soar.RoleSOCLead), Version: "test", Wait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fault(t *testing.T, err error) *client.Error {
	t.Helper()
	out, ok := errors.AsType[*client.Error](err)
	if !ok {
		t.Fatalf("got %v, want *client.Error", err)
	}
	return out
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"http://127.0.0.1:8080": true, "https://tocsin.example.com/base/": true,
		"127.0.0.1:8080": false, "": false, "ftp://x": false, "http://": false, "http://user:secret@x": false, "http://x?token=1": false,
	} {
		if _, err := client.New(client.Config{URL: address}); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		} else if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats a password: %v", err)
		}
	}
	if _, err := client.New(client.Config{URL: "http://x", Token: "a\nb"}); err == nil {
		t.Error("a token with a line break is taken")
	}
}

func TestProblemBecomesAnError(t *testing.T) {
	t.Parallel()
	fake := apitest.NewFake()
	c := connect(t, apitest.Serve(t, fake, api.Options{}).URL)
	_, err := c.Incident(t.Context(), "INC-other")
	if got := fault(t, err); got.Code != soar.CodeNotFound || got.Status != 404 || got.Error() != "there is no such incident" || got.RequestID == "" || got.Temporary() {
		t.Errorf("got %+v", got)
	}
	_, err = c.Command(t.Context(), apitest.IncidentID, client.NewKey(), gen.DeclareCommand{})
	if got := fault(t, err); got.Code != soar.CodeInvalid || len(got.Errors) != 1 {
		t.Errorf("got %+v", got)
	}
	_, err = c.PlaybookPublish(t.Context(), "x", "", []byte("broken"))
	if got := fault(t, err); got.Status != 403 {
		t.Errorf("got %+v", got)
	}
}

// flaky answers with the statuses in turn and then with the last of them.
func flaky(t *testing.T, header http.Header, statuses ...int) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := statuses[min(int(asked.Add(1)), len(statuses))-1]
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.Header().Set("Content-Type", "application/problem+json")
		if status < 300 {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		if status < 300 {
			fmt.Fprint(w, `{"message":"done","items":[]}`)
			return
		}
		fmt.Fprint(w, `{"type":"x","title":"Not now","status":503,"code":"unavailable","request_id":"r1"}`)
	}))
	t.Cleanup(server.Close)
	return server, &asked
}

func TestWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	list := func(c *client.Client) error {
		_, err := c.Incidents(t.Context(), client.IncidentQuery{})
		return err
	}
	command := func(c *client.Client) error {
		_, err := c.Command(t.Context(), "INC-1", client.NewKey(), gen.NoteCommand{Text: "x"})
		return err
	}
	token := func(c *client.Client) error {
		_, err := c.TokenCreate(t.Context(), gen.TokenInput{Name: "x"})
		return err
	}
	for _, row := range []struct {
		name     string
		ask      func(*client.Client) error
		statuses []int
		asked    int64
		ok       bool
	}{
		{"reading, until it works", list, []int{503, 429, 200}, 3, true},
		{"reading, at most three times", list, []int{503}, 3, false},
		{"reading what is not there", list, []int{404}, 1, false},
		{"a command with a key", command, []int{502, 202}, 2, true},
		{"a command that conflicts", command, []int{409}, 1, false},
		{"a new token: its key makes no second one", token, []int{503}, 3, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server, asked := flaky(t, nil, row.statuses...)
			err := row.ask(connect(t, server.URL))
			if asked.Load() != row.asked || (err == nil) != row.ok {
				t.Errorf("asked %d times, want %d; %v", asked.Load(), row.asked, err)
			}
		})
	}
}

func TestOneKeyForAllAttempts(t *testing.T) {
	t.Parallel()
	keys := map[string]int{}
	bodies := map[string]int{}
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		keys[r.Header.Get("Idempotency-Key")]++
		bodies[string(body)]++
		if asked.Add(1) < 3 {
			panic(http.ErrAbortHandler) // the answer is lost
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"message":"done"}`)
	}))
	t.Cleanup(server.Close)
	if _, err := connect(t, server.URL).Command(t.Context(), "INC-1", client.NewKey(), gen.NoteCommand{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || len(bodies) != 1 || keys[""] > 0 {
		t.Errorf("three attempts had the keys %v and bodies %v", keys, bodies)
	}
}

// TestTokenStaysWithItsServer: a redirect must not carry the token away.
func TestTokenStaysWithItsServer(t *testing.T) {
	t.Parallel()
	var stolen atomic.Value
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen.Store(r.Header.Get("Authorization")) }))
	t.Cleanup(thief.Close)
	server := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	_, err := connect(t, server.URL).Me(t.Context())
	if got := fault(t, err); stolen.Load() != nil {
		t.Errorf("another server was asked with %q (%v)", stolen.Load(), got)
	}
}

func TestAnotherServersPageIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"<html>please log in</html>", ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, body)
		}))
		t.Cleanup(server.Close)
		_, err := connect(t, server.URL).Incidents(t.Context(), client.IncidentQuery{})
		if got := fault(t, err); !strings.Contains(got.Message, "not one of a Tocsin server") {
			t.Errorf("got %v", got)
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	_, err := connect(t, "http://127.0.0.1:1").Me(t.Context())
	if got := fault(t, err); got.Code != soar.CodeUnavailable || !strings.HasPrefix(got.Message, "cannot reach 127.0.0.1:1: ") || strings.Contains(got.Message, "/api/v1") {
		t.Errorf("got %+v", got)
	}
}

func TestServerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stuck) })
	c, err := client.New(client.Config{URL: server.URL, Timeout: 50 * time.Millisecond, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Me(t.Context())
	if got := fault(t, err); !strings.Contains(got.Message, "no answer from") {
		t.Errorf("got %v", got)
	}
}

func TestReadyWhenAPartIsAway(t *testing.T) {
	t.Parallel()
	check := health.Check{Name: "temporal", Vital: true, Run: func(context.Context) error { return soar.Errorf(soar.CodeUnavailable, "x", "no answer") }}
	c := connect(t, apitest.Serve(t, apitest.NewFake(), api.Options{Health: health.New(time.Now, check)}).URL)
	health, clock, err := c.Ready(t.Context())
	if err != nil || health.Status != gen.HealthStatusUnavailable || clock.IsZero() {
		t.Errorf("got %+v at %s, %v", health, clock, err)
	}
}

func TestWatchGoesOnAfterABreak(t *testing.T) {
	t.Parallel()
	fake := apitest.NewFake()
	server := apitest.Serve(t, fake, api.Options{RecheckEvery: 20 * time.Millisecond})
	c := connect(t, server.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var seen []int64
	breaks := 0
	fake.Fail("Timeline", nil)
	for entry, err := range c.Watch(ctx, apitest.IncidentID, 0, func(error) {
		breaks++
		fake.Fail("Timeline", nil)
		fake.Append(protocol.EventNote, "after the break")
	}) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, entry.Seq)
		if entry.Seq == 3 && breaks == 0 {
			fake.Fail("Timeline", soar.Errorf(soar.CodeUnavailable, "x", "the database does not answer"))
		}
		if entry.Seq == 4 {
			break
		}
	}
	if len(seen) != 4 || breaks == 0 {
		t.Errorf("saw %v with %d breaks", seen, breaks)
	}
}

func TestWatchEndsWhenItIsOver(t *testing.T) {
	t.Parallel()
	fake := apitest.NewFake()
	c := connect(t, apitest.Serve(t, fake, api.Options{RecheckEvery: 5 * time.Millisecond}).URL)
	var last error
	for _, err := range c.Watch(t.Context(), apitest.IncidentID, 0, nil) {
		fake.Revoke(apitest.Token(soar.RoleSOCLead))
		last = err
	}
	if got := fault(t, last); got.Code != soar.CodeUnauthenticated {
		t.Errorf("got %+v", got)
	}
}
