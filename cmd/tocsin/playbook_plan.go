package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

func newPlanCommand(c *cli) *cobra.Command {
	var config string
	command := &cobra.Command{
		Use:   "plan FILE [FILE|FOLDER...]",
		Short: "Show what a playbook compiles to",
		Long: `Show what a playbook compiles to: the plan that incidents pin by its digest. As text
it is an outline of the steps; as JSON it is the plan itself. Works without a server; the
further files are the playbooks that it calls.

Exit codes: 0 done; 1 the playbook has errors; 2 the file cannot be read.`,
		Example: "  tocsin playbook plan phishing.yaml\n  tocsin playbook plan phishing.yaml -o json\n  tocsin playbook plan phishing.yaml playbooks/",
		Args:    words(1, manyWords),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readPlaybooks(cmd, args)
			if err != nil {
				return err
			}
			if files[args[0]] == nil {
				return usage("%s is a folder; name the file whose plan you want first", args[0])
			}
			shelf, err := newShelf(config, files)
			if err != nil {
				return err
			}
			compiled, found := shelf.compile(args[0])
			if compiled == nil {
				return tellFaults(cmd, "the playbook", found, files)
			}
			return c.show(cmd, compiled, func(p *printer) { printPlan(p, compiled) })
		},
	}
	catalogFlag(command, &config)
	return command
}

func printPlan(p *printer, compiled *plan.Plan) {
	trigger := ""
	if compiled.Trigger != nil {
		trigger = compiled.Trigger.When.Source
	}
	p.fields("playbook", compiled.Playbook, "version", compiled.Version, "title", compiled.Title, "owner", compiled.Owner, "starts when", trigger, "digest", compiled.Digest)
	p.section("Steps")
	outline(p, compiled.Steps, 0)
}

func outline(p *printer, steps []*plan.Step, depth int) {
	for _, step := range steps {
		condition := ""
		if step.When != nil {
			condition = "  when " + step.When.Source
		}
		p.line("%s%s  %s%s%s", strings.Repeat("  ", depth), p.bold(step.ID), what(step), phase(step), condition)
		for _, inner := range step.Children() {
			outline(p, inner, depth+1)
		}
	}
}

func what(step *plan.Step) string {
	switch {
	case step.Action != nil:
		undo := ""
		if step.Action.Undo != nil {
			undo = ", undone by " + step.Action.Undo.Ref()
		}
		return step.Action.Ref() + " (" + step.Action.Risk + undo + ")"
	case step.Approval != nil:
		return "approval, binds " + orDash(strings.Join(step.Approval.Bind, ", "))
	case step.ForEach != nil:
		return "for each " + step.ForEach.As + " of " + step.ForEach.List.Source
	case step.Call != nil:
		return "call " + step.Call.Playbook
	default:
		return string(step.Kind)
	}
}

func phase(step *plan.Step) string {
	if step.Phase == "" {
		return ""
	}
	return " [" + step.Phase + "]"
}
