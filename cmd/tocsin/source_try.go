package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/intake/mapping"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newSourceTryCommand(c *cli, dir *string) *cobra.Command {
	var expect string
	command := &cobra.Command{
		Use:   "try NAME|MAPPING FILE...",
		Short: "Show the alerts that samples become",
		Long: `Show the alerts that samples become, field by field, and which were guessed. NAME is
a source, MAPPING the file of one, such as ./mine.yaml. A FILE is what the tool sends:
.json, or .ndjson for lines. As JSON it is the list of alerts, which is also the form
of a file of expected alerts.

Exit codes: 0 done; 1 a sample could not be read, or differs from what was expected;
2 a file cannot be read; 7 there is no such source.`,
		Example: "  tocsin source try wazuh sample.json\n  tocsin source try ./mine.yaml sample.json -o json > sample.alert.json\n  tocsin source try ./mine.yaml sample.json --expect sample.alert.json",
		Args:    words(2, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			if expect != "" && len(args) != 2 {
				return usage("--expect is for one sample")
			}
			source, err := findSource(cmd, *dir, args[0])
			if err != nil {
				return err
			}
			return c.trySource(cmd, source, args[1:], expect)
		},
	}
	command.Flags().StringVar(&expect, "expect", "", "file with the alerts that the sample must give")
	return command
}

func (c *cli) trySource(cmd *cobra.Command, source *mapping.Source, files []string, expect string) error {
	var all []soar.Alert
	var origins []string
	unread := 0
	for _, file := range files {
		body, err := readInput(cmd, file, mapping.BodyMost)
		if err != nil {
			return err
		}
		alerts, err := source.Try(file, body)
		if err != nil {
			return &exit{code: exitFailed, message: fmt.Sprintf("%s holds no alert: %v", file, err)}
		}
		for i, alert := range alerts {
			all, origins = append(all, alert), append(origins, fmt.Sprintf("%s, alert %d of %d", file, i+1, len(alerts)))
			if !alert.Parsed {
				unread++
			}
		}
	}
	if expect != "" {
		return compareAlerts(cmd, expect, all)
	}
	err := c.show(cmd, all, func(p *printer) {
		for i, alert := range all {
			if i > 0 {
				p.line("")
			}
			p.line("%s", p.bold(origins[i]))
			printTried(p, alert)
		}
	})
	if err == nil && unread > 0 {
		return &exit{code: exitFailed, message: count(unread, "alert") + " could not be read"}
	}
	return err
}

func compareAlerts(cmd *cobra.Command, expect string, got []soar.Alert) error {
	body, err := readInput(cmd, expect, mapping.BodyMost*4)
	if err != nil {
		return err
	}
	want, err := mapping.ParseExpected(expect, body)
	if err != nil {
		return usage("%v", err)
	}
	p := newPrinter(cmd.OutOrStdout())
	differences := mapping.Differences(want, got)
	for _, difference := range differences {
		p.line("%s", difference)
	}
	if len(differences) > 0 {
		return &exit{code: exitFailed, message: count(len(differences), "field") + " not as expected"}
	}
	p.line("%s as expected", count(len(got), "alert"))
	return p.flush()
}

// printTried writes an alert field by field, and marks what was guessed.
func printTried(p *printer, a soar.Alert) {
	if !a.Parsed {
		p.fields("not read", a.ParseError, "fingerprint", a.Fingerprint)
		return
	}
	severity := orDash(string(a.Severity))
	if a.Reported != "" && !strings.EqualFold(a.Reported, string(a.Severity)) {
		severity += ", the tool said " + a.Reported
	}
	at := ""
	if !a.OccurredAt.IsZero() {
		at = a.OccurredAt.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	pairs := []string{
		"title", a.Title, "severity", severity, "state", string(a.State), "category", string(a.Category), "occurred_at", at, "external_id", a.ExternalID,
		"rule.id", a.Rule.ID, "rule.name", a.Rule.Name, "host.name", a.Host.Name, "host.id", a.Host.ID, "host.ip", a.Host.IP, "host.os", a.Host.OS,
		"user.name", a.User.Name, "user.email", a.User.Email, "user.id", a.User.ID, "source_ip", a.SourceIP, "destination_ip", a.DestIP,
		"urls", strings.Join(a.URLs, " "), "hashes", strings.Join(a.Hashes, " "), "domains", strings.Join(a.Domains, " "), "indicators", strings.Join(a.Indicators, " "),
		"techniques", strings.Join(a.Techniques, " "), "tags", strings.Join(a.Tags, " "), "description", cut(strings.ReplaceAll(a.Description, "\n", " "), 100),
	}
	var shown []any
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		if value != "" && slices.Contains(a.Guessed, pairs[i]) {
			value += "  (guessed)"
		}
		shown = append(shown, pairs[i], value)
	}
	p.fields(shown...)
	var names []string
	for name := range a.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	p.fields("fields", strings.Join(names, " "), "cut", strings.Join(a.Truncated, " "), "fingerprint", a.Fingerprint)
}
