package manifest

import (
	"bytes"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Paths of the HTTP door below the public URL.
const (
	PathInteractions = "/slack/interactions"
	PathCommands     = "/slack/commands"
	PathEvents       = "/slack/events"
)

// Scopes of the bot's token, with what each is for in the manifest's comments.
func Scopes() []string {
	var names []string
	for _, scope := range scopes() {
		names = append(names, scope.name)
	}
	return names
}

type scope struct{ name, why string }

func scopes() []scope {
	return []scope{
		{"channels:manage", "make, name and archive the channel of an incident"},
		{"channels:read", "tell whether the duty channel is there (tocsin doctor)"},
		{"chat:write", "post cards and keep them up to date"},
		{"chat:write.public", "post into the duty channel without being invited, when it is public"},
		{"commands", "/tocsin"},
		{"groups:read", "the same for a private duty channel"},
		{"groups:write", "the same for private channels: those of incidents are private"},
		{"im:write", "write to the people who are named"},
		{"pins:write", "keep the head of an incident in view"},
		{"users:read", "tell guests, strangers and accounts that were closed"},
	}
}

type manifest struct {
	Display  display  `yaml:"display_information"`
	Features features `yaml:"features"`
	OAuth    oauth    `yaml:"oauth_config"`
	Settings settings `yaml:"settings"`
}

type display struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Color       string `yaml:"background_color"`
}

type features struct {
	Home     home      `yaml:"app_home"`
	Bot      bot       `yaml:"bot_user"`
	Commands []command `yaml:"slash_commands"`
}

type home struct {
	Home         bool `yaml:"home_tab_enabled"`
	Messages     bool `yaml:"messages_tab_enabled"`
	MessagesOnly bool `yaml:"messages_tab_read_only_enabled"`
}

type bot struct {
	Name   string `yaml:"display_name"`
	Always bool   `yaml:"always_online"`
}

type command struct {
	Name        string `yaml:"command"`
	URL         string `yaml:"url,omitempty"`
	Description string `yaml:"description"`
	Hint        string `yaml:"usage_hint"`
	Escape      bool   `yaml:"should_escape"`
}

type oauth struct {
	Scopes struct {
		Bot []*yaml.Node `yaml:"bot"`
	} `yaml:"scopes"`
}

type settings struct {
	Events      events      `yaml:"event_subscriptions"`
	Interactive interactive `yaml:"interactivity"`
	Org         bool        `yaml:"org_deploy_enabled"`
	Socket      bool        `yaml:"socket_mode_enabled"`
	Rotation    bool        `yaml:"token_rotation_enabled"`
}

type events struct {
	URL string   `yaml:"request_url,omitempty"`
	Bot []string `yaml:"bot_events"`
}

type interactive struct {
	Enabled bool   `yaml:"is_enabled"`
	URL     string `yaml:"request_url,omitempty"`
}

// Make gives the manifest as YAML: for Socket Mode when base is empty, else for HTTP
// below base, the public URL of the product, https://....
func Make(base string) ([]byte, error) {
	m := manifest{
		Display:  display{"Tocsin", "Incident response: approvals, tasks and incidents", "#7a1f1f"},
		Features: features{Home: home{true, true, true}, Bot: bot{"Tocsin", true}},
		Settings: settings{Events: events{Bot: []string{"app_home_opened"}}, Interactive: interactive{Enabled: true}, Socket: base == ""},
	}
	slash := command{Name: "/tocsin", Description: "Report, see and decide", Hint: "help | report | status | approvals | tasks | ack | oncall | link"}
	if base != "" {
		site, err := url.Parse(base)
		if err != nil || site.Scheme != "https" || site.Host == "" || site.RawQuery != "" || site.Fragment != "" || site.User != nil {
			return nil, soar.Errorf(soar.CodeInvalid, "manifest.Make", "Slack calls https only: want the public URL of the product, such as https://tocsin.example.org")
		}
		below := func(path string) string { return strings.TrimSuffix(site.String(), "/") + path }
		slash.URL, m.Settings.Events.URL, m.Settings.Interactive.URL = below(PathCommands), below(PathEvents), below(PathInteractions)
	}
	m.Features.Commands = []command{slash}
	for _, one := range scopes() {
		m.OAuth.Scopes.Bot = append(m.OAuth.Scopes.Bot, &yaml.Node{Kind: yaml.ScalarNode, Value: one.name, LineComment: "# " + one.why})
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(m); err != nil {
		return nil, soar.Wrap(soar.CodeInternal, "manifest.Make", err, "the manifest cannot be written")
	}
	return out.Bytes(), nil
}
