package people

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// SlackIdentities is the use case behind the operations on Slack users.
type SlackIdentities interface {
	List(ctx context.Context, p soar.Principal) ([]soar.SlackIdentity, error)
	Claim(ctx context.Context, p soar.Principal, code string) (soar.SlackIdentity, error)
	Unlink(ctx context.Context, p soar.Principal, team, user string) error
}

// SlackRoutes answers the operations on Slack users.
type SlackRoutes struct {
	Identities SlackIdentities
	Principal  func(context.Context) soar.Principal
}

// ListSlackIdentities gives which Slack users are which people.
func (r SlackRoutes) ListSlackIdentities(ctx context.Context, _ gen.ListSlackIdentitiesRequestObject) (gen.ListSlackIdentitiesResponseObject, error) {
	found, err := r.Identities.List(ctx, r.Principal(ctx))
	return gen.ListSlackIdentities200JSONResponse{Items: optional.List(found)}, err
}

// ClaimSlackCode links a Slack user with the caller.
func (r SlackRoutes) ClaimSlackCode(ctx context.Context, request gen.ClaimSlackCodeRequestObject) (gen.ClaimSlackCodeResponseObject, error) {
	linked, err := r.Identities.Claim(ctx, r.Principal(ctx), request.Body.Code)
	return gen.ClaimSlackCode201JSONResponse(linked), err
}

// UnlinkSlackUser ends a link.
func (r SlackRoutes) UnlinkSlackUser(ctx context.Context, request gen.UnlinkSlackUserRequestObject) (gen.UnlinkSlackUserResponseObject, error) {
	err := r.Identities.Unlink(ctx, r.Principal(ctx), request.TeamID, request.SlackUser)
	return gen.UnlinkSlackUser204Response{}, err
}
