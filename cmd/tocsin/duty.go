package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/deadline/duty"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newDutyCommand(c *cli) *cobra.Command {
	return family("duty", "Notices that a law, a regulator or a contract asks for", `  tocsin duty list INC-2026-0A1B2C
  tocsin duty confirm INC-2026-0A1B2C eu-gdpr-33 --reason "customer data were read"
  tocsin duty sent INC-2026-0A1B2C eu-gdpr-33/notification --proof EVD-0123456789
  tocsin duty packs --where eu`,
		newDutyPacksCommand(c), newDutyListCommand(c), newDutyConfirmCommand(c), newDutyWaiveCommand(c), newDutySentCommand(c))
}

func newDutyListCommand(c *cli) *cobra.Command {
	var drafts bool
	list := &cobra.Command{
		Use: "list INCIDENT", Short: "List the duties of an incident", Args: words(1, 1),
		Example: "  tocsin duty list INC-2026-0A1B2C --drafts",
		RunE: func(cmd *cobra.Command, args []string) error {
			connected, err := c.connect()
			if err != nil {
				return err
			}
			detail, err := connected.Incident(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			duties := []soar.Objective{}
			for _, o := range detail.Objectives {
				if o.Duty != nil {
					duties = append(duties, o)
				}
			}
			return c.show(cmd, duties, func(p *printer) { printDuties(p, duties, drafts) })
		},
	}
	list.Flags().BoolVar(&drafts, "drafts", false, "print the draft of each notice")
	return list
}

func printDuties(p *printer, duties []soar.Objective, drafts bool) {
	if len(duties) == 0 {
		p.line("No duty is open. Duties open from facts: tocsin incident declare INCIDENT --fact personal_data_breach=true")
		return
	}
	rows := make([][]any, len(duties))
	for n, o := range duties {
		due := "-"
		if !o.DueAt.IsZero() {
			due = when(o.DueAt)
		}
		rows[n] = []any{o.Name, p.state(dutyState(o)), due, cut(o.Duty.To, 40), cut(join(": ", o.Duty.Why, o.Duty.If), 80), o.Duty.Source}
	}
	p.table([]string{"DUTY", "STATE", "DUE", "TO", "WHY", "SOURCE"}, rows)
	for _, o := range duties {
		if drafts && o.Duty.Draft != "" {
			p.section(o.Name + ", draft")
			for line := range strings.Lines(o.Duty.Draft) {
				p.line("%s", strings.TrimRight(line, "\n"))
			}
		}
	}
	p.line("")
	p.line("%s", duty.NotAdvice)
}

// dutyState adds to the state of the clock what a person said.
func dutyState(o soar.Objective) string {
	switch {
	case o.Duty.Sent != nil && o.Breached:
		return "sent late"
	case o.Duty.Sent != nil:
		return "sent"
	case o.Duty.Confirmed != nil && o.State() == soar.DutyRunning:
		return "confirmed"
	default:
		return o.State()
	}
}

func newDutyConfirmCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "confirm INCIDENT DUTY", short: "Say that a duty applies", args: words(2, 2), reason: "required",
		example: "  tocsin duty confirm INC-2026-0A1B2C eu-gdpr-33 --reason \"customer data were read\"",
		build: func(args []string, why string) (client.Command, error) {
			return gen.DutyCommand{Duty: args[0], Do: gen.DutyCommandDo(protocol.DutyConfirm), Reason: given(why)}, nil
		},
	})
}

func newDutyWaiveCommand(c *cli) *cobra.Command {
	return c.orderCommand(order{
		use: "waive INCIDENT DUTY", short: "Say that a duty does not apply", args: words(2, 2), reason: "required",
		example: "  tocsin duty waive INC-2026-0A1B2C eu-gdpr-33 --reason \"the data were encrypted, a risk is unlikely\"",
		build: func(args []string, why string) (client.Command, error) {
			return gen.DutyCommand{Duty: args[0], Do: gen.DutyCommandDo(protocol.DutyWaive), Reason: given(why)}, nil
		},
	})
}

func newDutySentCommand(c *cli) *cobra.Command {
	var proof, at string
	return c.orderCommand(order{
		use: "sent INCIDENT DUTY/STAGE", short: "Say that a notice was sent", args: words(2, 2), reason: "optional",
		long:    "The proof is the id of an evidence, or the reference that the recipient gave. Reports\nthat follow this one start with its sending.",
		example: "  tocsin duty sent INC-2026-0A1B2C eu-gdpr-33/notification --proof \"portal receipt 4711\" --at 2026-11-22T09:00:00Z",
		flags: func(command *cobra.Command) {
			flags := command.Flags()
			flags.StringVar(&proof, "proof", "", "id of an evidence, or the recipient's reference")
			flags.StringVar(&at, "at", "", "when it was sent, as 2026-11-22T09:00:00Z (default: now)")
		},
		build: func(args []string, why string) (client.Command, error) {
			command := gen.DutyCommand{Duty: args[0], Do: gen.DutyCommandDo(protocol.DutySent), Reason: given(why), Proof: given(proof)}
			if proof == "" {
				return nil, usage("--proof is needed: the id of an evidence, or the reference that the recipient gave")
			}
			if at != "" {
				moment, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return nil, usage("--at is %q, expected a time as 2026-11-22T09:00:00Z", at)
				}
				command.Sent = &moment
			}
			return command, nil
		},
	})
}
