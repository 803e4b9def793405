package app

import (
	"fmt"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
	"github.com/tocsin-soar/tocsin/internal/secret"
)

func slackSettings() []Setting {
	return []Setting{
		choice("slack_mode", []string{slackroom.Off, slackroom.HTTP, slackroom.Socket}, func(c *Config) *string { return &c.Slack.Mode }),
		hidden("slack_bot_token", "bot token of the Slack app (xoxb-)", func(c *Config) *secret.String { return &c.Slack.BotToken }),
		hidden("slack_app_token", "app token with connections:write (xapp-), for `slack_mode: socket`", func(c *Config) *secret.String { return &c.Slack.AppToken }),
		hidden("slack_signing_secret", "signing secret of the Slack app, for `slack_mode: http`", func(c *Config) *secret.String { return &c.Slack.Signing }),
		text("slack_team", "", "id of the one workspace (T...); events of others are refused", func(c *Config) *string { return &c.Slack.Team }),
		text("slack_app", "", "id of the Slack app (A...); events of others are refused", func(c *Config) *string { return &c.Slack.App }),
		text("slack_channel", "", "id of the channel (C...) of who is on duty", func(c *Config) *string { return &c.Slack.Channel }),
		choice("slack_incident_channels", []string{"none", "critical", "high", "medium", "low"}, func(c *Config) *string { return &c.Slack.Channels }),
		{
			Key: "slack_archive_after", Default: "24h", Help: "how long after an incident's end its channel is archived, such as `24h`; `0`: never",
			set: setArchiveAfter, show: func(c *Config) string { return c.Slack.ArchiveAfter.String() },
		},
		text("slack_api_url", "", "base of Slack's Web API, for tests; empty: Slack's", func(c *Config) *string { return &c.Slack.URL }),
	}
}

// archiveMost is longer than any review of an incident lasts.
const archiveMost = 366 * 24 * time.Hour

func setArchiveAfter(c *Config, value string) error {
	after, err := time.ParseDuration(value)
	if err != nil || after < 0 || after > archiveMost {
		return fmt.Errorf("want a time from 0 (never) to %s, such as 24h, not %q", archiveMost, value)
	}
	c.Slack.ArchiveAfter = after
	return nil
}

func (l *loader) checkSlack() {
	for _, fault := range l.config.Slack.Check() {
		l.contradict(fault.Key, fault.Message, fault.Hint)
	}
}
