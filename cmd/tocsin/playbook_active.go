package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
)

func newActivateCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "activate NAME VERSION",
		Short:   "Make a published version the active one",
		Long:    "Make a published version the active one. Incidents start with it from now on; what\nruns keeps the version that it pinned.",
		Example: "  tocsin playbook activate ssh_brute_force 1.1.0",
		Args:    words(2, 2), ValidArgsFunction: c.playbookNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			active, err := server.PlaybookActivate(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return c.show(cmd, active, func(p *printer) { printVersions(p, []gen.PlaybookSummary{*active}, nil) })
		},
	}
}

func newDisableCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "disable NAME",
		Short:   "Let a playbook start no more",
		Long:    "Leave a playbook without an active version: it starts no more, and what runs goes on.",
		Example: "  tocsin playbook disable ssh_brute_force",
		Args:    words(1, 1), ValidArgsFunction: c.playbookNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if err := server.PlaybookDisable(cmd.Context(), args[0]); err != nil {
				return err
			}
			return c.show(cmd, map[string]any{"playbook": args[0], "active": false}, func(p *printer) { p.line("%s  disabled", args[0]) })
		},
	}
}
