package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
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
		list, newConnectorKindsCommand(c), newConnectorShowCommand(c), newConnectorCheckCommand(c), newConnectorTestCommand(c), newConnectorInstanceCommand(c))
}

func newConnectorInstanceCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "instance INSTANCE",
		Short:   "Show one connector of the server: what it can do, and the settings that it takes",
		Example: "  tocsin connector instance edr\n  tocsin connector instance edr -o json",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			one, err := server.Connector(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, one, func(p *printer) { printInstance(p, *one) })
		},
	}
}

func printInstance(p *printer, one gen.Connector) {
	p.fields("instance", one.Instance, "connector", one.Connector, "version", one.Version, "title", one.Title, "tested", text(one.Tested), "digest", one.Digest)
	p.section("Actions")
	for _, action := range one.Actions {
		p.line("%s  %s  %s", one.Instance+"."+action.Name, string(action.Risk), action.Title)
	}
	if len(one.Settings) == 0 {
		return
	}
	p.section("Settings")
	for _, setting := range one.Settings {
		kind := ""
		if setting.Secret {
			kind = " (secret)"
		}
		if setting.Required {
			kind += " (required)"
		}
		p.line("%s%s  %s", setting.Name, kind, setting.Description)
	}
}
