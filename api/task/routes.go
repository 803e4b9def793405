package task

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Keeper is the use case behind the operations: internal/incidents.
type Keeper interface {
	Tasks(ctx context.Context, p soar.Principal, filter soar.TaskFilter) ([]soar.Task, string, error)
	Task(ctx context.Context, p soar.Principal, id string) (soar.Task, error)
	CompleteTask(ctx context.Context, p soar.Principal, taskID, requestID string, answer map[string]any) (soar.Task, error)
	HandTask(ctx context.Context, p soar.Principal, request incidents.HandRequest) (soar.Task, error)
}

// Routes answers the operations. What all of the API's operations share is given.
type Routes struct {
	Keeper Keeper
	Caller func(context.Context) soar.Principal
	ID     func(ctx context.Context, target string, key *string) string // under which a request is carried out once
}

// ListTasks gives one page.
func (r Routes) ListTasks(ctx context.Context, request gen.ListTasksRequestObject) (gen.ListTasksResponseObject, error) {
	params := request.Params
	tasks, next, err := r.Keeper.Tasks(ctx, r.Caller(ctx), soar.TaskFilter{
		Status: optional.Value(params.Status), IncidentID: optional.Value(params.IncidentID), Mine: r.mine(ctx, params.Mine),
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListTasks200JSONResponse{Items: optional.List(tasks), Next: optional.Of(next)}, err
}

// ShowTask gives one task with its form.
func (r Routes) ShowTask(ctx context.Context, request gen.ShowTaskRequestObject) (gen.ShowTaskResponseObject, error) {
	task, err := r.Keeper.Task(ctx, r.Caller(ctx), request.TaskID)
	return gen.ShowTask200JSONResponse(task), err
}

// CompleteTask hands an answer on.
func (r Routes) CompleteTask(ctx context.Context, request gen.CompleteTaskRequestObject) (gen.CompleteTaskResponseObject, error) {
	id := r.ID(ctx, request.TaskID, request.Params.IdempotencyKey)
	task, err := r.Keeper.CompleteTask(ctx, r.Caller(ctx), request.TaskID, id, request.Body.Answer)
	return gen.CompleteTask200JSONResponse(task), err
}

// ClaimTask hands on that the caller takes a task on.
func (r Routes) ClaimTask(ctx context.Context, request gen.ClaimTaskRequestObject) (gen.ClaimTaskResponseObject, error) {
	task, err := r.Keeper.HandTask(ctx, r.Caller(ctx), incidents.HandRequest{
		TaskID: request.TaskID, RequestID: r.ID(ctx, request.TaskID, request.Params.IdempotencyKey), Do: protocol.TaskClaim,
	})
	return gen.ClaimTask200JSONResponse(task), err
}

// AssignTask hands on to whom a task is given.
func (r Routes) AssignTask(ctx context.Context, request gen.AssignTaskRequestObject) (gen.AssignTaskResponseObject, error) {
	to := request.Body.To
	task, err := r.Keeper.HandTask(ctx, r.Caller(ctx), incidents.HandRequest{
		TaskID: request.TaskID, RequestID: r.ID(ctx, request.TaskID, request.Params.IdempotencyKey), Do: protocol.TaskAssign,
		To:     soar.Approver{Person: optional.Value(to.Person), Role: optional.Value(to.Role), Roster: optional.Value(to.Roster)},
		Reason: request.Body.Reason,
	})
	return gen.AssignTask200JSONResponse(task), err
}

// ReleaseTask hands on that a task is given back.
func (r Routes) ReleaseTask(ctx context.Context, request gen.ReleaseTaskRequestObject) (gen.ReleaseTaskResponseObject, error) {
	task, err := r.Keeper.HandTask(ctx, r.Caller(ctx), incidents.HandRequest{
		TaskID: request.TaskID, RequestID: r.ID(ctx, request.TaskID, request.Params.IdempotencyKey), Do: protocol.TaskRelease,
		Reason: optional.Value(request.Body.Reason),
	})
	return gen.ReleaseTask200JSONResponse(task), err
}

func (r Routes) mine(ctx context.Context, wanted *bool) *soar.Principal {
	if !optional.Value(wanted) {
		return nil
	}
	who := r.Caller(ctx)
	return &who
}
