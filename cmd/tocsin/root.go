package main

import (
	"github.com/spf13/cobra"
)

// Groups of subcommands in the help, in this order.
const (
	groupRun    = "run"
	groupWork   = "work"
	groupRecord = "record"
	groupAuthor = "author"
	groupAdmin  = "admin"
)

const rootLong = `Tocsin runs incident response: alerts in, playbooks with approvals, evidence and a
record that can be verified out.

Where the server is and who you are is looked for in this order: flags, then
TOCSIN_URL, TOCSIN_TOKEN and TOCSIN_TOKEN_FILE, then ./.tocsin/cli.yaml (which
"tocsin dev" writes), then ~/.config/tocsin/cli.yaml. A token from a file is sent
only to the url in the same file. Such files must not be readable by others.

Exit codes: 0 done; 1 failed, or findings; 2 used wrongly, or input that cannot be
read; 3 integrity failure, or not possible as things stand; 4 incomplete record;
5 unknown version; 6 not permitted; 7 no such thing; 8 not available now.`

const rootExample = `  tocsin alert send alert.json
  tocsin incident list
  tocsin incident watch INC-2026-0A1B2C
  tocsin approve APR-0123456789 --reason "confirmed with the owner"
  tocsin playbook lint playbooks/
  tocsin record verify INC-2026-0A1B2C`

// newRootCommand builds the whole command tree. Each subcommand has its own file
// and is added to one group here.
func newRootCommand() *cobra.Command {
	c := newCLI()
	root := &cobra.Command{
		Use:               "tocsin",
		Short:             "Incident response that is run, not only written down",
		Long:              rootLong,
		Example:           rootExample,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              noSuchCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%v", err) })
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupWork, Title: "Respond:"},
		&cobra.Group{ID: groupRecord, Title: "Prove:"},
		&cobra.Group{ID: groupAuthor, Title: "Write playbooks:"},
		&cobra.Group{ID: groupAdmin, Title: "Look after it:"},
	)
	root.SetHelpCommandGroupID(groupAdmin)
	root.SetCompletionCommandGroupID(groupAdmin)
	c.globalFlags(root)
	add(root, groupRun, newDevCommand(), newDemoCommand(), newServerCommand(), newWorkerCommand(), newMigrateCommand(), newConfigCommand(c), newLabCommand())
	add(root, groupWork, newAlertCommand(c), newIncidentCommand(c), newApprovalCommand(c), newApproveCommand(c), newDenyCommand(c), newTaskCommand(c), newEscalationCommand(c), newNotificationCommand(c), newOnCallCommand(c), newDutyCommand(c), newContainmentCommand(c), newClocksCommand(c), newMetricsCommand(c))
	add(root, groupRecord, newRecordCommand(c), newEvidenceCommand(c))
	add(root, groupAuthor, newPlaybookCommand(c), newConnectorCommand(c), newSourceCommand(c), newCorrelationCommand(c), newSimulateCommand(c))
	add(root, groupAdmin, newFreezeCommand(c), newProtectedCommand(c), newOutboxCommand(c), newTokenCommand(c), newPersonCommand(c), newQualificationCommand(c), newAbsenceCommand(c), newSlackCommand(c), newKeyCommand(), newDoctorCommand(c), newViewsCommand(c), newVersionCommand(c))
	return root
}

// add puts subcommands under a group.
func add(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, command := range commands {
		command.GroupID = group
		root.AddCommand(command)
	}
}

// family makes a command that only holds others, such as "tocsin alert".
func family(use, short, example string, children ...*cobra.Command) *cobra.Command {
	parent := &cobra.Command{
		Use: use, Short: short, Example: example, Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	parent.AddCommand(children...)
	return parent
}
