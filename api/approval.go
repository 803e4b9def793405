package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/incidents"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type approvalRoutes struct {
	approvals approvalKeeper
	keys      keys
}

// ListApprovals gives one page.
func (r approvalRoutes) ListApprovals(ctx context.Context, request gen.ListApprovalsRequestObject) (gen.ListApprovalsResponseObject, error) {
	params := request.Params
	approvals, next, err := r.approvals.Approvals(ctx, principal(ctx), soar.ApprovalFilter{
		Status: optional.Value(params.Status), IncidentID: optional.Value(params.IncidentID), Mine: mine(ctx, params.Mine),
		Page: soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)},
	})
	return gen.ListApprovals200JSONResponse{Items: optional.List(approvals), Next: optional.Of(next)}, err
}

// ShowApproval gives one request with what it binds.
func (r approvalRoutes) ShowApproval(ctx context.Context, request gen.ShowApprovalRequestObject) (gen.ShowApprovalResponseObject, error) {
	approval, err := r.approvals.Approval(ctx, principal(ctx), request.ApprovalID)
	return gen.ShowApproval200JSONResponse(approval), err
}

// DecideApproval hands a person's decision on.
func (r approvalRoutes) DecideApproval(ctx context.Context, request gen.DecideApprovalRequestObject) (gen.DecideApprovalResponseObject, error) {
	approval, err := r.approvals.Decide(ctx, principal(ctx), incidents.DecideRequest{
		ApprovalID: request.ApprovalID,
		DecisionID: r.keys.id(ctx, request.ApprovalID, request.Params.IdempotencyKey),
		Approve:    request.Body.Decision == gen.Approve,
		Reason:     request.Body.Reason,
		Digest:     optional.Value(request.Body.Digest),
		Via:        viaAPI,
	})
	return gen.DecideApproval200JSONResponse(approval), err
}

// AskAboutApproval hands a question on.
func (r approvalRoutes) AskAboutApproval(ctx context.Context, request gen.AskAboutApprovalRequestObject) (gen.AskAboutApprovalResponseObject, error) {
	approval, err := r.approvals.Ask(ctx, principal(ctx), incidents.AskRequest{
		ApprovalID: request.ApprovalID, QuestionID: r.keys.id(ctx, request.ApprovalID, request.Params.IdempotencyKey),
		Text: request.Body.Question, Via: viaAPI,
	})
	return gen.AskAboutApproval200JSONResponse(approval), err
}

// AnswerQuestion hands an answer on.
func (r approvalRoutes) AnswerQuestion(ctx context.Context, request gen.AnswerQuestionRequestObject) (gen.AnswerQuestionResponseObject, error) {
	approval, err := r.approvals.Answer(ctx, principal(ctx), incidents.AnswerRequest{
		ApprovalID: request.ApprovalID, QuestionID: request.QuestionID,
		AnswerID: r.keys.id(ctx, request.ApprovalID+" "+request.QuestionID, request.Params.IdempotencyKey),
		Text:     request.Body.Answer, Via: viaAPI,
	})
	return gen.AnswerQuestion200JSONResponse(approval), err
}
