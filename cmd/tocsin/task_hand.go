package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newTaskClaimCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "claim TASK",
		Short: "Take a task on",
		Long: `Take a task on: it is yours then, and others see that. For the person it is for, holders
of the role, who is on call by the roster. The first who claims it has it.`,
		Example: "  tocsin task claim TSK-0123456789",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			task, err := server.TaskClaim(cmd.Context(), args[0], client.NewKey())
			if err != nil {
				return err
			}
			return c.show(cmd, task, func(p *printer) { p.line("%s  is yours", task.ID) })
		},
	}
}

func newTaskAssignCommand(c *cli) *cobra.Command {
	var to, reason string
	command := &cobra.Command{
		Use:   "assign TASK",
		Short: "Give a task to a person, a role, or who is on call",
		Long: `Give a task to a person, the holders of a role, or who is on call by a roster. For who
leads the response. They are told; whoever had claimed it is told that it is no longer his.`,
		Example: "  tocsin task assign TSK-0123456789 --to ana@example.com --reason \"knows the host\"\n  tocsin task assign TSK-0123456789 --to role:legal --reason \"a notice is due\"\n  tocsin task assign TSK-0123456789 --to roster:soc --reason \"end of my shift\"",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			receiver, err := receiverOf(to)
			if err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			task, err := server.TaskAssign(cmd.Context(), args[0], client.NewKey(), receiver, reason)
			if err != nil {
				return err
			}
			return c.show(cmd, task, func(p *printer) { p.line("%s  is for %s", task.ID, whoseTask(*task)) })
		},
	}
	command.Flags().StringVar(&to, "to", "", "a person's id, role:ROLE or roster:ROSTER (required)")
	command.Flags().StringVar(&reason, "reason", "", "why, for whoever gets it and the record (required)")
	_ = command.MarkFlagRequired("to") // the flags are defined above
	_ = command.MarkFlagRequired("reason")
	return command
}

func newTaskReleaseCommand(c *cli) *cobra.Command {
	var reason string
	command := &cobra.Command{
		Use:     "release TASK",
		Short:   "Give a claimed task back",
		Long:    "Give a task back that you have claimed; those it is for are told. Who leads the response\ntakes back what somebody else has claimed, with a reason.",
		Example: "  tocsin task release TSK-0123456789\n  tocsin task release TSK-0123456789 --reason \"ana is off until Monday\"",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			task, err := server.TaskRelease(cmd.Context(), args[0], client.NewKey(), reason)
			if err != nil {
				return err
			}
			return c.show(cmd, task, func(p *printer) { p.line("%s  is for %s", task.ID, whoseTask(*task)) })
		},
	}
	command.Flags().StringVar(&reason, "reason", "", "why; needed for what somebody else has claimed")
	return command
}

// receiverOf reads who a task is given to: ana@example.com, person:ana, role:legal,
// roster:soc.
func receiverOf(to string) (gen.TaskReceiver, error) {
	kind, name, ok := strings.Cut(to, ":")
	if !ok {
		kind, name = "person", to
	}
	if name == "" {
		return gen.TaskReceiver{}, usage("--to is %q, expected a person's id, role:ROLE or roster:ROSTER", to)
	}
	switch kind {
	case "person":
		return gen.TaskReceiver{Person: &name}, nil
	case "role":
		role := soar.Role(name)
		return gen.TaskReceiver{Role: &role}, nil
	case "roster":
		return gen.TaskReceiver{Roster: &name}, nil
	default:
		return gen.TaskReceiver{}, usage("--to is %q, expected a person's id, role:ROLE or roster:ROSTER", to)
	}
}

// whoseTask says who has a task, or whom it is for.
func whoseTask(t gen.Task) string {
	if t.ClaimedBy != nil {
		return actor(*t.ClaimedBy)
	}
	return approvers([]soar.Approver{t.Assignee})
}
