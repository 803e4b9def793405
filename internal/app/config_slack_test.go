package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
	"github.com/tocsin-soar/tocsin/internal/app/slackroom"
)

func TestHowLongAChannelStays(t *testing.T) {
	t.Parallel()
	for value, row := range map[string]struct {
		want  time.Duration
		fault bool
	}{
		"":       {24 * time.Hour, false},
		"0":      {0, false},
		"0s":     {0, false},
		"72h":    {72 * time.Hour, false},
		"-1h":    {0, true},
		"9000h":  {0, true},
		"a week": {0, true},
		"24":     {0, true}, // of what
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			config, faults := app.LoadConfig("", func(name string) (string, bool) {
				if name == "TOCSIN_DATABASE_URL" {
					return "postgres://x@127.0.0.1/x", true
				}
				if name != "TOCSIN_SLACK_ARCHIVE_AFTER" || value == "" {
					return "", false
				}
				return value, true
			})
			if row.fault {
				if !faults.HasErrors() || !strings.Contains(faults[0].Message, "want a time from 0 (never)") {
					t.Errorf("got %v", faults)
				}
				return
			}
			if faults.HasErrors() || config.Slack.ArchiveAfter != row.want {
				t.Errorf("got %v, %v", config, faults)
			}
		})
	}
}

// The check of a configuration knows the ways that Slack will be, and refuses them
// where Slack is off.
func TestWaysOfSlackInTheCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	policy := "version: \"1\"\nways: {slack: {}, slack_channel: {}}\norder:\n  - {ways: [slack_channel, slack]}\n"
	if err := os.WriteFile(filepath.Join(dir, "notifications.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	on := slackroom.Config{Mode: slackroom.HTTP, Team: "T0123", Channel: "C0123"}
	if err := app.CheckConfig(&app.Config{PolicyDir: dir, Slack: on}); err != nil {
		t.Errorf("with Slack: %v", err)
	}
	err := app.CheckConfig(&app.Config{PolicyDir: dir})
	if err == nil || !strings.Contains(err.Error(), `the way "slack" names no connector`) {
		t.Errorf("without Slack: %v", err)
	}
}
