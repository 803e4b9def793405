package client

import (
	"context"
	"io"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// Mine narrows a list to what is for the caller to decide or to do.
type Mine bool

// Approvals gives one page; empty fields match all.
func (c *Client) Approvals(ctx context.Context, status soar.ApprovalStatus, incidentID string, page Page, mine ...Mine) (*gen.ApprovalPage, error) {
	r, err := c.api.ListApprovalsWithResponse(ctx, &gen.ListApprovalsParams{
		Status: optional(status), IncidentID: optional(incidentID), Mine: only(mine), Limit: page.limit(), After: page.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

func only(mine []Mine) *bool {
	if len(mine) == 0 || !mine[0] {
		return nil
	}
	yes := true
	return &yes
}

// Approval gives one request for approval.
func (c *Client) Approval(ctx context.Context, id string) (*gen.Approval, error) {
	r, err := c.api.ShowApprovalWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Decide approves or denies. key makes it count once; see NewKey.
func (c *Client) Decide(ctx context.Context, id, key string, body gen.DecisionInput) (*gen.Approval, error) {
	r, err := c.api.DecideApprovalWithResponse(ctx, id, &gen.DecideApprovalParams{IdempotencyKey: &key}, body)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Ask asks for information about a request for approval. key makes it count once.
func (c *Client) Ask(ctx context.Context, id, key, question string) (*gen.Approval, error) {
	r, err := c.api.AskAboutApprovalWithResponse(ctx, id, &gen.AskAboutApprovalParams{IdempotencyKey: &key}, gen.QuestionInput{Question: question})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// AnswerQuestion answers a question about a request. key makes it count once.
func (c *Client) AnswerQuestion(ctx context.Context, id, questionID, key, text string) (*gen.Approval, error) {
	r, err := c.api.AnswerQuestionWithResponse(ctx, id, questionID, &gen.AnswerQuestionParams{IdempotencyKey: &key}, gen.AnswerInput{Answer: text})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Tasks gives one page; empty fields match all.
func (c *Client) Tasks(ctx context.Context, status soar.TaskStatus, incidentID string, page Page, mine ...Mine) (*gen.TaskPage, error) {
	r, err := c.api.ListTasksWithResponse(ctx, &gen.ListTasksParams{
		Status: optional(status), IncidentID: optional(incidentID), Mine: only(mine), Limit: page.limit(), After: page.after(),
	})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Task gives one task.
func (c *Client) Task(ctx context.Context, id string) (*gen.Task, error) {
	r, err := c.api.ShowTaskWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// TaskDone answers a task. key makes it count once; see NewKey.
func (c *Client) TaskDone(ctx context.Context, id, key string, given map[string]any) (*gen.Task, error) {
	r, err := c.api.CompleteTaskWithResponse(ctx, id, &gen.CompleteTaskParams{IdempotencyKey: &key}, gen.CompletionInput{Answer: given})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// TaskClaim takes a task on. key makes it count once; see NewKey.
func (c *Client) TaskClaim(ctx context.Context, id, key string) (*gen.Task, error) {
	r, err := c.api.ClaimTaskWithResponse(ctx, id, &gen.ClaimTaskParams{IdempotencyKey: &key})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// TaskAssign gives a task to somebody.
func (c *Client) TaskAssign(ctx context.Context, id, key string, to gen.TaskReceiver, reason string) (*gen.Task, error) {
	r, err := c.api.AssignTaskWithResponse(ctx, id, &gen.AssignTaskParams{IdempotencyKey: &key}, gen.AssignmentInput{To: to, Reason: reason})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// TaskRelease gives a claimed task back. reason may be empty for one's own.
func (c *Client) TaskRelease(ctx context.Context, id, key, reason string) (*gen.Task, error) {
	r, err := c.api.ReleaseTaskWithResponse(ctx, id, &gen.ReleaseTaskParams{IdempotencyKey: &key}, gen.TaskReleaseInput{Reason: optional(reason)})
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// Evidence gives what is known of an item, with its chain of custody.
func (c *Client) Evidence(ctx context.Context, id string) (*gen.EvidenceDetail, error) {
	r, err := c.api.ShowEvidenceWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(r.JSON200)
}

// EvidenceContent gives the bytes of an item. The caller closes them and compares
// their digest.
func (c *Client) EvidenceContent(ctx context.Context, id string) (io.ReadCloser, error) {
	r, err := c.api.DownloadEvidence(ctx, id, asStream)
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}
