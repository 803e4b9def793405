package main

import (
	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
)

func newApprovalAskCommand(c *cli) *cobra.Command {
	var question string
	command := &cobra.Command{
		Use:   "ask APPROVAL",
		Short: "Ask for information before deciding",
		Long: `Ask for information. The question stands in the incident's record; who asked for the
approval and who works on the incident are told. The clock of the approval runs on.`,
		Example:           "  tocsin approval ask APR-0123456789 --question \"does the shop run on this host?\"",
		Args:              words(1, 1),
		ValidArgsFunction: c.approvalIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			asked, err := server.Ask(cmd.Context(), args[0], client.NewKey(), question)
			if err != nil {
				return err
			}
			return c.show(cmd, asked, func(p *printer) {
				p.line("%s  asked; it still expires %s", asked.ID, when(asked.ExpiresAt))
				printQuestions(p, asked.Questions)
			})
		},
	}
	command.Flags().StringVar(&question, "question", "", "what you need to know")
	_ = command.MarkFlagRequired("question") // the flag is defined above
	return command
}

func newApprovalAnswerCommand(c *cli) *cobra.Command {
	var text string
	command := &cobra.Command{
		Use:               "answer APPROVAL [QUESTION]",
		Short:             "Answer a question about a request",
		Long:              "Answer a question; without its id the one that is open. The first answer stands.",
		Example:           "  tocsin approval answer APR-0123456789 --answer \"no, it was moved in March\"\n  tocsin approval answer APR-0123456789 q-7F3A --answer no",
		Args:              words(1, 2),
		ValidArgsFunction: c.approvalIDs(),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			question := args[len(args)-1]
			if len(args) == 1 {
				if question, err = openQuestion(cmd, server, args[0]); err != nil {
					return err
				}
			}
			answered, err := server.AnswerQuestion(cmd.Context(), args[0], question, client.NewKey(), text)
			if err != nil {
				return err
			}
			return c.show(cmd, answered, func(p *printer) {
				p.line("%s  answered", answered.ID)
				printQuestions(p, answered.Questions)
			})
		},
	}
	command.Flags().StringVar(&text, "answer", "", "what you know")
	_ = command.MarkFlagRequired("answer") // the flag is defined above
	return command
}

// openQuestion gives the one question that waits.
func openQuestion(cmd *cobra.Command, server *client.Client, id string) (string, error) {
	approval, err := server.Approval(cmd.Context(), id)
	if err != nil {
		return "", err
	}
	var open []string
	for _, q := range approval.Questions {
		if q.AnsweredBy == nil {
			open = append(open, q.ID)
		}
	}
	if len(open) == 1 {
		return open[0], nil
	}
	return "", usage("%s has %d open questions: say which; tocsin approval show %s lists them", id, len(open), id)
}

// printShown says what one action means.
func printShown(p *printer, shown gen.ShownAction) {
	if shown.Title != "" && shown.Title != shown.Action {
		p.line("     = %s", shown.Title)
	}
	back := "cannot be taken back"
	if shown.Undo != "" {
		back = "taken back by " + shown.Undo
	}
	if shown.ExpiresIn > 0 {
		back += ", by itself after " + shown.ExpiresIn.String()
	}
	p.line("     risk %s, %s", shown.Risk, back)
	if shown.Why != "" {
		p.line("     why: %s", shown.Why)
	}
}

func printQuestions(p *printer, questions []gen.Question) {
	if len(questions) > 0 {
		p.section("Questions")
	}
	for _, q := range questions {
		p.line("%s  %s  %s asks: %s", when(q.At), q.ID, actor(q.AskedBy), q.Text)
		if q.AnsweredBy != nil && q.AnsweredAt != nil {
			p.line("%s  %s answers: %s", when(*q.AnsweredAt), actor(*q.AnsweredBy), q.Answer)
		}
	}
}
