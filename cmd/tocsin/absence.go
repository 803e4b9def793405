package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

func newAbsenceCommand(c *cli) *cobra.Command {
	return family("absence", "Who is away, and who stands in",
		"  tocsin absence set --until 2026-12-24T07:00:00Z --delegate bob@lab.invalid\n  tocsin absence list\n  tocsin absence end ABS-0123456789 --reason \"back early\"",
		newAbsenceListCommand(c), newAbsenceSetCommand(c), newAbsenceEndCommand(c))
}

func newAbsenceListCommand(c *cli) *cobra.Command {
	var person string
	command := &cobra.Command{
		Use:     "list",
		Short:   "List who is away now or later",
		Example: "  tocsin absence list",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Absences(cmd.Context(), person)
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printAbsences(p, found.Items) })
		},
	}
	command.Flags().StringVar(&person, "person", "", "of this person")
	return command
}

func printAbsences(p *printer, items []gen.Absence) {
	rows := make([][]any, len(items))
	for i, a := range items {
		state := "away"
		switch now := time.Now(); {
		case a.RevokedAt != nil:
			state = "ended"
		case now.Before(a.From):
			state = "later"
		}
		rows[i] = []any{a.ID, state, a.Person, when(a.From), when(a.Until), orDash(a.Delegate), cut(a.Reason, 40)}
	}
	p.list([]string{"ABSENCE", "STATE", "PERSON", "FROM", "UNTIL", "DELEGATE", "REASON"}, rows, nil)
}

func newAbsenceSetCommand(c *cli) *cobra.Command {
	var person, delegate, from, until, length, reason string
	command := &cobra.Command{
		Use:   "set",
		Short: "Say that you, or somebody else, are away",
		Long: `Say that you, or with --person somebody else, are away. The delegate decides as himself,
with his own qualifications, what the one who is away could decide. Without a delegate
nobody stands in.`,
		Example: "  tocsin absence set --until 2026-12-24T07:00:00Z --delegate bob@lab.invalid --reason leave\n  tocsin absence set --person ada@lab.invalid --for 12h --reason ill",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
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
			if person == "" {
				me, err := server.Me(cmd.Context())
				if err != nil {
					return err
				}
				person = me.Actor.ID
			}
			a, err := server.AbsenceSet(cmd.Context(), gen.AbsenceInput{Person: person, Delegate: given(delegate), From: begin, Until: finish, Reason: given(reason)})
			if err != nil {
				return err
			}
			return c.show(cmd, a, func(p *printer) { printAbsences(p, []gen.Absence{*a}) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&person, "person", "", "who is away (default you)")
	flags.StringVar(&delegate, "delegate", "", "who stands in")
	flags.StringVar(&from, "from", "", "since when (default now)")
	flags.StringVar(&until, "until", "", "until when, such as 2026-12-24T07:00:00Z")
	flags.StringVar(&length, "for", "", "for how long, such as 14d")
	flags.StringVarP(&reason, "reason", "r", "", "why")
	command.MarkFlagsOneRequired("until", "for")
	command.MarkFlagsMutuallyExclusive("until", "for")
	return command
}

func newAbsenceEndCommand(c *cli) *cobra.Command {
	return c.endCommand(ending{"ended", (*client.Client).AbsenceEnd}, &cobra.Command{
		Use:     "end ABSENCE",
		Short:   "End an absence now",
		Example: "  tocsin absence end ABS-0123456789 --reason \"back early\"",
	})
}
