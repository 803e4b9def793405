package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/notify/letter"
	"github.com/tocsin-soar/tocsin/internal/notify/preview"
	"github.com/tocsin-soar/tocsin/internal/policy"
)

func newNotificationPreviewCommand(c *cli) *cobra.Command {
	var kind, by, dir string
	var minimal, rich bool
	command := &cobra.Command{
		Use:   "preview",
		Short: "Show an example message as a way would send it, without sending",
		Long: `Show an example of a kind of message as a kind of way would send it. Nothing is sent and no
server is asked. With --policy the templates are used that stand in the folder templates of
the site's policy_dir; their faults are told with file and line.

Kinds: ` + kindsInLines(policy.MessageKinds()) + `.`,
		Example: "  tocsin notification preview --kind approval_requested --way email --policy policy/\n  tocsin notification preview --way email --html > mail.html\n  tocsin notification preview --kind escalation --way teams --reduced",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			letters, faults := letter.Load(dir)
			printFaults(cmd, faults)
			if faults.HasErrors() {
				return &exit{code: exitFailed, message: "the templates have faults: " + faults.Summary()}
			}
			shown, err := preview.Show(kind, by, minimal, letters)
			if err != nil {
				return usage("%v", err)
			}
			if rich {
				if shown.HTML == "" {
					return usage("a message by %s has no HTML", by)
				}
				_, err := fmt.Fprint(cmd.OutOrStdout(), shown.HTML)
				return err
			}
			return c.show(cmd, shown, func(p *printer) { printPreview(p, shown) })
		},
	}
	flags := command.Flags()
	flags.StringVar(&dir, "policy", "", "policy_dir of the site, for the templates below it")
	flags.StringVar(&kind, "kind", "approval_requested", "kind of message")
	flags.StringVar(&by, "way", "email", diag.OneOf(preview.Ways()))
	flags.BoolVar(&minimal, "reduced", false, "as a label lets it out that the way may not carry in full")
	flags.BoolVar(&rich, "html", false, "only the HTML of a mail")
	return command
}

func printPreview(p *printer, shown preview.Shown) {
	if shown.Payload == nil {
		p.fields("subject", shown.Subject, "template", shown.Template)
		p.line("")
		for line := range strings.SplitSeq(strings.TrimRight(shown.Text, "\n"), "\n") {
			p.line("%s", line)
		}
		return
	}
	var value any
	if err := json.Unmarshal(shown.Payload, &value); err != nil {
		value = string(shown.Payload)
	}
	indented, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		indented = shown.Payload // it was read just now
	}
	for line := range strings.SplitSeq(string(indented), "\n") {
		p.line("%s", line)
	}
}

// kindsInLines lists words in lines of at most 90 columns.
func kindsInLines(kinds []string) string {
	var b strings.Builder
	column := len("Kinds: ")
	for i, kind := range kinds {
		switch {
		case i == 0:
		case column+len(kind)+3 > 90:
			b.WriteString(",\n")
			column = 0
		default:
			b.WriteString(", ")
			column += 2
		}
		b.WriteString(kind)
		column += len(kind)
	}
	return b.String()
}
