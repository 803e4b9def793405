package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newNotificationCommand(c *cli) *cobra.Command {
	return family("notification", "What people were told, and by which way",
		"  tocsin notification list --incident INC-2026-0A1B2C\n  tocsin notification list --state gave_up\n  tocsin notification test --way email\n  tocsin notification preview --kind approval_requested --way teams",
		newNotificationListCommand(c), newNotificationShowCommand(c), newNotificationTestCommand(c), newNotificationPreviewCommand(c))
}

func newNotificationListCommand(c *cli) *cobra.Command {
	var query client.NotificationQuery
	command := &cobra.Command{
		Use:   "list",
		Short: "List what was sent to whom by which way, newest first",
		Long: `List what was sent to whom by which way, and how it ended: one row for each message,
recipient and way. Of the states, unknown means that the recipient may have it, gave_up that
no way was left, held that it waits for the morning or for a summary.`,
		Example: "  tocsin notification list --incident INC-2026-0A1B2C\n  tocsin notification list --person ada@soc.example --way email\n  tocsin notification list --state gave_up -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			page, err := server.Notifications(cmd.Context(), query)
			if err != nil {
				return err
			}
			return c.show(cmd, page, func(p *printer) {
				rows := make([][]any, len(page.Items))
				for i, one := range page.Items {
					rows[i] = []any{one.Key, when(one.PlannedAt), p.state(string(one.State)), one.Way, cut(recipientOf(one), 40), one.Kind, orDash(one.IncidentID), cut(orDash(join(": ", one.Subject, one.Problem)), 60)}
				}
				p.list([]string{"NOTIFICATION", "AT", "STATE", "WAY", "TO", "KIND", "INCIDENT", "SUBJECT"}, rows, page.Next)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&query.IncidentID, "incident", "", "about this incident")
	flags.StringVar(&query.Person, "person", "", "to this person, by id")
	flags.StringVar(&query.Way, "way", "", "by this way of notifications.yaml")
	flags.StringVar(&query.State, "state", "", stateWords())
	flags.StringVar(&query.MessageID, "message", "", "of this message")
	pageFlags(command, &query.Page)
	return command
}

func stateWords() string {
	var words []string
	for _, state := range soar.NoticeStates() {
		words = append(words, string(state))
	}
	return diag.OneOf(words)
}

// recipientOf names who got it: a person, or the place that a way reaches.
func recipientOf(n soar.Notice) string {
	if n.Person == "" {
		return "those at " + n.Way
	}
	return n.Person
}

func newNotificationShowCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "show NOTIFICATION",
		Short:   "Show one delivery",
		Example: "  tocsin notification show 5a1c0e0123456789abcdef0123456789",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			one, err := server.Notification(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, one, func(p *printer) { printNotification(p, *one) })
		},
	}
}

func printNotification(p *printer, n soar.Notice) {
	unsure := ""
	if n.Unsure {
		unsure = "an attempt ended without an answer: the recipient may have it, also twice"
	}
	p.fields("notification", n.Key, "state", p.state(string(n.State)), "to", recipientOf(n), "way", n.Way, "kind", n.Kind, "incident", n.IncidentID, "about", n.About,
		"subject", n.Subject, "attempts", n.Attempts, "problem", n.Problem, "unsure", unsure, "template", n.Template, "summary", n.Summary, "alert", string(n.Page),
		"planned", when(n.PlannedAt), "due", whenSet(n.DueAt), "changed", when(n.ChangedAt), "message", n.MessageID)
}

func newNotificationTestCommand(c *cli) *cobra.Command {
	var way, person string
	command := &cobra.Command{
		Use:   "test --way WAY",
		Short: "Send a real test message by one way, and say what happened",
		Long: `Send a real test message by one way, once and without fall-back, and say what happened.
It goes to you, or to --person; a way that reaches a channel or a paging service rings there,
and needs the permission operations:retry, as does a test to others. Exits with 1 when it was
not taken, and also when nobody knows. At a paging service the alert stays open: resolve it there.`,
		Example: "  tocsin notification test --way email\n  tocsin notification test --way email --person ada@soc.example\n  tocsin notification test --way teams",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			sent, err := server.NotificationTest(cmd.Context(), way, person)
			if err != nil {
				return err
			}
			if err := c.show(cmd, sent, func(p *printer) {
				p.line("%s  %s to %s by %s", sent.Key, p.state(string(sent.State)), recipientOf(*sent), sent.Way)
			}); err != nil || sent.State == soar.NoticeSent {
				return err
			}
			failed := &exit{code: exitFailed, message: "not sent: " + sent.Problem, hint: "look at the settings of the way's connector, and at its logs"}
			if sent.State == soar.NoticeUnknown {
				failed.message = "it may have arrived: " + sent.Problem
			}
			return failed
		},
	}
	command.Flags().StringVar(&way, "way", "", "way of notifications.yaml")
	command.Flags().StringVar(&person, "person", "", "id of a person of the directory; you, when left out")
	_ = command.MarkFlagRequired("way") // the flag exists
	return command
}
