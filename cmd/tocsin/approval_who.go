package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/gen"
)

func newApprovalWhoCommand(c *cli) *cobra.Command {
	var at, class string
	var check bool
	command := &cobra.Command{
		Use:   "who",
		Short: "Tell who may approve what now, or at another time",
		Long: `Tell per class of actions and per role who may approve: active, with a role that decides,
qualified, not away, or standing in for somebody who is. ALARM says that fewer different
people may decide than the class asks for. With --check an alarm ends with code 1.`,
		Example: "  tocsin approval who\n  tocsin approval who --at 2026-12-24T23:00:00+01:00 --class host_isolation --check",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			moment, err := instant("--at", at)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			slate, err := server.Approvers(cmd.Context(), moment, class)
			if err != nil {
				return err
			}
			if err := c.show(cmd, slate, func(p *printer) { printSlate(p, *slate) }); err != nil {
				return err
			}
			if check && slate.Alarm {
				return &exit{code: exitFailed, message: "too few people may approve"}
			}
			return nil
		},
	}
	command.Flags().StringVar(&at, "at", "", "when, with its zone, such as 2026-12-24T23:00:00+01:00 (default now)")
	command.Flags().StringVar(&class, "class", "", "this class of competence.yaml only")
	command.Flags().BoolVar(&check, "check", false, "end with code 1 when an alarm stands")
	return command
}

func printSlate(p *printer, slate gen.Slate) {
	p.line("Who may approve at %s", when(slate.At))
	for _, class := range slate.Classes {
		title := class.Title
		if class.Class != "" {
			title = class.Class + ": " + class.Title
		}
		p.section(title)
		word := p.state("ok")
		if class.Alarm {
			word = p.paint("ALARM", "1")
		}
		p.line("%s  %d of at least %d may decide", word, class.Able, class.Least)
		var rows [][]any
		for _, role := range class.Roles {
			able := 0
			for _, one := range role.Able {
				if one.For == "" {
					able++
				}
				rows = append(rows, []any{role.Role, p.state("yes"), one.Person, note(one)})
			}
			for _, one := range role.Unable {
				rows = append(rows, []any{role.Role, p.state("no"), one.Person, note(one)})
			}
			if role.Holders == 0 {
				rows = append(rows, []any{role.Role, "-", "-", "nobody holds the role"})
				continue
			}
			rows = append(rows, []any{role.Role, "", fmt.Sprintf("%d of %d holders", able, role.Holders), ""})
		}
		p.table([]string{"ROLE", "MAY", "WHO", ""}, rows)
	}
}

func note(s gen.Standing) string {
	text := ""
	if s.For != "" {
		text = "stands in for " + s.For
	}
	if s.QualifiedUntil != nil {
		text = join(", ", text, "qualified until "+when(*s.QualifiedUntil))
	}
	if s.Soon {
		text = join(", ", text, "ENDS SOON")
	}
	return join(", ", text, s.Why)
}
