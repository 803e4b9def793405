package api_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/apitest"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

const eventsPath = incidentPath + "/events"

// follow opens a stream. Lines come until the stream or the test ends.
func (w *world) follow(path, token string, header map[string]string) (*http.Response, *bufio.Scanner) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	w.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { response.Body.Close() })
	return response, bufio.NewScanner(response.Body)
}

// until reads lines up to the first that has text in it.
func until(t *testing.T, lines *bufio.Scanner, text string) []string {
	t.Helper()
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if strings.Contains(lines.Text(), text) {
			return seen
		}
	}
	t.Fatalf("the stream ended before %q: %q", text, seen)
	return nil
}

func ids(lines []string) []string {
	var all []string
	for _, line := range lines {
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			all = append(all, id)
		}
	}
	return all
}

func TestStreamGivesWhatIsThereAndWhatComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	response, lines := w.follow(eventsPath, analyst(), nil)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("got %d %v", response.StatusCode, response.Header)
	}
	seen := until(t, lines, "3. Approval")
	w.fake.Append(protocol.EventNote, "a line\n\nevent: forged\ndata: {}")
	seen = append(seen, until(t, lines, "forged")...)
	if diff := cmp.Diff([]string{"1", "2", "3", "4"}, ids(seen)); diff != "" {
		t.Errorf("ids (-want +got): %s", diff)
	}
	for _, line := range seen {
		if strings.HasPrefix(line, "event: ") && line != "event: timeline" {
			t.Errorf("text of an entry forged %q", line)
		}
	}
}

func TestStreamResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	for name, open := range map[string]func() *bufio.Scanner{
		"after": func() *bufio.Scanner { _, s := w.follow(eventsPath+"?after=2", analyst(), nil); return s },
		"Last-Event-ID": func() *bufio.Scanner {
			_, s := w.follow(eventsPath+"?after=1", analyst(), map[string]string{"Last-Event-ID": "2"})
			return s
		},
	} {
		if got := ids(until(t, open(), "3. Approval")); len(got) != 1 || got[0] != "3" {
			t.Errorf("%s: got ids %q, want 3", name, got)
		}
	}
}

func TestStreamEnds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		end  func(w *world, closing chan struct{})
		want string
	}{
		{"when the token is revoked", func(w *world, _ chan struct{}) { w.fake.Revoke(analyst()) }, `data: {"code":"unauthenticated","message":"a valid token is needed"}`},
		{"when the server shuts down", func(_ *world, closing chan struct{}) { close(closing) }, `data: {"code":"unavailable","message":"the server is shutting down; connect again"}`},
		{"when reading fails", func(w *world, _ chan struct{}) {
			w.fake.Fail("Timeline", soar.Errorf(soar.CodeUnavailable, "store.go:7", "the database does not answer"))
		}, `data: {"code":"unavailable","message":"the database does not answer"}`},
		{"when the incident is hidden", func(w *world, _ chan struct{}) {
			w.fake.Fail("Timeline", soar.Errorf(soar.CodeNotFound, "x", "there is no such incident"))
		}, `data: {"code":"not_found","message":"there is no such incident"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			closing := make(chan struct{})
			w := newWorld(t, api.Options{Closing: closing, RecheckEvery: 10 * time.Millisecond, HeartbeatEvery: time.Millisecond})
			_, lines := w.follow(eventsPath+"?after=3", analyst(), nil)
			until(t, lines, ": still here")
			row.end(w, closing)
			until(t, lines, "event: end")
			lines.Scan()
			if lines.Text() != row.want {
				t.Errorf("got %q, want %q", lines.Text(), row.want)
			}
			for lines.Scan() {
				if lines.Text() != "" {
					t.Errorf("after the end came %q", lines.Text())
				}
			}
		})
	}
}

func TestStreamIsRefusedBeforeItBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	for _, row := range []struct {
		path, token string
		header      map[string]string
		status      int
	}{
		{"/api/v1/incidents/INC-other/events", analyst(), nil, 404},
		{eventsPath, "", nil, 401},
		{eventsPath, tool(), nil, 403},
		{eventsPath + "?after=-1", analyst(), nil, 400},
		{eventsPath, analyst(), map[string]string{"Last-Event-ID": "x"}, 400},
	} {
		got := w.send(ask{Path: row.path, Token: row.token, Header: row.header})
		if got.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", row.path, got.StatusCode, row.status)
		}
		got.problem(t)
	}
}

func TestStreamOutlivesTheServersDeadlines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{HeartbeatEvery: 20 * time.Millisecond})
	server := api.NewServer("", w.server.Router, nil2log())
	server.ReadTimeout, server.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	w.server.URL = listen(t, server)
	_, lines := w.follow(eventsPath+"?after=3", analyst(), nil)
	began := time.Now()
	for time.Since(began) < 400*time.Millisecond {
		until(t, lines, ": still here")
	}
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	for path, want := range map[string]struct{ text, name string }{
		"/api/v1/alerts/" + apitest.AlertID + "/raw":          {"{\"rule\":\"<b>&\x1b[31m\"}", "attachment; filename=" + apitest.AlertID + ".raw"},
		"/api/v1/evidence/" + apitest.EvidenceID + "/content": {"tcp ESTAB 10.0.0.5:22 203.0.113.7:4711\n", "attachment; filename=EVD-0123456789-.._connections.txt"},
	} {
		got := w.send(ask{Path: path, Token: analyst()})
		header := map[string]string{
			"Content-Type": "application/octet-stream", "Content-Disposition": want.name, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
		}
		for name, value := range header {
			if got.Header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Header.Get(name), value)
			}
		}
		if got.Text != want.text {
			t.Errorf("%s: got %q", path, got.Text)
		}
	}
}

// TestDownloadWithAWrongDigest: the reader must not take a part for the whole.
func TestDownloadWithAWrongDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	w.fake.Fail("EvidenceRead", soar.Errorf(soar.CodeConflict, "blob", "the bytes are not those that were collected"))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/api/v1/evidence/"+apitest.EvidenceID+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+analyst())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return // cut before the first byte: as good
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("a download whose digest is wrong ended as if all were well")
	}
}
