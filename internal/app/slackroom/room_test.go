package slackroom_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

func TestCheckNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	good := slackroom.Config{Mode: slackroom.HTTP, BotToken: secret.New("xoxb-1"), AppToken: secret.New("xapp-1"), Signing: secret.New(strings.Repeat("a1", 16)), Team: "T1", App: "A1"}
	with := func(change func(*slackroom.Config)) slackroom.Config {
		c := good
		change(&c)
		return c
	}
	for name, row := range map[string]struct {
		config slackroom.Config
		want   []string
	}{
		"off needs nothing":              {slackroom.Config{Mode: slackroom.Off}, nil},
		"all there":                      {good, nil},
		"nothing there":                  {slackroom.Config{Mode: slackroom.HTTP}, []string{"slack_bot_token", "slack_team", "slack_app", "slack_signing_secret"}},
		"empty secret":                   {with(func(c *slackroom.Config) { c.Signing = secret.String{} }), []string{"slack_signing_secret"}},
		"short secret":                   {with(func(c *slackroom.Config) { c.Signing = secret.New(strings.Repeat("a", 31)) }), []string{"slack_signing_secret"}},
		"a secret that is no hex":        {with(func(c *slackroom.Config) { c.Signing = secret.New(strings.Repeat("x", 32)) }), []string{"slack_signing_secret"}},
		"sockets need no secret":         {with(func(c *slackroom.Config) { c.Mode, c.Signing = slackroom.Socket, secret.String{} }), nil},
		"sockets need an app token":      {with(func(c *slackroom.Config) { c.Mode, c.AppToken = slackroom.Socket, secret.String{} }), []string{"slack_app_token"}},
		"a token in the clear":           {with(func(c *slackroom.Config) { c.URL = "http://slack.example/api/" }), []string{"slack_api_url"}},
		"an address without a last path": {with(func(c *slackroom.Config) { c.URL = "https://slack.example/api" }), []string{"slack_api_url"}},
		"loopback is for tests":          {with(func(c *slackroom.Config) { c.URL = "http://127.0.0.1:1/api/" }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, fault := range row.config.Check() {
				got = append(got, fault.Key)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
