package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/diag/strictyaml"
)

func newQualificationCommand(c *cli) *cobra.Command {
	return family("qualification", "What people have learnt to decide",
		"  tocsin qualification record ada@lab.invalid host_isolation --source drill --title \"Spring drill\" --for 365d\n  tocsin qualification list\n  tocsin qualification revoke QUA-0123456789 --reason \"failed the drill\"",
		newQualificationListCommand(c), newQualificationRecordCommand(c), newQualificationRevokeCommand(c))
}

func newQualificationListCommand(c *cli) *cobra.Command {
	var person string
	command := &cobra.Command{
		Use:     "list",
		Short:   "List qualifications, also those that have ended",
		Example: "  tocsin qualification list --person ada@lab.invalid",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			found, err := server.Qualifications(cmd.Context(), person)
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printQualifications(p, found.Items) })
		},
	}
	command.Flags().StringVar(&person, "person", "", "of this person")
	return command
}

func printQualifications(p *printer, items []gen.Qualification) {
	rows := make([][]any, len(items))
	for i, q := range items {
		rows[i] = []any{q.ID, qualificationState(q, time.Now()), q.Person, q.Class, when(q.ValidUntil), q.Source, cut(q.Title, 40)}
	}
	p.list([]string{"QUALIFICATION", "STATE", "PERSON", "CLASS", "UNTIL", "SOURCE", "TITLE"}, rows, nil)
}

func qualificationState(q gen.Qualification, now time.Time) string {
	switch {
	case q.RevokedAt != nil:
		return "revoked"
	case now.Before(q.ValidFrom):
		return "later"
	case !now.Before(q.ValidUntil):
		return "ended"
	default:
		return "valid"
	}
}

func newQualificationRecordCommand(c *cli) *cobra.Command {
	var source, title, from, until, length string
	command := &cobra.Command{
		Use:   "record PERSON CLASS",
		Short: "Record that somebody has learnt to decide a class of actions",
		Long: `Record that somebody has learnt to decide a class of actions, from a course, an exam or
a drill. The classes stand in the policy file competence.yaml. Nobody records his own.`,
		Example: "  tocsin qualification record ada@lab.invalid host_isolation --source drill --title \"Spring drill\" --for 365d\n  tocsin qualification record ada@lab.invalid host_isolation --source exam --title \"GCIH\" --from 2026-03-01T00:00:00Z --until 2028-03-01T00:00:00Z",
		Args:    words(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := gen.QualificationInput{Person: args[0], Class: args[1], Source: gen.QualificationInputSource(source), Title: title}
			var err error
			if body.ValidFrom, err = instant("--from", from); err != nil {
				return err
			}
			if body.ValidUntil, err = end(body.ValidFrom, until, length); err != nil {
				return err
			}
			server, err := c.connect()
			if err != nil {
				return err
			}
			q, err := server.QualificationRecord(cmd.Context(), body)
			if err != nil {
				return err
			}
			return c.show(cmd, q, func(p *printer) { printQualifications(p, []gen.Qualification{*q}) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&source, "source", "", "course, exam or drill")
	flags.StringVar(&title, "title", "", "which course, exam or drill")
	flags.StringVar(&from, "from", "", "when it begins (default now)")
	flags.StringVar(&until, "until", "", "when it ends, such as 2027-03-01T00:00:00Z")
	flags.StringVar(&length, "for", "", "how long it holds from its begin, such as 365d")
	_, _ = command.MarkFlagRequired("source"), command.MarkFlagRequired("title") // the flags are defined above
	command.MarkFlagsOneRequired("until", "for")
	command.MarkFlagsMutuallyExclusive("until", "for")
	return command
}

// instant reads a time with its zone; nil when there is none.
func instant(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, usage("%s is %q, expected a time with its zone such as 2026-02-01T08:00:00Z or 2026-02-01T09:00:00+01:00", flag, text)
	}
	return given(at.UTC()), nil
}

// end reads --until, or --for after the begin, which is now when it is nil.
func end(from *time.Time, until, length string) (time.Time, error) {
	if until != "" {
		at, err := instant("--until", until)
		if err != nil {
			return time.Time{}, err
		}
		return *at, nil
	}
	while, ok := strictyaml.ParseDuration(length)
	if !ok {
		return time.Time{}, usage("--for is %q, expected a while such as 365d or 12h", length)
	}
	begin := time.Now()
	if from != nil {
		begin = *from
	}
	return begin.Add(while).UTC(), nil
}

func newQualificationRevokeCommand(c *cli) *cobra.Command {
	return c.endCommand(ending{"revoked", (*client.Client).QualificationRevoke}, &cobra.Command{
		Use:     "revoke QUALIFICATION",
		Short:   "End a qualification now",
		Example: "  tocsin qualification revoke QUA-0123456789 --reason \"failed the drill\"",
	})
}
