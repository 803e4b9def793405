package packs_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/connector/connectortest"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared"
	"github.com/tocsin-soar/tocsin/internal/connectors/declared/trial"
	"github.com/tocsin-soar/tocsin/internal/connectors/packs"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// read gives every pack with the tests that lie beside it.
func read(t *testing.T) (declared.Folder, map[string][]*trial.File) {
	t.Helper()
	folder, faults, err := declared.ReadFolder(os.DirFS("."), "")
	if err != nil || len(faults) > 0 {
		t.Fatalf("%v %v", faults, err)
	}
	tests := map[string][]*trial.File{}
	for _, name := range folder.Tests {
		file, faults := trial.Load(name, folder.Sources[name])
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		tests[file.Connector] = append(tests[file.Connector], file)
	}
	return folder, tests
}

// TestPacks plays every test file; each action must succeed in one and fail in
// another.
func TestPacks(t *testing.T) {
	t.Parallel()
	folder, tests := read(t)
	for _, kind := range folder.Kinds {
		name := kind.Manifest().Connector
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, bad := map[string]int{}, map[string]int{}
			for _, file := range tests[name] {
				for _, fault := range file.Run(t.Context(), kind) {
					t.Errorf("%s: %s", fault.Position, fault.Message)
				}
				for _, test := range file.Tests {
					if test.Output != nil {
						good[test.Action]++
					} else {
						bad[test.Action]++
					}
				}
			}
			for _, action := range kind.Manifest().Names() {
				if good[action] == 0 || bad[action] == 0 {
					t.Errorf("%s has %d tests that succeed and %d that fail; it needs one of each", action, good[action], bad[action])
				}
			}
			if !strings.Contains(kind.Manifest().Tested, "never against a live") {
				t.Errorf("tested: %q does not say that it was never run against a live system", kind.Manifest().Tested)
			}
		})
	}
}

// TestConformance runs the suite of all connectors on every pack. Good answers are
// those of the pack's own tests.
func TestConformance(t *testing.T) {
	t.Parallel()
	folder, tests := read(t)
	for _, kind := range folder.Kinds {
		name := kind.Manifest().Connector
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, suite(kind, tests[name]))
		})
	}
}

func suite(kind *declared.Kind, files []*trial.File) connectortest.Suite {
	hasty := declared.System{Now: time.Now, Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	s := connectortest.Suite{Kind: kind.WithSystem(hasty), Unset: []string{"client_key"}, Cases: map[string]connectortest.Case{}}
	settings := map[string]string{}
	for _, file := range files {
		for name, value := range file.Settings {
			settings[name] = value
		}
		for i := range file.Tests {
			test := &file.Tests[i]
			action := kind.Manifest().Find(test.Action)
			if _, done := s.Cases[test.Action]; !done && test.Output != nil && len(test.Settings) == 0 {
				s.Cases[test.Action] = caseOf(kind, file, test, action.Risk)
			}
		}
	}
	s.Settings = func(url string) map[string]string {
		all := map[string]string{"base_url": url}
		for name, value := range settings {
			if name != "base_url" {
				all[name] = value
			}
		}
		for _, setting := range kind.Manifest().Settings {
			if setting.Name == "token_base_url" {
				all[setting.Name] = url
			}
		}
		return all
	}
	return s
}

// caseOf makes a good call of a test: its effect, or its last request, is what is
// tried; the others are answered as the test says.
func caseOf(kind *declared.Kind, file *trial.File, test *trial.Test, risk soar.Risk) connectortest.Case {
	main := slices.IndexFunc(test.Exchanges, func(e trial.Exchange) bool { return e.Effect })
	if main < 0 {
		main = len(test.Exchanges) - 1
	}
	tried := test.Exchanges[main]
	means := map[int]connector.Class{}
	for status, class := range kind.StatusMeanings(test.Action) {
		means[status] = connector.Class(class)
	}
	return connectortest.Case{
		Args:    func(string) map[string]any { return test.Args },
		Answer:  tried.Body,
		AnyBody: kind.IgnoresBody(test.Action),
		Means:   means,
		Effect:  risk == soar.RiskCollect && tried.Method != http.MethodGet,
		Aside: func(w http.ResponseWriter, r *http.Request) bool {
			if file.Token != nil && r.URL.EscapedPath() == file.Token.Path {
				w.WriteHeader(file.Token.Status)
				// A token is as secret as what it was given for.
				_, _ = io.WriteString(w, `{"access_token": "`+connectortest.Canary+`", "expires_in": 1800}`)
				return true
			}
			for i, e := range test.Exchanges {
				if i == main || e.Method != r.Method || !strings.HasSuffix(e.Path, r.URL.EscapedPath()) || samePlace(e, tried) {
					continue
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(e.Status)
				_, _ = io.WriteString(w, e.Body)
				return true
			}
			return false
		},
	}
}

func samePlace(a, b trial.Exchange) bool { return a.Method == b.Method && a.Path == b.Path }

func TestKinds(t *testing.T) {
	t.Parallel()
	kinds, err := packs.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	folder, _ := read(t)
	if len(kinds) != len(folder.Kinds) || len(kinds) == 0 {
		t.Errorf("%d connectors are built in, %d lie here", len(kinds), len(folder.Kinds))
	}
}
