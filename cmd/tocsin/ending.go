package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
)

// ending says how one thing is ended by its id, for a reason.
type ending struct {
	state string // what it is afterwards
	end   func(server *client.Client, ctx context.Context, id, reason string) error
}

// endCommand completes a command that ends one thing.
func (c *cli) endCommand(e ending, command *cobra.Command) *cobra.Command {
	var reason string
	command.Args = words(1, 1)
	command.RunE = func(cmd *cobra.Command, args []string) error {
		server, err := c.connect()
		if err != nil {
			return err
		}
		if err := e.end(server, cmd.Context(), args[0], reason); err != nil {
			return err
		}
		done := map[string]string{"id": args[0], "state": e.state}
		return c.show(cmd, done, func(p *printer) { p.line("%s  %s", args[0], e.state) })
	}
	command.Flags().StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	return command
}
