package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newDutyCommand(c *cli) *cobra.Command {
	return family("duty", "Notices that a law, a regulator or a contract asks for", `  tocsin duty list INC-2026-0A1B2C
  tocsin duty draft INC-2026-0A1B2C eu-gdpr-33/notification
  tocsin duty confirm INC-2026-0A1B2C eu-gdpr-33 --reason "customer data were read"
  tocsin duty sent INC-2026-0A1B2C eu-gdpr-33/notification --proof EVD-0123456789
  tocsin duty packs --where eu`,
		newDutyPacksCommand(c), newDutyListCommand(c), newDutyDraftCommand(c), newDutyConfirmCommand(c), newDutyWaiveCommand(c), newDutySentCommand(c))
}

func newDutyListCommand(c *cli) *cobra.Command {
	var drafts, all bool
	list := &cobra.Command{
		Use: "list INCIDENT", Short: "List what an incident owes, and what it may owe", Args: words(1, 1),
		Long: `List the duties that opened and those that may apply, with the facts that would decide:
declare one, and the duty opens or goes away. What does not apply is left out without --all.`,
		Example: "  tocsin duty list INC-2026-0A1B2C\n  tocsin duty list INC-2026-0A1B2C --all -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			connected, err := c.connect()
			if err != nil {
				return err
			}
			found, err := connected.Duties(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if !all {
				found.Items = slices.DeleteFunc(found.Items, func(d soar.DutyEntry) bool { return d.Standing == soar.DutyNotApplicable })
			}
			texts := map[string]string{}
			for _, d := range found.Items {
				if regime, stage, opened := strings.Cut(d.Duty, "/"); drafts && opened && d.Standing == soar.DutyOpen {
					draft, err := connected.DutyDraft(cmd.Context(), args[0], regime, stage)
					if err != nil {
						return err
					}
					texts[d.Duty] = draft.Draft
				}
			}
			return c.show(cmd, found, func(p *printer) { printDuties(p, found, texts) })
		},
	}
	list.Flags().BoolVar(&drafts, "drafts", false, "print the draft of each notice that is owed")
	list.Flags().BoolVar(&all, "all", false, "also what does not apply, and why")
	return list
}

func printDuties(p *printer, found *gen.DutyList, drafts map[string]string) {
	rows := make([][]any, len(found.Items))
	open := 0
	for n, d := range found.Items {
		due := "-"
		if !d.DueAt.IsZero() {
			due = when(d.DueAt)
		}
		why := join(": ", d.Why, d.If)
		if len(d.Missing) > 0 {
			why = "declare " + strings.Join(d.Missing, ", ")
		}
		if strings.Contains(d.Duty, "/") {
			open++
		}
		rows[n] = []any{d.Duty, p.state(dutyState(d)), due, cut(orDash(d.To), 40), cut(why, 80), cut(d.Source, 60)}
	}
	if open == 0 {
		p.line("No duty is open. Duties open from facts: tocsin incident declare INCIDENT --fact personal_data_breach=true")
	}
	p.table([]string{"DUTY", "STATE", "DUE", "TO", "WHY", "SOURCE"}, rows)
	for _, d := range found.Items {
		if text := drafts[d.Duty]; text != "" {
			p.section(d.Duty + ", draft")
			printDraft(p, text)
		}
	}
	p.line("")
	p.line("The due time of what may apply is that of its first notice, if it does.")
	p.line("%s", found.NotAdvice)
}

func printDraft(p *printer, text string) {
	for line := range strings.Lines(text) {
		p.line("%s", strings.TrimRight(line, "\n"))
	}
}

// dutyState adds to the state of the clock what a person said.
func dutyState(d soar.DutyEntry) string {
	switch {
	case d.Standing == soar.DutySent && d.Late:
		return "sent late"
	case d.Standing == soar.DutyOpen && d.Late:
		return "breached"
	case d.Standing == soar.DutyOpen && d.Confirmed && d.State == soar.DutyRunning:
		return "confirmed"
	case d.Standing == soar.DutyOpen:
		return d.State
	default:
		return strings.ReplaceAll(string(d.Standing), "_", " ")
	}
}

func newDutyDraftCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "draft INCIDENT DUTY/STAGE", Short: "Draft a notice from what is known", Args: words(2, 2),
		Long: `Print the draft of a notice as it is now: what was declared is filled in, what the rule asks
for and nobody has declared is marked "to be filled". The duty need not be open. Texts in it
may have been written by an attacker.`,
		Example: "  tocsin duty draft INC-2026-0A1B2C eu-gdpr-33/notification > notice.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			regime, stage, ok := strings.Cut(args[1], "/")
			if !ok || regime == "" || stage == "" {
				return usage("%q is no notice: write regime/stage, as eu-gdpr-33/notification", args[1])
			}
			connected, err := c.connect()
			if err != nil {
				return err
			}
			draft, err := connected.DutyDraft(cmd.Context(), args[0], regime, stage)
			if err != nil {
				return err
			}
			return c.show(cmd, draft, func(p *printer) { printDraft(p, draft.Draft) })
		},
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
