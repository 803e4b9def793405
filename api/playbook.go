package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/diag"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

type playbookRoutes struct{ playbooks playbookKeeper }

// ListPlaybooks gives one page of versions.
func (r playbookRoutes) ListPlaybooks(ctx context.Context, request gen.ListPlaybooksRequestObject) (gen.ListPlaybooksResponseObject, error) {
	params := request.Params
	versions, next, err := r.playbooks.List(ctx, principal(ctx), soar.Page{Limit: optional.Value(params.Limit), After: optional.Value(params.After)})
	return gen.ListPlaybooks200JSONResponse{Items: summaries(versions), Next: optional.Of(next)}, err
}

// ShowPlaybook gives one version with its text and plan.
func (r playbookRoutes) ShowPlaybook(ctx context.Context, request gen.ShowPlaybookRequestObject) (gen.ShowPlaybookResponseObject, error) {
	versions, err := r.playbooks.Versions(ctx, principal(ctx), request.Name)
	if err != nil {
		return nil, err
	}
	shown, ok := choose(versions, optional.Value(request.Params.Version))
	if !ok {
		return nil, soar.Errorf(soar.CodeNotFound, "api.ShowPlaybook", "there is no such version of this playbook")
	}
	return gen.ShowPlaybook200JSONResponse{
		Body: gen.PlaybookDetail{
			Playbook: shown.Playbook, Version: shown.Version, Digest: shown.Digest, Active: shown.Active,
			PublishedBy: shown.PublishedBy, PublishedAt: shown.PublishedAt, Source: shown.Source,
			Plan: shown.Plan, Versions: summaries(versions),
		},
		Headers: gen.ShowPlaybook200ResponseHeaders{ETag: etag(shown)},
	}, nil
}

// choose gives the version of this name; without one the active, and without an
// active one the first, which is the newest.
func choose(versions []soar.PlaybookVersion, version string) (soar.PlaybookVersion, bool) {
	wanted := slices.IndexFunc(versions, func(v soar.PlaybookVersion) bool {
		return v.Version == version || (version == "" && v.Active)
	})
	if wanted < 0 && version == "" && len(versions) > 0 {
		wanted = 0
	}
	if wanted < 0 {
		return soar.PlaybookVersion{}, false
	}
	return versions[wanted], true
}

// LintPlaybook tells what is wrong with a text.
func (r playbookRoutes) LintPlaybook(ctx context.Context, _ gen.LintPlaybookRequestObject) (gen.LintPlaybookResponseObject, error) {
	plan, found, err := r.playbooks.Lint(callFrom(ctx).raw)
	return gen.LintPlaybook200JSONResponse{Ok: !found.HasErrors(), Diagnostics: optional.List(found), Plan: optional.JSON(plan)}, err
}

// PublishPlaybook publishes a version.
func (r playbookRoutes) PublishPlaybook(ctx context.Context, request gen.PublishPlaybookRequestObject) (gen.PublishPlaybookResponseObject, error) {
	if err := r.checkMatch(ctx, request.Name, request.Params.IfMatch); err != nil {
		return nil, err
	}
	version, found, err := r.playbooks.Publish(ctx, principal(ctx), request.Name, callFrom(ctx).raw)
	if err != nil {
		return nil, err
	}
	if found.HasErrors() {
		return nil, lintErrors(found)
	}
	return gen.PublishPlaybook200JSONResponse{
		Body:    gen.PublishResult{Playbook: summary(version), Diagnostics: optional.List(found)},
		Headers: gen.PublishPlaybook200ResponseHeaders{ETag: etag(version)},
	}, nil
}

// checkMatch keeps an author from publishing over a version not seen. Two that
// pass it at once both publish: versions never change, so nothing is lost.
func (r playbookRoutes) checkMatch(ctx context.Context, name string, match *string) error {
	if match == nil {
		return nil
	}
	versions, err := r.playbooks.Versions(ctx, principal(ctx), name)
	if err != nil && soar.CodeOf(err) != soar.CodeNotFound {
		return err
	}
	tag := ""
	if current, ok := choose(versions, ""); ok {
		tag = etag(current)
	}
	if !holds(match, tag) {
		return changedMeanwhile("the playbook")
	}
	return nil
}

func lintErrors(found diag.List) error {
	return &refusal{status: http.StatusUnprocessableEntity, code: soar.CodeInvalid, message: "the playbook has " + found.Summary(), diagnostics: found}
}

func etag(v soar.PlaybookVersion) string { return `"` + v.Digest + `"` }

func summaries(versions []soar.PlaybookVersion) []gen.PlaybookSummary {
	out := make([]gen.PlaybookSummary, len(versions))
	for i, version := range versions {
		out[i] = summary(version)
	}
	return out
}

func summary(v soar.PlaybookVersion) gen.PlaybookSummary {
	return gen.PlaybookSummary{
		Playbook: v.Playbook, Version: v.Version, Digest: v.Digest, Active: v.Active,
		PublishedBy: v.PublishedBy, PublishedAt: v.PublishedAt,
	}
}
