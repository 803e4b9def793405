package api

import (
	"context"

	"github.com/tocsin-soar/tocsin/api/gen"
	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/access"
)

type meRoutes struct{}

// ShowMe tells who the token is and what it permits.
func (meRoutes) ShowMe(ctx context.Context, _ gen.ShowMeRequestObject) (gen.ShowMeResponseObject, error) {
	who := principal(ctx)
	out := gen.ShowMe200JSONResponse{Actor: who.Actor, Roles: optional.List(who.Roles), Source: optional.Of(who.Source), Permissions: []string{}}
	for _, permission := range access.Permissions() {
		if access.Can(who, permission) {
			out.Permissions = append(out.Permissions, string(permission))
		}
	}
	return out, nil
}
