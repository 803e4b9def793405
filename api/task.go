package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type taskRoutes struct {
	tasks taskKeeper
	keys  keys
}

// ListTasks gives one page.
func (r taskRoutes) ListTasks(ctx context.Context, request gen.ListTasksRequestObject) (gen.ListTasksResponseObject, error) {
	params := request.Params
	tasks, next, err := r.tasks.Tasks(ctx, principal(ctx), soar.TaskFilter{
		Status: optional.Value(params.Status), IncidentID: optional.Value(params.IncidentID), Mine: mine(ctx, params.Mine),
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListTasks200JSONResponse{Items: optional.List(tasks), Next: optional.Of(next)}, err
}

// ShowTask gives one task with its form.
func (r taskRoutes) ShowTask(ctx context.Context, request gen.ShowTaskRequestObject) (gen.ShowTaskResponseObject, error) {
	task, err := r.tasks.Task(ctx, principal(ctx), request.TaskID)
	return gen.ShowTask200JSONResponse(task), err
}

// CompleteTask hands an answer on.
func (r taskRoutes) CompleteTask(ctx context.Context, request gen.CompleteTaskRequestObject) (gen.CompleteTaskResponseObject, error) {
	id := r.keys.id(ctx, request.TaskID, request.Params.IdempotencyKey)
	task, err := r.tasks.CompleteTask(ctx, principal(ctx), request.TaskID, id, request.Body.Answer)
	return gen.CompleteTask200JSONResponse(task), err
}

// ClaimTask hands on that the caller takes a task on.
func (r taskRoutes) ClaimTask(ctx context.Context, request gen.ClaimTaskRequestObject) (gen.ClaimTaskResponseObject, error) {
	task, err := r.tasks.HandTask(ctx, principal(ctx), incidents.HandRequest{
		TaskID: request.TaskID, RequestID: r.keys.id(ctx, request.TaskID, request.Params.IdempotencyKey), Do: protocol.TaskClaim,
	})
	return gen.ClaimTask200JSONResponse(task), err
}

// AssignTask hands on to whom a task is given.
func (r taskRoutes) AssignTask(ctx context.Context, request gen.AssignTaskRequestObject) (gen.AssignTaskResponseObject, error) {
	to := request.Body.To
	task, err := r.tasks.HandTask(ctx, principal(ctx), incidents.HandRequest{
		TaskID: request.TaskID, RequestID: r.keys.id(ctx, request.TaskID, request.Params.IdempotencyKey), Do: protocol.TaskAssign,
		To:     soar.Approver{Person: optional.Value(to.Person), Role: optional.Value(to.Role), Roster: optional.Value(to.Roster)},
		Reason: request.Body.Reason,
	})
	return gen.AssignTask200JSONResponse(task), err
}

// ReleaseTask hands on that a task is given back.
func (r taskRoutes) ReleaseTask(ctx context.Context, request gen.ReleaseTaskRequestObject) (gen.ReleaseTaskResponseObject, error) {
	task, err := r.tasks.HandTask(ctx, principal(ctx), incidents.HandRequest{
		TaskID: request.TaskID, RequestID: r.keys.id(ctx, request.TaskID, request.Params.IdempotencyKey), Do: protocol.TaskRelease,
		Reason: optional.Value(request.Body.Reason),
	})
	return gen.ReleaseTask200JSONResponse(task), err
}
