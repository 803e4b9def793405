package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// ActivatePlaybook makes a published version the active one.
func (r playbookRoutes) ActivatePlaybook(ctx context.Context, request gen.ActivatePlaybookRequestObject) (gen.ActivatePlaybookResponseObject, error) {
	if err := r.checkActive(ctx, request.Name, request.Params.IfMatch); err != nil {
		return nil, err
	}
	version, err := r.playbooks.Activate(ctx, principal(ctx), request.Name, request.Body.Version)
	if err != nil {
		return nil, err
	}
	return gen.ActivatePlaybook200JSONResponse{Body: summary(version), Headers: gen.ActivatePlaybook200ResponseHeaders{ETag: etag(version)}}, nil
}

// DisablePlaybook leaves a playbook without an active version.
func (r playbookRoutes) DisablePlaybook(ctx context.Context, request gen.DisablePlaybookRequestObject) (gen.DisablePlaybookResponseObject, error) {
	if err := r.checkActive(ctx, request.Name, request.Params.IfMatch); err != nil {
		return nil, err
	}
	return gen.DisablePlaybook204Response{}, r.playbooks.Disable(ctx, principal(ctx), request.Name)
}

// checkActive compares with the active version; a playbook that is disabled has
// none that could match.
func (r playbookRoutes) checkActive(ctx context.Context, name string, match *string) error {
	if match == nil {
		return nil
	}
	versions, err := r.playbooks.Versions(ctx, principal(ctx), name)
	if err != nil {
		return err
	}
	tag := ""
	if active, ok := choose(versions, ""); ok && active.Active {
		tag = etag(active)
	}
	if !holds(match, tag) {
		return changedMeanwhile("what is active of playbook " + soar.Shorten(name, 100))
	}
	return nil
}
