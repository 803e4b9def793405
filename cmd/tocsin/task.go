package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newTaskCommand(c *cli) *cobra.Command {
	return family("task", "Work that playbooks give to people", "  tocsin task list\n  tocsin task done TSK-0123456789 --answer confirmed=true",
		newTaskListCommand(c), newTaskShowCommand(c), newTaskClaimCommand(c), newTaskAssignCommand(c), newTaskReleaseCommand(c), newTaskDoneCommand(c))
}

func newTaskListCommand(c *cli) *cobra.Command {
	var status, incident string
	var mine bool
	var page client.Page
	command := &cobra.Command{
		Use:     "list",
		Short:   "List tasks, by default those that are open",
		Example: "  tocsin task list\n  tocsin task list --status all --incident INC-2026-0A1B2C",
		Args:    words(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			if status == "all" {
				status = ""
			}
			found, err := server.Tasks(cmd.Context(), soar.TaskStatus(status), incident, page, client.Mine(mine))
			if err != nil {
				return err
			}
			return c.show(cmd, found, func(p *printer) { printTasks(p, found.Items, found.Next) })
		},
	}
	command.Flags().StringVar(&status, "status", "open", "open, done, cancelled or all")
	command.Flags().StringVar(&incident, "incident", "", "of this incident")
	command.Flags().BoolVar(&mine, "mine", false, "only what is for you")
	pageFlags(command, &page)
	return command
}

func printTasks(p *printer, tasks []gen.Task, next *string) {
	rows := make([][]any, len(tasks))
	for i, t := range tasks {
		rows[i] = []any{t.ID, p.state(string(t.Status)), t.IncidentID, orDash(whenSet(t.DueAt)), orDash(whoseTask(t)), cut(t.Title, 60)}
	}
	p.list([]string{"TASK", "STATE", "INCIDENT", "DUE", "WHOSE", "TITLE"}, rows, next)
}

func newTaskShowCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:     "show TASK",
		Short:   "Show one task with its form",
		Example: "  tocsin task show TSK-0123456789",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			task, err := server.Task(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.show(cmd, task, func(p *printer) { printTask(p, *task) })
		},
	}
}

func printTask(p *printer, t gen.Task) {
	p.fields("task", t.ID, "title", t.Title, "state", p.state(string(t.Status)), "incident", t.IncidentID, "step", t.StepPath,
		"for", approvers([]soar.Approver{t.Assignee}), "assigned", byWhom(t.AssignedAt, t.AssignedBy), "claimed", byWhom(t.ClaimedAt, t.ClaimedBy), "given", when(t.CreatedAt), "due", whenSet(t.DueAt), "done", byWhom(t.CompletedAt, t.CompletedBy))
	if len(t.Form) > 0 {
		p.section("Form (JSON Schema of the answer)")
		p.values(t.Form)
	}
	if len(t.Answer) > 0 {
		p.section("Answer")
		p.values(t.Answer)
	}
}

// byWhom says when something was done and by whom; nothing when it was not.
func byWhom(at *time.Time, by *soar.Actor) string {
	if at == nil || by == nil {
		return ""
	}
	return whenSet(at) + " by " + actor(*by)
}

func newTaskDoneCommand(c *cli) *cobra.Command {
	var flags answerFlags
	command := &cobra.Command{
		Use:   "done TASK",
		Short: "Answer a task",
		Long: `Answer a task. The answer must fit the task's form; "tocsin task show" shows it. On a
terminal, without flags, the form's fields are asked for.`,
		Example: "  tocsin task done TSK-0123456789\n  tocsin task done TSK-0123456789 --answer confirmed=true --answer note=\"called at 9\"\n  tocsin task done TSK-0123456789 --answer host.name=web-1\n  tocsin task done TSK-0123456789 --answers answers.json",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.connect()
			if err != nil {
				return err
			}
			answer, err := flags.readAnswer(cmd, func() (map[string]any, error) {
				task, err := server.Task(cmd.Context(), args[0])
				if err != nil {
					return nil, err
				}
				return task.Form, nil
			})
			if err != nil {
				return err
			}
			task, err := server.TaskDone(cmd.Context(), args[0], client.NewKey(), answer)
			if err != nil {
				return err
			}
			return c.show(cmd, task, func(p *printer) { p.line("%s  %s", task.ID, p.state(string(task.Status))) })
		},
	}
	command.Flags().StringArrayVar(&flags.given, "answer", nil, "name=value, typed as the form says, may be repeated; or all of it as one JSON object")
	command.Flags().StringVar(&flags.file, "answers", "", "the file that holds the answer as a JSON object; - is standard input")
	command.MarkFlagsMutuallyExclusive("answer", "answers")
	return command
}
