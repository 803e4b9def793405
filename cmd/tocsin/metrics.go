package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
)

const programmeLong = `Measure how incidents were responded to that were opened in a span of time and that you
may see. Drills, and what turned out to be no incident, are left out and counted apart.

acknowledge  acknowledged_at - opened_at    contain  contained_at - opened_at
recover      recovered_at - opened_at       close    closed_at - opened_at

MEDIAN and P90 are interpolated over the incidents that got there (COUNT). Those that have
not got there are OPEN, or SKIPPED when they ended without; they are never counted as zero.
MET is in time; MISSED is late, breached, or not met when the incident was closed; what was
dropped then counts for nothing, as nobody needed it; SHARE is met / (met + missed).
Severity and category are those of now; months are those of opened_at in UTC.`

func newMetricsCommand(c *cli) *cobra.Command {
	return family("metrics", "Measure how you respond", "  tocsin metrics programme --by severity", newProgrammeCommand(c))
}

func newProgrammeCommand(c *cli) *cobra.Command {
	var from, until, by string
	command := &cobra.Command{
		Use:     "programme",
		Short:   "Time to acknowledge, contain, recover and close, and objectives met",
		Long:    programmeLong,
		Example: "  tocsin metrics programme\n  tocsin metrics programme --from 2026-01-01T00:00:00Z --until 2026-04-01T00:00:00Z --by month\n  tocsin metrics programme --from 720h --by category -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			now := time.Now()
			begin, err := before("--from", from, now)
			if err != nil {
				return err
			}
			end, err := before("--until", until, now)
			if err != nil {
				return err
			}
			measured, err := server.Programme(cmd.Context(), begin, end, by)
			if err != nil {
				return err
			}
			return c.show(cmd, measured, func(p *printer) { printProgramme(p, measured) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&from, "from", "", "opened in the last while, as 720h, or since a time (RFC 3339); left out: 90 days")
	flags.StringVar(&until, "until", "", "opened before that; left out: now")
	flags.StringVar(&by, "by", "", "also split by severity, category or month")
	return command
}

func printProgramme(p *printer, m *gen.Programme) {
	p.line("incidents opened from %s to %s", when(m.From), when(m.Until))
	for _, group := range append(m.Groups, m.Total) {
		name := group.Key
		if name == "" {
			name = "all"
		}
		p.section(fmt.Sprintf("%s: %d incidents, %d open; left out: %d drills, %d that were none", name, group.Incidents, group.Open, group.Drills, group.NotIncidents))
		rows := [][]any{
			timeRow("acknowledge", group.Acknowledge), timeRow("contain", group.Contain), timeRow("recover", group.Recover), timeRow("close", group.Close),
		}
		p.table([]string{"TIME TO", "MEDIAN", "P90", "COUNT", "OPEN", "SKIPPED"}, rows)
		o := group.Objectives
		p.line("objectives: %d met, %d missed, %d open; share met %s", o.Met, o.Missed, o.Open, share(o.Share))
	}
}

func timeRow(name string, t gen.ProgrammeTime) []any {
	return []any{name, took(t.Median), took(t.P90), t.Count, t.Open, t.Skipped}
}

func took(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return while(int64(*seconds))
}

func share(part *float64) string {
	if part == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100**part)
}
