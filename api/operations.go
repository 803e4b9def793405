package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type operationsRoutes struct{ operations operator }

// ShowOutbox tells how the outbox stands.
func (r operationsRoutes) ShowOutbox(ctx context.Context, request gen.ShowOutboxRequestObject) (gen.ShowOutboxResponseObject, error) {
	backlog, err := r.operations.Outbox(ctx, principal(ctx), optional.Value(request.Params.Limit))
	if err != nil {
		return nil, err
	}
	out := gen.ShowOutbox200JSONResponse{Waiting: backlog.Waiting, OldestSeconds: float32(backlog.Oldest.Seconds()), Parked: backlog.Parked, Items: []gen.OutboxItem{}}
	for _, item := range backlog.Items {
		out.Items = append(out.Items, gen.OutboxItem{ID: item.ID, Kind: item.Kind, Key: item.Key, Attempts: item.Attempts, CreatedAt: item.CreatedAt, Problem: item.Problem})
	}
	return out, nil
}

// RetryOutboxItem puts a parked item back in line.
func (r operationsRoutes) RetryOutboxItem(ctx context.Context, request gen.RetryOutboxItemRequestObject) (gen.RetryOutboxItemResponseObject, error) {
	return gen.RetryOutboxItem204Response{}, r.operations.Retry(ctx, principal(ctx), request.ItemID)
}

// ListProtected gives the protected targets.
func (r operationsRoutes) ListProtected(ctx context.Context, _ gen.ListProtectedRequestObject) (gen.ListProtectedResponseObject, error) {
	found, err := r.operations.Protected(ctx, principal(ctx))
	return gen.ListProtected200JSONResponse{
		Body: gen.ProtectedList{Items: optional.List(found)}, Headers: gen.ListProtected200ResponseHeaders{ETag: tagOf(optional.List(found))},
	}, err
}

// ReplaceProtected puts another list in the place of the one that was seen. The
// store compares again under its lock.
func (r operationsRoutes) ReplaceProtected(ctx context.Context, request gen.ReplaceProtectedRequestObject) (gen.ReplaceProtectedResponseObject, error) {
	const what = "the list of protected targets"
	before, err := r.operations.Protected(ctx, principal(ctx))
	if err != nil {
		return nil, err
	}
	if !holds(&request.Params.IfMatch, tagOf(optional.List(before))) {
		return nil, changedMeanwhile(what)
	}
	after, err := r.operations.Protect(ctx, principal(ctx), before, request.Body.Items, request.Body.Reason)
	if soar.CodeOf(err) == soar.CodeConflict {
		return nil, changedMeanwhile(what)
	}
	return gen.ReplaceProtected200JSONResponse{
		Body: gen.ProtectedList{Items: optional.List(after)}, Headers: gen.ReplaceProtected200ResponseHeaders{ETag: tagOf(optional.List(after))},
	}, err
}
