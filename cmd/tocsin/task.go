package main

import (
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsin-soar/tocsin/api/client"
	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

func newTaskCommand(c *cli) *cobra.Command {
	return family("task", "Work that playbooks give to people", "  tocsin task list\n  tocsin task done TSK-0123456789 --set confirmed=true",
		newTaskListCommand(c), newTaskShowCommand(c), newTaskDoneCommand(c))
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
		rows[i] = []any{t.ID, p.state(string(t.Status)), t.IncidentID, orDash(whenSet(t.DueAt)), orDash(approvers([]soar.Approver{t.Assignee})), cut(t.Title, 60)}
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
	by := ""
	if t.CompletedBy != nil {
		by = actor(*t.CompletedBy)
	}
	p.fields("task", t.ID, "title", t.Title, "state", p.state(string(t.Status)), "incident", t.IncidentID, "step", t.StepPath,
		"whose", approvers([]soar.Approver{t.Assignee}), "given", when(t.CreatedAt), "due", whenSet(t.DueAt), "done", join(" by ", whenSet(t.CompletedAt), by))
	if len(t.Form) > 0 {
		p.section("Form (JSON Schema of the answer)")
		p.values(t.Form)
	}
	if len(t.Answer) > 0 {
		p.section("Answer")
		p.values(t.Answer)
	}
}

func newTaskDoneCommand(c *cli) *cobra.Command {
	var given string
	var set []string
	command := &cobra.Command{
		Use:     "done TASK",
		Short:   "Answer a task",
		Long:    "Answer a task. The answer must fit the task's form; \"tocsin task show\" shows it.",
		Example: "  tocsin task done TSK-0123456789\n  tocsin task done TSK-0123456789 --set confirmed=true --set note=\"called at 9\"\n  tocsin task done TSK-0123456789 --answer '{\"confirmed\": true}'\n  tocsin task done TSK-0123456789 --answer answer.json",
		Args:    words(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			answer, err := pairs("--set", set)
			if err != nil {
				return err
			}
			if given != "" {
				if answer, err = readAnswer(cmd, given); err != nil {
					return err
				}
			}
			server, err := c.connect()
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
	command.Flags().StringVar(&given, "answer", "", "the answer as a JSON object, or the file that holds it; - is standard input")
	command.Flags().StringArrayVar(&set, "set", nil, "name=value, the value as JSON or text; may be repeated")
	command.MarkFlagsMutuallyExclusive("answer", "set")
	return command
}

// readAnswer takes the object itself, which begins with a brace, or the name of a
// file that holds it.
func readAnswer(cmd *cobra.Command, given string) (map[string]any, error) {
	const most = 256 << 10
	body, where := []byte(given), "--answer"
	if !strings.HasPrefix(strings.TrimSpace(given), "{") {
		var err error
		if body, err = readInput(cmd, given, most); err != nil {
			return nil, err
		}
		where = given
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, usage("%s: expected a JSON object: %v", where, err)
	}
	return answer, nil
}
