package main

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newApprovalCommand(c *cli) *cobra.Command {
	return family("approval", "See what waits for a decision", "  tocsin approval list\n  tocsin approval show APR-0123456789\n  tocsin approval who",
		newApprovalListCommand(c), newApprovalShowCommand(c), newApprovalAskCommand(c), newApprovalAnswerCommand(c), newApprovalWhoCommand(c))
}

// approvalIDs completes ids of approvals that are pending.
func (c *cli) approvalIDs() cobra.CompletionFunc {
	return c.completion(func(ctx context.Context, server *client.Client) ([]string, error) {
		page, err := server.Approvals(ctx, soar.ApprovalPending, "", client.Page{})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, approval := range page.Items {
			ids = append(ids, approval.ID+"\t"+cut(approval.Title, 60))
		}
		return ids, nil
	})
}

func newApprovalListCommand(c *cli) *cobra.Command {
	var status, incident string
	var mine bool
	var page client.Page
	command := &cobra.Command{
		Use:     "list",
		Short:   "List requests for approval, by default those that wait",
		Example: "  tocsin approval list\n  tocsin approval list --status all --incident INC-2026-0A1B2C",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if status == "all" {
				status = ""
			}
			found, err := server.Approvals(cmd.Context(), soar.ApprovalStatus(status), incident, page, client.Mine(mine))
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printApprovals(p, found.Items, found.Next) })
		},
	}
	command.Flags().StringVar(&status, "status", "pending", "pending, approved, denied, expired, cancelled or all")
	command.Flags().StringVar(&incident, "incident", "", "of this incident")
	command.Flags().BoolVar(&mine, "mine", false, "only what is for you")
	pageFlags(command, &page)
	return command
}

func printApprovals(p *printer, approvals []gen.Approval, next *string) {
	rows := make([][]any, len(approvals))
	for i, a := range approvals {
		rows[i] = []any{a.ID, p.state(string(a.Status)), a.IncidentID, when(a.ExpiresAt), orDash(approvers(a.Approvers)), cut(a.Title, 60)}
	}
	p.list([]string{"APPROVAL", "STATE", "INCIDENT", "EXPIRES", "WHO DECIDES", "TITLE"}, rows, next)
}

func newApprovalShowCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:               "show APPROVAL",
		Short:             "Show exactly what will run, with its digest",
		Example:           "  tocsin approval show APR-0123456789",
		Args:              words(1, 1),
		ValidArgsFunction: c.approvalIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			approval, err := server.Approval(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, approval, func(p *printer) { printApproval(p, *approval) })
		},
	}
}

func printApproval(p *printer, a gen.Approval) {
	exclude := ""
	for _, one := range a.Exclude {
		exclude = join(", ", exclude, actor(one))
	}
	p.fields("approval", a.ID, "title", a.Title, "state", p.state(string(a.Status)), "incident", a.IncidentID, "step", a.StepPath,
		"who decides", approvers(a.Approvers), "needed", a.Quorum, "and of", approvers(a.Needs), "not", exclude, "asked by", actor(a.RequestedBy),
		"asked", when(a.RequestedAt), "expires", when(a.ExpiresAt), "then", a.OnExpire, "digest", a.Digest)
	if len(a.Bound) == 0 {
		p.line("\nNo actions are bound to it.")
	} else {
		p.section("What will run, in this order")
	}
	for i, bound := range a.Bound {
		p.line("%d. %s  (%s)", i+1, p.bold(bound.Action), bound.StepPath)
		for _, name := range slices.Sorted(maps.Keys(bound.Args)) {
			p.line("     %s: %s", name, asText(bound.Args[name]))
		}
		if i < len(a.Shown) {
			printShown(p, a.Shown[i])
		}
	}
	printQuestions(p, a.Questions)
	if len(a.Decisions) > 0 {
		p.section("Decisions")
	}
	for _, d := range a.Decisions {
		word := "denied"
		if d.Approve {
			word = "approved"
		}
		who := actor(d.By)
		if d.OnBehalfOf != "" {
			who += " on behalf of " + d.OnBehalfOf
		}
		p.line("%s  %s by %s via %s: %s", when(d.At), p.state(word), who, d.Via, d.Reason)
	}
}
