package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

func newOnCallCommand(c *cli) *cobra.Command {
	var at string
	command := &cobra.Command{
		Use:     "oncall [ROSTER]",
		Short:   "Who is on call",
		Long:    "Tell who is on call by a roster of rosters.yaml, by all without one. Times are shown in\nthe roster's zone.",
		Example: "  tocsin oncall\n  tocsin oncall soc --at 2026-12-24T23:00:00+01:00\n  tocsin oncall shifts soc\n  tocsin oncall override soc bob@lab.invalid --for 12h --reason \"swapped\"",
		Args:    words(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			when, err := instant("--at", at)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.OnCall(cmd.Context(), leading(args), when)
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printShifts(p, found.Items, "no roster is written in rosters.yaml") })
		},
	}
	command.Flags().StringVar(&at, "at", "", "at this time (default now)")
	command.AddCommand(newShiftsCommand(c), newOverrideCommand(c), newOverridesCommand(c), newOverrideDeleteCommand(c))
	return command
}

// leading gives the first argument, or nothing.
func leading(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func printShifts(p *printer, items []gen.RosterShift, none string) {
	if len(items) == 0 {
		p.line("%s", none)
		return
	}
	rows := make([][]any, len(items))
	for i, s := range items {
		who, why := s.Person, s.Layer
		switch {
		case who == "":
			who, why = "nobody", "gap"
		case s.StandsIn != "":
			why = "for " + s.StandsIn
		case s.Override != "":
			why = s.Override
		}
		rows[i] = []any{s.Roster, who, there(s.From, s.Zone), there(s.Until, s.Zone), why}
	}
	p.list([]string{"ROSTER", "PERSON", "FROM", "UNTIL", "BY"}, rows, nil)
}

// there shows an instant in a zone, in UTC when this machine does not know the zone.
func there(at time.Time, zone string) string {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return at.In(place).Format("Mon 2006-01-02 15:04 MST")
}

func newShiftsCommand(c *cli) *cobra.Command {
	var from, until string
	command := &cobra.Command{
		Use:     "shifts ROSTER",
		Short:   "List the shifts of a roster, gaps included",
		Example: "  tocsin oncall shifts soc\n  tocsin oncall shifts soc --from 2026-12-20T00:00:00Z --until 2027-01-07T00:00:00Z",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			begin, err := instant("--from", from)
			if err != nil {
				return err
			}
			finish, err := instant("--until", until)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Shifts(cmd.Context(), args[0], begin, finish)
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printShifts(p, found.Items, "the span is empty") })
		},
	}
	command.Flags().StringVar(&from, "from", "", "since when (default now)")
	command.Flags().StringVar(&until, "until", "", "until when (default two weeks later)")
	return command
}

func newOverrideCommand(c *cli) *cobra.Command {
	var from, until, length, reason string
	command := &cobra.Command{
		Use:     "override ROSTER PERSON",
		Short:   "Put a person on call for a span",
		Example: "  tocsin oncall override soc bob@lab.invalid --until 2026-12-24T07:00:00Z --reason \"swapped\"\n  tocsin oncall override soc bob@lab.invalid --from 2026-12-24T20:00:00+01:00 --for 12h --reason \"swapped\"",
		Args:    words(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			begin, err := instant("--from", from)
			if err != nil {
				return err
			}
			finish, err := end(begin, until, length)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			o, err := server.OverrideSet(cmd.Context(), gen.RosterOverrideInput{Roster: args[0], Person: args[1], From: begin, Until: finish, Reason: reason})
			if err != nil {
				return err
			}
			return c.show(cmd, o, func(p *printer) { printOverrides(p, []gen.RosterOverride{*o}) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&from, "from", "", "since when (default now)")
	flags.StringVar(&until, "until", "", "until when, such as 2026-12-24T07:00:00Z")
	flags.StringVar(&length, "for", "", "for how long, such as 12h")
	flags.StringVarP(&reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	command.MarkFlagsOneRequired("until", "for")
	command.MarkFlagsMutuallyExclusive("until", "for")
	return command
}

func printOverrides(p *printer, items []gen.RosterOverride) {
	rows := make([][]any, len(items))
	for i, o := range items {
		rows[i] = []any{o.ID, o.Roster, o.Person, when(o.From), when(o.Until), o.By.ID, cut(o.Reason, 40)}
	}
	p.list([]string{"OVERRIDE", "ROSTER", "PERSON", "FROM", "UNTIL", "SET BY", "REASON"}, rows, nil)
}

func newOverridesCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "overrides [ROSTER]",
		Short:   "List who is on call instead of whom a roster names",
		Example: "  tocsin oncall overrides",
		Args:    words(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Overrides(cmd.Context(), leading(args))
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printOverrides(p, found.Items) })
		},
	}
}

func newOverrideDeleteCommand(c *cli) *cobra.Command {
	return c.endCommand(ending{"ended", (*client.Client).OverrideEnd}, &cobra.Command{
		Use:     "delete OVERRIDE",
		Short:   "Take an override back now",
		Example: "  tocsin oncall delete OVR-0123456789 --reason \"not needed\"",
	})
}
