package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newEscalationCommand(c *cli) *cobra.Command {
	return family("escalation", "Who is told until somebody acknowledges",
		"  tocsin escalation list INC-2026-0A1B2C\n  tocsin escalation ack INC-2026-0A1B2C\n  tocsin escalation start INC-2026-0A1B2C --policy soc --reason \"nobody answers\"",
		newEscalationListCommand(c), newEscalationAckCommand(c), newEscalationStartCommand(c))
}

func newEscalationListCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "list INCIDENT",
		Short:   "List the escalations of an incident",
		Example: "  tocsin escalation list INC-2026-0A1B2C",
		Args:    words(1, 1), ValidArgsFunction: c.incidentIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Incident(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			items := found.Incident.Escalations
			if items == nil {
				items = []soar.Escalation{}
			}
			return c.show(cmd, map[string]any{"items": items}, func(p *printer) { printEscalations(p, items) })
		},
	}
}

func printEscalations(p *printer, items []soar.Escalation) {
	rows := make([][]any, len(items))
	for i, e := range items {
		by := "-"
		if e.AcknowledgedBy != nil {
			by = e.AcknowledgedBy.ID
		}
		rows[i] = []any{e.ID, e.Policy, string(e.Status), fmt.Sprintf("%d of %d", e.Taken, e.Steps), orDash(toldWhom(e.Told)), whenSet(e.NextAt), by, cut(e.Reason, 40)}
	}
	p.list([]string{"ESCALATION", "POLICY", "STATUS", "STEP", "TOLD LAST", "GOES ON", "ACKNOWLEDGED BY", "REASON"}, rows, nil)
}

func toldWhom(list []soar.Approver) string {
	names := make([]string, len(list))
	for i, who := range list {
		switch {
		case who.Person != "":
			names[i] = who.Person
		case who.Roster != "":
			names[i] = "on call: " + who.Roster
		default:
			names[i] = string(who.Role)
		}
	}
	return strings.Join(names, ", ")
}

func newEscalationAckCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "ack INCIDENT [ESCALATION]", short: "Say that you have it: nobody else is told", args: words(1, 2), reason: "optional",
		long:    "Say that you have taken on what the incident's escalations are about, or one of them.\nWhere the policy says so, an acknowledgement that nothing follows goes stale, and the\npolicy goes on.",
		example: "  tocsin escalation ack INC-2026-0A1B2C\n  tocsin escalation ack INC-2026-0A1B2C ESC-0123456789",
		build: func(args []string, why string) (client.Command, error) {
			return gen.AcknowledgeEscalationCommand{EscalationID: given(leading(args)), Reason: given(why)}, nil
		},
	})
}

func newEscalationStartCommand(c *cli) *cobra.Command {
	var policy string
	return c.orderCommand(order{
		use: "start INCIDENT", short: "Start a policy of escalation.yaml", args: words(1, 1), reason: "required",
		example: "  tocsin escalation start INC-2026-0A1B2C --policy soc --reason \"nobody answers\"",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&policy, "policy", "soc", "the policy")
		},
		build: func(_ []string, why string) (client.Command, error) {
			return gen.EscalateCommand{Policy: policy, Reason: why}, nil
		},
	})
}
