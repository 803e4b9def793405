package incidents

import (
	"context"
	"fmt"
	"regexp"

	"github.com/tocsin-soar/tocsin/internal/access"
	"github.com/tocsin-soar/tocsin/internal/protocol"
	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// scopeForm is a connector's name, or connector.action.
var scopeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?$`)

// Freeze tells how the kill switch stands.
func (s *Service) Freeze(ctx context.Context, p soar.Principal) (soar.Freeze, error) {
	if err := access.Require(p, access.FreezeRead, "incidents.Freeze"); err != nil {
		return soar.Freeze{}, err
	}
	return s.store.FreezeGet(ctx)
}

// SetFreeze turns the kill switch on or off, with a reason, and records it in the
// system's chain. Scope is a connector's name, or connector.action; empty:
// everything that changes the world.
func (s *Service) SetFreeze(ctx context.Context, p soar.Principal, on bool, scope, reason string) (soar.Freeze, error) {
	const op = "incidents.SetFreeze"
	if err := access.Require(p, access.FreezeSet, op); err != nil {
		return soar.Freeze{}, err
	}
	reason, err := cleanReason(op, reason, true)
	if err != nil {
		return soar.Freeze{}, err
	}
	if scope != "" && !scopeForm.MatchString(scope) {
		return soar.Freeze{}, invalid(op, "scope", "a scope is a connector's name, or connector.action; empty means everything")
	}
	freeze := soar.Freeze{On: on, Scope: scope, Reason: reason, By: p.Actor, At: s.now()}
	what := "everything"
	if scope != "" {
		what = scope
	}
	text := fmt.Sprintf("Froze %s: %s", what, reason)
	if !on {
		text = "Took the freeze back: " + reason
	}
	event := record.Payload{
		At: freeze.At, Kind: protocol.EventFreeze, By: p.Actor, Text: soar.Shorten(text, maxText),
		Data: data(map[string]any{"on": on, "scope": scope, "reason": reason}),
	}
	if err := s.store.FreezeSet(ctx, freeze, event); err != nil {
		return soar.Freeze{}, fmt.Errorf("set the freeze: %w", err)
	}
	return freeze, nil
}
