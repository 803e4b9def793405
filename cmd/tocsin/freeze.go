package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
)

func newFreezeCommand(c *cli) *cobra.Command {
	var scope, reason string
	command := &cobra.Command{
		Use:   "freeze [on|off]",
		Short: "The kill switch: stop everything that changes the world",
		Long: `Show the kill switch, or turn it on or off. While it is on, no action that changes
the world starts; reading, notifying and collecting go on.`,
		Example:   "  tocsin freeze\n  tocsin freeze on --reason \"the EDR isolates the wrong hosts\" --scope edr\n  tocsin freeze off --reason \"mapping is mended\"",
		Args:      words(0, 1),
		ValidArgs: []string{"on", "off"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] != "on" && args[0] != "off" {
				return usage("%q is neither on nor off", args[0])
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				freeze, err := server.Freeze(cmd.Context())
				if err != nil {
					return err
				}
				return c.show(cmd, freeze, func(p *printer) { printFreeze(p, *freeze) })
			}
			if reason == "" {
				return usage("say why with --reason; it goes into the record")
			}
			freeze, err := server.FreezeSet(cmd.Context(), gen.FreezeInput{On: args[0] == "on", Scope: given(scope), Reason: reason})
			if err != nil {
				return err
			}
			return c.show(cmd, freeze, func(p *printer) { printFreeze(p, *freeze) })
		},
	}
	command.Flags().StringVar(&scope, "scope", "", "a connector instance, or connector.action; left out: everything")
	command.Flags().StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	return command
}

func printFreeze(p *printer, f gen.Freeze) {
	word := "off"
	if f.On {
		word = "on"
	}
	what := f.Scope
	if f.On && what == "" {
		what = "everything"
	}
	by := ""
	if f.By.ID != "" {
		by = actor(f.By) + " at " + when(f.At)
	}
	p.fields("freeze", word, "of", what, "reason", f.Reason, "by", by)
}
