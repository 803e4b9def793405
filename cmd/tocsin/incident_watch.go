package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/protocol"
)

func newIncidentWatchCommand(c *cli) *cobra.Command {
	var after int64
	var untilClosed bool
	command := &cobra.Command{
		Use:   "watch INCIDENT",
		Short: "Follow the timeline as it grows",
		Long: `Follow the timeline as it grows, and go on by itself when the connection breaks.
Ctrl-C ends it. With -o json each entry is one line of JSON.`,
		Example:           "  tocsin incident watch INC-2026-0A1B2C\n  tocsin incident watch INC-2026-0A1B2C --until-closed -o json",
		Args:              words(1, 1),
		ValidArgsFunction: c.incidentIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if c.output != "text" && c.output != "json" {
				return usage("--output is %q, expected text or json", c.output)
			}
			broken := func(err error) {
				fmt.Fprintf(cmd.ErrOrStderr(), "the connection broke, trying again: %s\n", diag.Escape(err.Error()))
			}
			p := newPrinter(cmd.OutOrStdout())
			for entry, err := range server.Watch(cmd.Context(), args[0], after, broken) {
				if err != nil {
					return err
				}
				c.printEntry(p, entry)
				if p.err != nil || (untilClosed && ends(entry)) {
					break
				}
			}
			return p.flush()
		},
	}
	command.Flags().Int64Var(&after, "after", 0, "only entries with a greater number")
	command.Flags().BoolVar(&untilClosed, "until-closed", false, "end when the incident does")
	return command
}

func ends(entry gen.TimelineEntry) bool {
	return entry.Kind == protocol.EventIncidentClosed || entry.Kind == protocol.EventIncidentCancelled
}

func (c *cli) printEntry(p *printer, entry gen.TimelineEntry) {
	if c.output == "json" {
		p.write(compactJSON(entry))
		return
	}
	step := ""
	if entry.Step != nil {
		step = " [" + *entry.Step + "]"
	}
	p.line("%s  %4d  %s%s  %s  (%s)", when(entry.At), entry.Seq, p.bold(entry.Kind), step, entry.Text, actor(entry.By))
}
