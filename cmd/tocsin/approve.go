package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newApproveCommand(c *cli) *cobra.Command {
	return c.decisionCommand(gen.Approve, &cobra.Command{
		Use:   "approve APPROVAL",
		Short: "Approve exactly what is shown",
		Long: `Approve. Shows what will run and asks before it sends the decision; the digest of
what was shown goes with it, so that nothing else can run by it. Off a terminal --yes
is needed; with --digest it is refused unless that is what would run.`,
		Example: "  tocsin approve APR-0123456789 --reason \"confirmed with the owner\"\n  tocsin approve APR-0123456789 --reason drill --yes --digest 5f70bf18...",
	})
}

func newDenyCommand(c *cli) *cobra.Command {
	return c.decisionCommand(gen.Deny, &cobra.Command{
		Use:     "deny APPROVAL",
		Short:   "Deny a request for approval",
		Example: "  tocsin deny APR-0123456789 --reason \"production host, call me first\"",
	})
}

// decision is what the flags of approve and deny say.
type decision struct {
	word   gen.DecisionInputDecision
	reason string
	digest string
	yes    bool
}

func (c *cli) decisionCommand(word gen.DecisionInputDecision, command *cobra.Command) *cobra.Command {
	d := decision{word: word}
	command.Args = words(1, 1)
	command.ValidArgsFunction = c.approvalIDs()
	command.RunE = func(cmd *cobra.Command, args []string) error {
		server, err := c.connect()
		if err != nil {
			return err
		}
		approval, err := server.Approval(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if err := d.settle(cmd, *approval); err != nil {
			return err
		}
		decided, err := server.Decide(cmd.Context(), approval.ID, client.NewKey(), gen.DecisionInput{Decision: d.word, Reason: d.reason, Digest: given(approval.Digest)})
		if err != nil {
			return err
		}
		return c.show(cmd, decided, func(p *printer) {
			p.line("%s  your decision (%s) is recorded; the request is %s", decided.ID, d.word, p.state(string(decided.Status)))
		})
	}
	command.Flags().StringVarP(&d.reason, "reason", "r", "", "why; it goes into the record")
	_ = command.MarkFlagRequired("reason") // the flag is defined above
	if word == gen.Approve {
		command.Flags().BoolVarP(&d.yes, "yes", "y", false, "do not ask")
		command.Flags().StringVar(&d.digest, "digest", "", "refuse unless this is what would run")
	}
	return command
}

// settle shows what will run on standard error, where it is seen also when the
// output is JSON, and asks.
func (d decision) settle(cmd *cobra.Command, a gen.Approval) error {
	if a.Status != soar.ApprovalPending {
		return &exit{code: exitIntegrity, message: fmt.Sprintf("%s is %s already", a.ID, a.Status)}
	}
	if d.digest != "" && d.digest != a.Digest {
		return &exit{code: exitIntegrity, message: fmt.Sprintf("what would run has the digest %s, not the one given", a.Digest), hint: "look at it again: tocsin approval show " + a.ID}
	}
	if d.word == gen.Deny {
		return nil
	}
	p := newPrinter(cmd.ErrOrStderr())
	printApproval(p, a)
	if p.err != nil {
		return p.err
	}
	return d.confirm(cmd)
}

func (d decision) confirm(cmd *cobra.Command) error {
	if d.yes {
		return nil
	}
	if !isTerminal(cmd.InOrStdin()) {
		return usage("nobody can be asked here; add --yes to approve what is shown above")
	}
	return ask(cmd.InOrStdin(), cmd.ErrOrStderr(), "\nApprove exactly this? Type yes: ")
}

func ask(in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "yes" {
		return &exit{code: exitFailed, message: "not approved; nothing was sent"}
	}
	return nil
}
