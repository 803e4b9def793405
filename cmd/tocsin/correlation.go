package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

const maxRulesBytes = 256 << 10

func newCorrelationCommand(c *cli) *cobra.Command {
	return family("correlation", "Rules that say which alerts belong together", "  tocsin correlation try --rules correlation.yaml --since 7d",
		newCorrelationTryCommand(c))
}

func newCorrelationTryCommand(c *cli) *cobra.Command {
	var rules, since, until string
	var limit int
	command := &cobra.Command{
		Use:   "try",
		Short: "Try rules on past alerts, beside what happened",
		Long: `Say which past alerts would have come together by the rules of a file, or by the
active ones, beside which did. Nothing is changed. That an incident was closed in
between is not repeated.

Exit codes: 0 done; 1 the rules have errors, which are told with their places.`,
		Example: "  tocsin correlation try\n  tocsin correlation try --rules correlation.yaml --since 30d\n  tocsin correlation try --rules correlation.yaml -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked := gen.CorrelationTry{Limit: given(limit)}
			var err error
			if asked.Since, err = pastMoment("since", since, time.Now()); err != nil {
				return err
			}
			if asked.Until, err = pastMoment("until", until, time.Now()); err != nil {
				return err
			}
			files := map[string][]byte{}
			if rules != "" {
				if files[rules], err = readInput(cmd, rules, maxRulesBytes); err != nil {
					return err
				}
				text := string(files[rules])
				asked.Rules = &text
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			result, err := server.CorrelationTry(cmd.Context(), asked)
			if found := diagnosticsOf(err); len(found) > 0 {
				return tellFaults(cmd, "the file of rules", renamed(found, rules), files)
			}
			if err != nil {
				return err
			}
			return c.show(cmd, result, func(p *printer) { printTrial(p, result) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&rules, "rules", "", "file with the rules, - for standard input; by default the active ones")
	flags.StringVar(&since, "since", "", "alerts received from then on: a time, or how long ago, as 12h or 7d (default 7d)")
	flags.StringVar(&until, "until", "", "alerts received before then, in the same forms")
	flags.IntVar(&limit, "limit", 0, "the newest so many alerts (default 1000)")
	return command
}

// pastMoment reads a time (RFC 3339), or how long ago it was.
func pastMoment(flag, text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if ago, ok := strictyaml.ParseDuration(text); ok {
		at := now.Add(-ago).UTC()
		return &at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, usage("--%s is %q, expected how long ago, as 12h or 7d, or a time, as 2026-01-02T15:04:05Z", flag, text)
	}
	return &at, nil
}

func printTrial(p *printer, r *gen.CorrelationResult) {
	rows := make([][]any, len(r.Groups))
	for i, group := range r.Groups {
		first := group.Alerts[0]
		rows[i] = []any{when(first.ReceivedAt), orDash(group.Rule), len(group.Alerts), group.Change, orDash(join(",", group.Incidents...)), cut(first.Title, 50)}
	}
	p.list([]string{"FIRST ALERT", "RULE", "ALERTS", "CHANGE", "INCIDENTS IN FACT", "TITLE"}, rows, nil)
	p.line("%s, %s, %d of them not as it happened; %s would have stayed an event", count(r.Alerts, "alert"), count(len(r.Groups), "incident"), r.Changed, count(r.Events, "alert"))
	if r.More {
		p.line("there were more alerts than the limit; the oldest were left out")
	}
}
