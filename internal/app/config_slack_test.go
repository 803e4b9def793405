package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-soar/tocsin/internal/app"
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
