package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"github.com/tocsin-soar/tocsin/api"
	"github.com/tocsin-soar/tocsin/api/spec"
)

// anyJSON draws values with the names that bodies use and hostile text.
func anyJSON(depth int) *rapid.Generator[any] {
	words := []string{"", "low", "approve", "deny", "resolved", "clear", "analyst", "\u0000", "\u202e", "<script>", "' OR 1=1 --", "../..", "%s%n", "r1/isolate", "💥", "\x1b[2J"}
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Float64(), func(n float64) any { return fmt.Sprint(n) }), rapid.Map(rapid.SampledFrom(words), func(s string) any { return s }), rapid.Map(rapid.String(), func(s string) any { return s }),
	)
	if depth == 0 {
		return leaf
	}
	names := rapid.SampledFrom([]string{"title", "reason", "severity", "facts", "text", "key", "decision", "digest", "answer", "name", "roles", "person", "on", "scope", "data", "playbook", "input", "resolution", "Title", "extra", ""})
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(anyJSON(depth-1), 0, 4), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(names, anyJSON(depth-1), 0, 6), func(m map[string]any) any { return m }))
}

// TestRandomInput sends whatever comes to every operation. Nothing may be our
// fault, and every answer is as described; the harness compares.
func TestRandomInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, api.Options{})
	token := "tocsin_role.admin.soc_lead.playbook_engineer.analyst.tool"
	for _, route := range w.server.Router.Routes() {
		pattern, path := real(route)
		operation, ok := described(t).Find(route.Method, pattern)
		if !ok || operation.ID == "watchIncident" {
			continue
		}
		t.Run(operation.ID, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, fake: w.fake, server: w.server, router: w.router}
			const tries = 25
			for seed := range tries {
				a := randomAsk(t, operation, seed)
				a.Method, a.Path, a.Token = route.Method, path+a.Path, token
				if got := w.send(a); got.StatusCode >= http.StatusInternalServerError {
					t.Errorf("seed %d: %s %s %s gives %d: %s", seed, a.Method, a.Path, a.Body, got.StatusCode, got.Text)
				}
			}
		})
	}
}

func randomAsk(t *testing.T, operation *spec.Operation, seed int) ask {
	t.Helper()
	var a ask
	if operation.TakesBody() {
		body, err := json.Marshal(anyJSON(3).Example(seed))
		if err != nil {
			t.Fatal(err)
		}
		a.Body, a.Type = string(body), operation.MediaTypes()[0]
	}
	if seed%2 == 1 {
		name := rapid.SampledFrom([]string{"limit", "after", "q", "status", "open", "reason", "x"}).Example(seed)
		a.Path = "?" + url.Values{name: {rapid.String().Example(seed)}}.Encode()
	}
	return a
}
