package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
)

func newContainmentCommand(c *cli) *cobra.Command {
	var query client.ContainmentQuery
	list := &cobra.Command{
		Use:   "list",
		Short: "List what is held back now, in all incidents",
		Long: `List what is held back now, in all incidents: what was done, to what, since when, and
when it is released by itself. tocsin incident release and extend act on one.`,
		Example: "  tocsin containment list\n  tocsin containment list --target web-01 --state all",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			page, err := server.Containments(cmd.Context(), query)
			if err != nil {
				return err
			}
			return c.show(cmd, page, func(p *printer) {
				rows := make([][]any, len(page.Items))
				for i, one := range page.Items {
					until := "until released"
					if one.Until != nil {
						until = when(*one.Until)
					}
					rows[i] = []any{one.ID, one.IncidentID, p.state(one.State), one.Action, cut(one.Target, 40), when(one.Since), until}
				}
				p.list([]string{"CONTAINMENT", "INCIDENT", "STATE", "ACTION", "TARGET", "SINCE", "UNTIL"}, rows, page.Next)
			})
		},
	}
	flags := list.Flags()
	flags.StringVar(&query.State, "state", "", "active, released, release_failed or all; left out: what is not released")
	flags.StringVar(&query.IncidentID, "incident", "", "of this incident")
	flags.StringVar(&query.Target, "target", "", "part of the target")
	pageFlags(list, &query.Page)
	return family("containment", "The register of what is held back", "  tocsin containment list", list)
}
