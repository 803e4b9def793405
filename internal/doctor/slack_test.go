package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-soar/tocsin/internal/doctor"
	"github.com/tocsin-soar/tocsin/internal/slack/manifest"
	"github.com/tocsin-soar/tocsin/internal/slack/slacktest"
)

// slackFindings examines an installation that has nothing but Slack.
func slackFindings(t *testing.T, given map[string]string) []doctor.Finding {
	t.Helper()
	settings := map[string]string{"database_url": "postgres://nobody@127.0.0.1:1/none?sslmode=disable", "temporal_address": "127.0.0.1:1"}
	for key, value := range given {
		settings[key] = value
	}
	var of []doctor.Finding
	for _, one := range doctor.Examine(t.Context(), configure(t, settings)) {
		if strings.HasPrefix(one.Name, "Slack") {
			of = append(of, one)
		}
	}
	return of
}

func TestSlackIsExamined(t *testing.T) {
	t.Parallel()
	fake := slacktest.Start(slacktest.Options{Scopes: manifest.Scopes()})
	t.Cleanup(fake.Close)
	poor := slacktest.Start(slacktest.Options{Scopes: slices.DeleteFunc(manifest.Scopes(), func(s string) bool { return s == "pins:write" || s == "groups:read" || s == "channels:read" })})
	t.Cleanup(poor.Close)
	soc := fake.AddChannel(slacktest.Channel{Name: "soc", Private: true, BotIn: true}).ID
	public := fake.AddChannel(slacktest.Channel{Name: "general"}).ID
	secret := fake.AddChannel(slacktest.Channel{Name: "secret", Private: true}).ID
	old := fake.AddChannel(slacktest.Channel{Name: "old", BotIn: true, Archived: true}).ID
	settings := func(s *slacktest.Slack, change map[string]string) map[string]string {
		all := map[string]string{
			"slack_mode": "socket", "slack_bot_token": s.BotToken(), "slack_app_token": s.AppToken(), "slack_signing_secret": s.SigningSecret(),
			"slack_team": s.TeamID(), "slack_app": s.AppID(), "slack_channel": soc, "slack_api_url": s.APIURL(),
		}
		for key, value := range change {
			all[key] = value
		}
		return all
	}
	for name, row := range map[string]struct {
		given map[string]string
		want  map[string]string
		says  string
	}{
		"off":  {nil, map[string]string{}, ""},
		"well": {settings(fake, nil), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "ok", "Slack channel": "ok"}, "the app is in #soc"},
		"by HTTP": {settings(fake, map[string]string{"slack_mode": "http", "public_url": "https://tocsin.example.org"}),
			map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack signing secret": "ok", "Slack requests": "ok", "Slack channel": "ok"}, "https://tocsin.example.org/slack/"},
		"by HTTP without TLS": {settings(fake, map[string]string{"slack_mode": "http", "public_url": "http://tocsin.example.org"}),
			map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack signing secret": "ok", "Slack requests": "warn", "Slack channel": "ok"}, "Slack calls https only"},
		"another token":         {settings(fake, map[string]string{"slack_bot_token": "xoxb-old"}), map[string]string{"Slack": "fail"}, "invalid_auth"},
		"another workspace":     {settings(fake, map[string]string{"slack_team": "T0ELSE"}), map[string]string{"Slack": "fail"}, "slack_team says T0ELSE"},
		"Slack is away":         {settings(fake, map[string]string{"slack_api_url": "http://127.0.0.1:1/"}), map[string]string{"Slack": "fail"}, "reaches Slack"},
		"another app token":     {settings(fake, map[string]string{"slack_app_token": "xapp-old"}), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "fail", "Slack channel": "ok"}, "slack_app_token"},
		"too few scopes":        {settings(poor, nil), map[string]string{"Slack": "ok", "Slack scopes": "fail", "Slack Socket Mode": "ok", "Slack channel": "warn"}, "missing: channels:read, groups:read, pins:write"},
		"no channel":            {settings(fake, map[string]string{"slack_channel": ""}), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "ok", "Slack channel": "warn"}, "is not set"},
		"a public channel":      {settings(fake, map[string]string{"slack_channel": public}), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "ok", "Slack channel": "ok"}, "is public"},
		"a channel without us":  {settings(fake, map[string]string{"slack_channel": secret}), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "ok", "Slack channel": "fail"}, "/invite the app"},
		"an archived channel":   {settings(fake, map[string]string{"slack_channel": old}), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "ok", "Slack channel": "fail"}, "is archived"},
		"a channel that is not": {settings(fake, map[string]string{"slack_channel": "C0NOWHERE"}), map[string]string{"Slack": "ok", "Slack scopes": "ok", "Slack Socket Mode": "ok", "Slack channel": "fail"}, "channel_not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings := slackFindings(t, row.given)
			if diff := cmp.Diff(row.want, levels(t, findings)); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
			said := ""
			for _, one := range findings {
				said += one.Text + " " + one.Fix + "\n"
			}
			if !strings.Contains(said, row.says) || strings.Contains(said, "xoxb-") && !strings.Contains(said, "(xoxb-)") || strings.Contains(said, fake.AppToken()) {
				t.Errorf("it says %s", said)
			}
		})
	}
}
