package manifest_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"
	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
)

func TestTheShippedManifestIsTheCommands(t *testing.T) {
	t.Parallel()
	got, err := manifest.Make("")
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile("../../../deploy/slack/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(shipped), string(got)); diff != "" {
		t.Errorf("write it anew: tocsin slack manifest > deploy/slack/manifest.yaml\n-shipped +made:\n%s", diff)
	}
}

// What we write is what the library reads as a manifest.
func TestTheManifestSaysWhereEventsGo(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		base, command, events string
		socket                bool
	}{
		"socket": {"", "", "", true},
		"http":   {"https://tocsin.example.org/", "https://tocsin.example.org/slack/commands", "https://tocsin.example.org/slack/events", false},
		"below":  {"https://example.org/tocsin", "https://example.org/tocsin/slack/commands", "https://example.org/tocsin/slack/events", false},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := manifest.Make(row.base)
			if err != nil {
				t.Fatal(err)
			}
			var m slackgo.Manifest
			if err := yaml.Unmarshal(raw, &m); err != nil {
				t.Fatal(err)
			}
			if m.Settings.SocketModeEnabled != row.socket || m.Settings.EventSubscriptions.RequestUrl != row.events || m.Features.SlashCommands[0].Url != row.command || !m.Settings.Interactivity.IsEnabled {
				t.Errorf("got %+v", m.Settings)
			}
			if !slices.Contains(manifest.Scopes(), "chat:write") || len(m.OAuthConfig.Scopes.Bot) != len(manifest.Scopes()) || strings.Contains(string(raw), "xox") {
				t.Errorf("got %s", raw)
			}
		})
	}
	for _, bad := range []string{"http://tocsin.example.org", "tocsin.example.org", "https://", "https://a?b=c", "https://a:b@c"} {
		if _, err := manifest.Make(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
