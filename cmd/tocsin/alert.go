package main

import (
	"context"
	"fmt"
	"io"
	"mime"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

const maxAlertBytes = 1 << 20

func newAlertCommand(c *cli) *cobra.Command {
	return family("alert", "Send alerts and look at them", "  tocsin alert send alert.json --source wazuh\n  tocsin alert list --unparsed",
		newAlertSendCommand(c), newAlertListCommand(c), newAlertShowCommand(c))
}

func newAlertSendCommand(c *cli) *cobra.Command {
	var source, contentType string
	command := &cobra.Command{
		Use:   "send [FILE|-]",
		Short: "Send alerts from a file or standard input",
		Long: `Send alerts as a detection tool would. Without --source the generic form is
expected: one JSON object with at least a title, or an array of them. With --source
the body is in that tool's own form.`,
		Example: "  tocsin alert send alert.json\n  tocsin alert send --source wazuh < wazuh.json\n  echo '{\"title\":\"odd login\",\"severity\":\"low\"}' | tocsin alert send -",
		Args:    words(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			body, err := readInput(cmd, name, maxAlertBytes)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			receipts, err := server.AlertSend(cmd.Context(), source, first(contentType, typeOf(name)), body)
			if err != nil {
				return err
			}
			return c.show(cmd, receipts, func(p *printer) { printReceipts(p, receipts.Items) })
		},
	}
	command.Flags().StringVarP(&source, "source", "s", "", "name of the tool's mapping, as wazuh")
	command.Flags().StringVar(&contentType, "content-type", "", "of the body; by default from the file's name, else application/json")
	return command
}

func typeOf(name string) string {
	if kind, _, err := mime.ParseMediaType(mime.TypeByExtension(filepath.Ext(name))); err == nil && kind == "text/plain" {
		return kind
	}
	return "application/json"
}

func printReceipts(p *printer, receipts []gen.Receipt) {
	for _, r := range receipts {
		what := "stored"
		switch {
		case !r.Parsed:
			what = "stored as it came, not parsed: " + orDash(text(r.ParseError))
		case r.Duplicate:
			what = "sent before, counted"
		}
		if r.IncidentID != nil {
			what += ", incident " + *r.IncidentID
		}
		p.line("%s  %s", r.AlertID, what)
	}
}

func newAlertListCommand(c *cli) *cobra.Command {
	var query client.AlertQuery
	var since, until string
	var unparsed bool
	command := &cobra.Command{
		Use:     "list",
		Short:   "List alerts, newest first",
		Example: "  tocsin alert list --incident INC-2026-0A1B2C\n  tocsin alert list --unparsed",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if query.Since, query.Until, err = span(since, until, time.Now()); err != nil {
				return err
			}
			if unparsed {
				no := false
				query.Parsed = &no
			}
			page, err := server.Alerts(cmd.Context(), query)
			if err != nil {
				return err
			}
			return c.show(cmd, page, func(p *printer) {
				rows := make([][]any, len(page.Items))
				for i, a := range page.Items {
					rows[i] = []any{a.ID, when(a.ReceivedAt), a.Source, p.severity(a.Severity), a.Count, orDash(a.IncidentID), cut(a.Title, 60)}
				}
				p.list([]string{"ALERT", "RECEIVED", "SOURCE", "SEVERITY", "COUNT", "INCIDENT", "TITLE"}, rows, page.Next)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&query.IncidentID, "incident", "", "of this incident")
	flags.StringVarP(&query.Source, "source", "s", "", "of this source")
	flags.StringVar((*string)(&query.Severity), "severity", "", "informational, low, medium, high or critical")
	flags.StringVar(&query.Host, "host", "", "name, id or address of the host")
	flags.StringVar(&query.User, "user", "", "name, e-mail or id of the user")
	flags.StringVarP(&query.Query, "query", "q", "", "part of the id or the title")
	flags.StringVar(&since, "since", "", "received in the last while, as 24h, or since a time (RFC 3339)")
	flags.StringVar(&until, "until", "", "received before that")
	flags.BoolVar(&unparsed, "unparsed", false, "only what no mapping could read")
	pageFlags(command, &query.Page)
	return command
}

func newAlertShowCommand(c *cli) *cobra.Command {
	var raw bool
	command := &cobra.Command{
		Use:     "show ALERT",
		Short:   "Show one alert",
		Example: "  tocsin alert show ALR-0123456789\n  tocsin alert show ALR-0123456789 --raw > alert.bin",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if raw {
				return copyRaw(cmd, func(ctx context.Context) (io.ReadCloser, error) { return server.AlertRaw(ctx, args[0]) })
			}
			alert, err := server.Alert(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, alert, func(p *printer) { printAlert(p, *alert) })
		},
	}
	command.Flags().BoolVar(&raw, "raw", false, "the bytes that were sent, which may hold anything: not to a terminal")
	return command
}

// copyRaw writes bytes that may hold anything to a file or a pipe.
func copyRaw(cmd *cobra.Command, open func(context.Context) (io.ReadCloser, error)) error {
	if isTerminal(cmd.OutOrStdout()) {
		return usage("these bytes may hold anything; send them to a file: > FILE")
	}
	body, err := open(cmd.Context())
	if err != nil {
		return err
	}
	defer body.Close()
	if _, err := io.Copy(cmd.OutOrStdout(), body); err != nil {
		return &exit{code: exitIntegrity, message: fmt.Sprintf("the bytes did not come whole: %v", err)}
	}
	return nil
}

func printAlert(p *printer, a gen.Alert) {
	p.fields("alert", a.ID, "title", a.Title, "severity", p.severity(a.Severity), "rated by the tool", a.Reported, "state", string(a.State), "category", a.Category, "source", a.Source, "rule", join(" ", a.Rule.ID, a.Rule.Name),
		"host", join(" ", a.Host.Name, a.Host.IP), "user", join(" ", a.User.Name, a.User.Email), "from", a.SourceIP, "to", a.DestIP,
		"urls", join(" ", a.URLs...), "hashes", join(" ", a.Hashes...), "domains", join(" ", a.Domains...), "techniques", join(" ", a.Techniques...), "indicators", join(" ", a.Indicators...),
		"occurred", when(a.OccurredAt), "received", when(a.ReceivedAt), "count", a.Count, "incident", a.IncidentID, "raw SHA-256", a.RawSHA256,
		"guessed", join(" ", a.Guessed...), "cut", join(" ", a.Truncated...), "not parsed", a.ParseError)
	if a.Description != "" {
		p.section("Description")
		p.line("%s", a.Description)
	}
	if len(a.Fields) > 0 {
		p.section("Fields")
		p.values(a.Fields)
	}
}
