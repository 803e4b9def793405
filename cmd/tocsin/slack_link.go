package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
)

func newSlackCommand(c *cli) *cobra.Command {
	return family("slack", "Slack: its app, its cards, who is who there",
		"  tocsin slack link 7Q2M-9XKD-4T1C-PA5E\n  tocsin slack users\n  tocsin slack manifest\n  tocsin slack preview --kind approval",
		newSlackLinkCommand(c), newSlackUnlinkCommand(c), newSlackUsersCommand(c), newSlackManifestCommand(), newSlackPreviewCommand(c))
}

func newSlackLinkCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "link CODE",
		Short: "Say that a Slack user is you, with the code that /tocsin link shows",
		Long: `Say that a Slack user is you. Write /tocsin link in Slack: it shows a code that is good once
and for ten minutes. Whoever claims it acts through that Slack user with all roles of his own:
claim only a code that Slack showed to yourself, and check which user is linked.`,
		Example: "  tocsin slack link 7Q2M-9XKD-4T1C-PA5E",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			linked, err := server.SlackClaim(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, linked, func(p *printer) { printSlackIdentities(p, []gen.SlackIdentity{*linked}) })
		},
	}
}

func newSlackUnlinkCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "unlink TEAM USER",
		Short:   "End the link of a Slack user: yours, or as who manages people another's",
		Example: "  tocsin slack unlink T024BE7LD U024BE7LH",
		Args:    words(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if err := server.SlackUnlink(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			return c.show(cmd, map[string]string{"team": args[0], "user": args[1], "state": "unlinked"}, func(p *printer) { p.line("%s  unlinked", args[1]) })
		},
	}
}

func newSlackUsersCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "users",
		Short:   "List which Slack users are which people",
		Example: "  tocsin slack users",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.SlackIdentities(cmd.Context())
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printSlackIdentities(p, found.Items) })
		},
	}
}

func printSlackIdentities(p *printer, items []gen.SlackIdentity) {
	rows := make([][]any, len(items))
	for i, one := range items {
		rows[i] = []any{one.Person, one.User, one.Team, when(one.LinkedAt)}
	}
	p.list([]string{"PERSON", "SLACK USER", "WORKSPACE", "LINKED"}, rows, nil)
}
