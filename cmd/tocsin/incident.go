package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newIncidentCommand(c *cli) *cobra.Command {
	return family("incident", "Look at incidents and say what happens next",
		"  tocsin incident list --severity high\n  tocsin incident show INC-2026-0A1B2C\n  tocsin incident ack INC-2026-0A1B2C\n  tocsin incident close INC-2026-0A1B2C --resolution resolved --reason \"cleaned and watched for a day\"",
		newIncidentListCommand(c), newIncidentShowCommand(c), newIncidentWatchCommand(c), newIncidentOpenCommand(c),
		newNoteCommand(c), newAckCommand(c), newDeclareCommand(c), newPauseCommand(c), newResumeCommand(c), newCancelCommand(c), newCloseCommand(c),
		newRetryStepCommand(c), newSkipStepCommand(c), newMarkDoneCommand(c), newAddAlertCommand(c), newRunCommand(c), newReleaseCommand(c), newExtendCommand(c), newEventCommand(c))
}

// incidentIDs completes ids of incidents that have not ended.
func (c *cli) incidentIDs() cobra.CompletionFunc {
	return c.completion(func(ctx context.Context, server *client.Client) ([]string, error) {
		open := true
		page, err := server.Incidents(ctx, client.IncidentQuery{Open: &open})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, incident := range page.Items {
			ids = append(ids, incident.ID+"\t"+cut(incident.Title, 60))
		}
		return ids, nil
	})
}

func newIncidentListCommand(c *cli) *cobra.Command {
	var query client.IncidentQuery
	var since, until string
	var all bool
	command := &cobra.Command{
		Use:     "list",
		Short:   "List incidents that have not ended, newest first",
		Example: "  tocsin incident list\n  tocsin incident list --severity critical -o json\n  tocsin incident list --all -q web-01",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if query.Since, query.Until, err = span(since, until, time.Now()); err != nil {
				return err
			}
			if !all && query.Status == "" {
				open := true
				query.Open = &open
			}
			page, err := server.Incidents(cmd.Context(), query)
			if err != nil {
				return err
			}
			return c.show(cmd, page, func(p *printer) {
				rows := make([][]any, len(page.Items))
				for i, incident := range page.Items {
					rows[i] = []any{incident.ID, when(incident.OpenedAt), p.severity(incident.Severity), statusOf(incident), orDash(string(incident.Category)), orDash(incident.Owner), cut(incident.Title, 60)}
				}
				p.list([]string{"INCIDENT", "OPENED", "SEVERITY", "STATUS", "CATEGORY", "OWNER", "TITLE"}, rows, page.Next)
			})
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&all, "all", "a", false, "also those that have ended")
	flags.StringVar((*string)(&query.Status), "status", "", "reported, assessed, contained, eradicated, recovered, closed or not_an_incident")
	flags.StringVar((*string)(&query.Severity), "severity", "", "informational, low, medium, high or critical")
	flags.StringVar((*string)(&query.Category), "category", "", "as brute_force")
	flags.StringVar(&query.Owner, "owner", "", "a person's id")
	flags.StringVar(&since, "since", "", "opened in the last while, as 24h, or since a time (RFC 3339)")
	flags.StringVar(&until, "until", "", "opened before that")
	flags.StringVarP(&query.Query, "query", "q", "", "part of the id or the title")
	pageFlags(command, &query.Page)
	return command
}

func statusOf(incident gen.Incident) string {
	status := string(incident.Status)
	if incident.Paused {
		status += ", paused"
	}
	if incident.Drill {
		status += ", drill"
	}
	return status
}

func newIncidentOpenCommand(c *cli) *cobra.Command {
	var body gen.OpenIncident
	var description, owner, severity, category, tlp, host, user, sourceIP string
	var inputs []string
	var drill bool
	command := &cobra.Command{
		Use:     "open",
		Short:   "Open an incident yourself",
		Long:    "Open an incident yourself. Playbooks that fit it start; --host, --user, --source-ip and\n--link are what they read as the alert.",
		Example: "  tocsin incident open --title \"Phishing mail to finance\" --severity medium --category phishing\n  tocsin incident open --title \"Odd logins\" --category brute_force --host web-01 --source-ip 203.0.113.7",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if body.Input, err = pairs("--input", inputs); err != nil {
				return err
			}
			body.Description, body.Owner, body.SourceIP, body.Drill = given(description), given(owner), given(sourceIP), given(drill)
			body.Severity, body.Category, body.TLP = given(gen.Severity(severity)), given(gen.Category(category)), given(gen.TLP(tlp))
			body.Host, body.User = given(soar.Host{Name: host}), given(soar.User{Name: user})
			incident, err := server.IncidentOpen(cmd.Context(), client.NewKey(), body)
			if err != nil {
				return err
			}
			return c.show(cmd, incident, func(p *printer) { p.line("%s  opened", incident.ID) })
		},
	}
	flags := command.Flags()
	flags.StringVarP(&body.Title, "title", "t", "", "what happened, in one line")
	flags.StringVar(&description, "description", "", "what is known")
	flags.StringVar(&severity, "severity", "", "informational, low, medium, high or critical; left out: assessed")
	flags.StringVar(&category, "category", "", "as phishing; left out: assessed")
	flags.StringVar(&tlp, "tlp", "", "clear, green, amber, amber+strict or red")
	flags.StringVar(&owner, "owner", "", "a person's id")
	flags.StringVar(&host, "host", "", "name of the machine")
	flags.StringVar(&user, "user", "", "name of the account")
	flags.StringVar(&sourceIP, "source-ip", "", "address it came from")
	flags.StringArrayVar(&body.Urls, "link", nil, "URL that belongs to it; may be repeated")
	flags.BoolVar(&drill, "drill", false, "practised, not real: playbooks act all the same, metrics leave it out")
	flags.StringArrayVarP(&inputs, "input", "i", nil, "input of the playbooks, name=value; may be repeated")
	_ = command.MarkFlagRequired("title") // the flag is defined above
	return command
}

// given leaves a value out of a request when it was not given.
func given[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
