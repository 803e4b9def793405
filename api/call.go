package api

import (
	"context"
	"net/netip"

	"github.com/tocsin-soar/tocsin/api/optional"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// call is what the door knows of one request. The router makes it, the guard
// fills it, handlers and the log read it.
type call struct {
	requestID string
	remote    netip.Addr
	operation string // id, once routed
	basic     bool   // detection tools or calendar programs come here, which have passwords
	admitted  bool   // the guard has let it through
	principal soar.Principal
	mediaType string
	raw       []byte                      // the body as it came
	recheck   func(context.Context) error // the token and its permission, again
}

type callKey struct{}

func withCall(ctx context.Context, c *call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callFrom gives the call of a request; an empty one outside the router.
func callFrom(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// mine gives the caller when a list is to be of what is his, nil otherwise.
func mine(ctx context.Context, wanted *bool) *soar.Principal {
	if !optional.Value(wanted) {
		return nil
	}
	who := principal(ctx)
	return &who
}

func principal(ctx context.Context) soar.Principal { return callFrom(ctx).principal }
