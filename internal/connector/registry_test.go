package connector_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/connector"
	"github.com/tocsin-soar/tocsin/internal/manifest"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

// kind is a connector that opens with whatever it is given.
type kind struct {
	described *manifest.Manifest
	got       *connector.Config
	fault     error
}

func (k kind) Manifest() *manifest.Manifest { return k.described }

func (k kind) Open(config connector.Config) (connector.Instance, error) {
	if k.got != nil {
		*k.got = config
	}
	return k, k.fault
}

func (k kind) Do(context.Context, connector.Call) (connector.Result, error) {
	return connector.Result{}, nil
}

func probe() *manifest.Manifest {
	return &manifest.Manifest{Connector: "probe", Settings: []manifest.Setting{
		{Name: "url", Required: true}, {Name: "mode", Default: "slow"}, {Name: "token", Secret: true},
	}, Actions: []manifest.Action{{Name: "act"}}}
}

func TestRegistryOpens(t *testing.T) {
	t.Parallel()
	var got connector.Config
	registry := connector.NewRegistry()
	given := connector.Config{Instance: "b", Settings: map[string]string{"url": "u"}, Secrets: map[string]secret.String{"token": secret.New("t")}}
	if err := registry.Open(kind{described: probe(), got: &got}, given); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"url": "u", "mode": "slow"}, got.Settings); diff != "" {
		t.Errorf("settings: %s", diff)
	}
	if len(given.Settings) != 1 {
		t.Error("the caller's settings were changed")
	}
	given.Instance, given.Settings = "a", map[string]string{"url": "u", "mode": "fast"}
	if err := registry.Open(kind{described: probe(), got: &got}, given); err != nil || got.Settings["mode"] != "fast" {
		t.Errorf("%v, %v", got.Settings, err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, registry.Names()); diff != "" {
		t.Error(diff)
	}
	if registry.Catalog()["a"].Connector != "probe" {
		t.Error("the catalog lacks an instance")
	}
	if _, ok := registry.Schemas("a"); !ok {
		t.Error("no schemas")
	}
	if _, _, ok := registry.Find("c"); ok {
		t.Error("found what was never opened")
	}
}

func TestRegistryRefuses(t *testing.T) {
	t.Parallel()
	broken := probe()
	broken.Actions[0].Input = map[string]any{"type": "nonsense"}
	settings := map[string]string{"url": "u"}
	rows := []struct {
		name   string
		kind   kind
		config connector.Config
		fault  string
	}{
		{"twice", kind{described: probe()}, connector.Config{Instance: "taken", Settings: settings}, "configured twice"},
		{"bad schema", kind{described: broken}, connector.Config{Instance: "a", Settings: settings}, "input schema"},
		{"does not open", kind{described: probe(), fault: errors.New("no")}, connector.Config{Instance: "a", Settings: settings}, "open connector"},
		{"missing setting", kind{described: probe()}, connector.Config{Instance: "a"}, `"url" is required`},
		{"secret in plain", kind{described: probe()}, connector.Config{Instance: "a", Settings: map[string]string{"url": "u", "token": "t"}}, "not a plain setting"},
		{"plain as secret", kind{described: probe()}, connector.Config{Instance: "a", Settings: settings, Secrets: map[string]secret.String{"mode": secret.New("x")}}, "not a secret"},
		{"unknown setting", kind{described: probe()}, connector.Config{Instance: "a", Settings: map[string]string{"url": "u", "verify": "off"}}, `"verify"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			registry := connector.NewRegistry()
			if err := registry.Open(kind{described: probe()}, connector.Config{Instance: "taken", Settings: settings}); err != nil {
				t.Fatal(err)
			}
			err := registry.Open(row.kind, row.config)
			if err == nil || !strings.Contains(err.Error(), row.fault) {
				t.Errorf("got %v, want %q", err, row.fault)
			}
		})
	}
}
