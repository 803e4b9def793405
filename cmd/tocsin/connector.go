package main

import (
	"github.com/spf13/cobra"
)

func newConnectorCommand(c *cli) *cobra.Command {
	list := &cobra.Command{
		Use:     "list",
		Short:   "List the actions that playbooks can use on the server",
		Example: "  tocsin connector list\n  tocsin connector list -o json",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			connectors, err := server.Connectors(cmd.Context())
			if err != nil {
				return err
			}
			return c.show(cmd, connectors, func(p *printer) {
				var rows [][]any
				for _, one := range connectors.Items {
					for _, action := range one.Actions {
						rows = append(rows, []any{one.Instance + "." + action.Name, string(action.Risk), orDash(text(action.Target)), orDash(text(action.Undo)), cut(action.Title, 60)})
					}
				}
				p.list([]string{"ACTION", "RISK", "TARGET", "UNDO", "TITLE"}, rows, nil)
			})
		},
	}
	return family("connector", "What playbooks can act on", "  tocsin connector list\n  tocsin connector kinds\n  tocsin connector test connectors/acme",
		list, newConnectorKindsCommand(c), newConnectorShowCommand(c), newConnectorCheckCommand(c), newConnectorTestCommand(c))
}
