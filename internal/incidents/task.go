package incidents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/form"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Tasks gives one page of tasks, newest first, without those of incidents that the
// caller does not need to know of.
func (s *Service) Tasks(ctx context.Context, p soar.Principal, filter soar.TaskFilter) ([]soar.Task, string, error) {
	if err := access.Require(p, access.TaskRead, "incidents.Tasks"); err != nil {
		return nil, "", err
	}
	filter.Viewer = access.ViewerOf(p)
	if filter.Mine != nil {
		var err error
		if filter.OnCall, err = s.onCallBy(ctx, filter.Mine.Actor.ID); err != nil {
			return nil, "", err
		}
	}
	return s.store.TaskList(ctx, filter)
}

// Task gives one task with its form. One that was answered shows as done also
// before the workflow has taken the answer over.
func (s *Service) Task(ctx context.Context, p soar.Principal, id string) (soar.Task, error) {
	const op = "incidents.Task"
	if err := access.Require(p, access.TaskRead, op); err != nil {
		return soar.Task{}, err
	}
	return s.seeTask(ctx, p, thing{op, "task", id})
}

// seeTask gives a task of an incident that the caller needs to know of.
func (s *Service) seeTask(ctx context.Context, p soar.Principal, asked thing) (soar.Task, error) {
	task, err := s.store.TaskGet(ctx, asked.id)
	if err != nil {
		return soar.Task{}, hide(err, asked.op, asked.noun, asked.id)
	}
	if _, err := s.see(ctx, p, task.IncidentID, asked); err != nil {
		return soar.Task{}, err
	}
	return task, nil
}

// CompleteTask commits a task's answer, tells the workflow, and gives the task as
// it stands then. Sent again under the same id it does nothing. The answer must
// fit the task's form; the error names the field. The task is for whoever has claimed
// it, for its assignee when nobody has, and for who leads the response.
func (s *Service) CompleteTask(ctx context.Context, p soar.Principal, taskID, requestID string, answer map[string]any) (soar.Task, error) {
	const op = "incidents.CompleteTask"
	if err := checkText(op, "request_id", requestID, maxID); err != nil {
		return soar.Task{}, err
	}
	permitted := access.Require(p, access.TaskComplete, op)
	task, err := s.seeTask(ctx, p, thing{op, "task", taskID})
	if err != nil {
		if permitted != nil {
			return soar.Task{}, permitted // whether it exists is not said
		}
		return soar.Task{}, err
	}
	trying := attempt{p, task.IncidentID, "complete task " + task.ID, ""}
	if permitted == nil {
		permitted = s.mayComplete(ctx, op, p, task)
	}
	if permitted != nil {
		return soar.Task{}, s.refuse(ctx, trying, permitted)
	}
	if answer, err = fill(op, task.Form, answer); err != nil {
		return soar.Task{}, err
	}
	update := protocol.CompleteTask{Command: protocol.Command{ID: requestID, By: p.Actor, At: s.now()}, TaskID: task.ID, Answer: answer}
	if err := s.store.TaskComplete(ctx, task.ID, update, completed(p, task, update)); err != nil {
		return soar.Task{}, s.refuse(ctx, trying, err)
	}
	return s.complete(ctx, task, update)
}

// complete tells the workflow, and gives the task after that.
func (s *Service) complete(ctx context.Context, task soar.Task, update protocol.CompleteTask) (soar.Task, error) {
	_, _, err := s.deliver(ctx, order{task.IncidentID, protocol.UpdateCompleteTask, update.ID, update, decisionWait, false})
	if err != nil {
		return soar.Task{}, err
	}
	after, err := s.store.TaskGet(ctx, task.ID)
	if err != nil {
		// The answer is committed: failing now would make the person answer again.
		s.log.WarnContext(ctx, "a task was completed and cannot be read", "task", task.ID, "error", err)
		task.Status, task.Answer = soar.TaskDone, update.Answer
		task.CompletedAt, task.CompletedBy = &update.At, &update.By
		return task, nil
	}
	return after, nil
}

// mayComplete says why the task is not the caller's, or nil. Whoever may skip a
// step may also do its work.
func (s *Service) mayComplete(ctx context.Context, op string, p soar.Principal, task soar.Task) error {
	if access.Can(p, access.IncidentOverride) {
		return nil
	}
	if by := task.ClaimedBy; by != nil {
		if by.Same(p.Actor) {
			return nil
		}
		return soar.Errorf(soar.CodeDenied, op, "task %s is with %s, who has claimed it", task.ID, by.ID)
	}
	mine, err := s.isFor(ctx, p, task.Assignee)
	if err == nil && !mine {
		err = soar.Errorf(soar.CodeDenied, op, "task %s is for %s", task.ID, task.Assignee.Name())
	}
	return err
}

// fill holds an answer against the task's form and gives it with the form's defaults.
// What does not fit is invalid; form.Faults in the error has all of it, with JSON
// pointers into the request.
func fill(op string, asked, answer map[string]any) (map[string]any, error) {
	filled, err := form.Fill(asked, answer)
	if faults, ok := errors.AsType[form.Faults](err); ok {
		faults = faults.Under("/answer")
		wrong := soar.Wrap(soar.CodeInvalid, op, faults, "%s", faults.Error())
		wrong.Field = faults[0].Field
		return nil, wrong
	}
	if err != nil { // forms are checked when a playbook is published
		return nil, soar.Wrap(soar.CodeInternal, op, err, "the form of this task cannot be used")
	}
	raw, err := json.Marshal(filled)
	if err != nil {
		return nil, invalid(op, "/answer", "the answer cannot be written as JSON")
	}
	if len(raw) > maxPayload {
		return nil, invalid(op, "/answer", "the answer has %d bytes, at most %d are taken", len(raw), maxPayload)
	}
	return filled, nil
}

func completed(p soar.Principal, task soar.Task, update protocol.CompleteTask) record.Payload {
	return record.Payload{
		At: update.At, Kind: protocol.EventCommand, By: p.Actor, Step: task.StepPath,
		Text: soar.Shorten(fmt.Sprintf("%s completed task %s: %s", p.Actor.ID, task.ID, task.Title), maxText),
		Data: data(map[string]any{"update": protocol.UpdateCompleteTask, "task": task.ID, "answer": update.Answer, "token": p.Token}),
	}
}
