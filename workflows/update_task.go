package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-soar/tocsin/internal/form"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
	"github.com/tocsin-soar/tocsin/workflows/interpreter"
	"github.com/tocsin-soar/tocsin/workflows/state"
)

// handleTasks registers what people do with their work.
func (i *incident) handleTasks(ctx workflow.Context) error {
	return all(
		install(ctx, i, update[protocol.CompleteTask]{
			name: protocol.UpdateCompleteTask, about: "A task's answer.",
			check: i.mayComplete, do: i.completeTask,
		}),
		install(ctx, i, update[protocol.HandTask]{
			name: protocol.UpdateHandTask, about: "Somebody claims a task, gives it to somebody, or gives it back.",
			check: i.mayHand, do: i.handTask,
		}),
	)
}

func (i *incident) task(id string) (*state.Task, error) {
	task := i.Case.Task(id)
	if task == nil {
		return nil, fmt.Errorf("there is no task %s in incident %s", id, i.Case.Incident.ID)
	}
	return task, nil
}

func (i *incident) mayComplete(c protocol.CompleteTask) error {
	task, err := i.task(c.TaskID)
	if err != nil {
		return err
	}
	if err := task.MayComplete(); err != nil {
		return err
	}
	return form.Check(task.Form, c.Answer)
}

func (i *incident) completeTask(c protocol.CompleteTask) protocol.Reply {
	task := i.Case.Task(c.TaskID)
	task.Complete(c.Answer, c.By, i.Now())
	i.Case.TouchTask(task)
	i.tellBy(c.By, protocol.EventTaskDone, task.StepPath, "Task "+task.ID+" done: "+task.Title, map[string]any{"task": task.ID, "answer": c.Answer})
	return reply("task %s is done", task.ID)
}

func (i *incident) mayHand(h protocol.HandTask) error {
	task, err := i.task(h.TaskID)
	if err != nil {
		return err
	}
	switch h.Do {
	case protocol.TaskClaim, protocol.TaskAssign, protocol.TaskRelease:
		return task.MayHand(h.Holding)
	default:
		return fmt.Errorf("a task is claimed, assigned or released, not %q", h.Do)
	}
}

// handTask lets somebody else have the task. What a later command has overtaken stands
// in the record and changes nothing more.
func (i *incident) handTask(h protocol.HandTask) protocol.Reply {
	task := i.Case.Task(h.TaskID)
	before := task.Holding()
	latest := task.Hand(h.Holding)
	text := handed(task, h)
	i.tellBy(h.By, protocol.EventTaskAssigned, task.StepPath, text, map[string]any{"task": task.ID, "do": h.Do, "holding": h.Holding, "reason": h.Reason})
	if !latest {
		return reply("task %s is with somebody else by a later word", task.ID)
	}
	i.Case.TouchTask(task)
	i.tellHanded(task, h, before)
	return reply("%s", text)
}

// tellHanded tells whoever the task is for now, and from whom it was taken.
func (i *incident) tellHanded(task *state.Task, h protocol.HandTask, before soar.Holding) {
	body := "Incident " + task.IncidentID + ": " + task.Title
	if h.Reason != "" {
		body += "\n" + h.By.ID + ": " + h.Reason
	}
	if h.Do != protocol.TaskClaim {
		i.Send(protocol.Message{Kind: interpreter.MessageTaskAssigned, About: task.ID, To: []soar.Approver{task.Assignee}, Subject: task.ID + ": " + task.Title, Body: body})
	}
	if taken := before.ClaimedBy; taken != nil && !taken.Same(h.By) && task.Assignee.Person != taken.ID {
		i.Send(protocol.Message{Kind: interpreter.MessageNote, About: task.ID, To: []soar.Approver{before.Who()}, Subject: task.ID + " is no longer yours: " + task.Title, Body: body})
	}
}

func handed(task *state.Task, h protocol.HandTask) string {
	text := fmt.Sprintf("%s claimed task %s: %s", h.By.ID, task.ID, task.Title)
	switch h.Do {
	case protocol.TaskAssign:
		text = fmt.Sprintf("%s gave task %s to %s: %s", h.By.ID, task.ID, h.Holding.Assignee.Name(), task.Title)
	case protocol.TaskRelease:
		text = fmt.Sprintf("%s gave task %s back to %s: %s", h.By.ID, task.ID, h.Holding.Assignee.Name(), task.Title)
	}
	if h.Reason != "" {
		text += ": " + h.Reason
	}
	return text
}
