package api

import (
	"context"
	"encoding/hex"
)

// keys makes the ids under which commands are carried out once.
type keys struct{ newID func() string }

// id gives the same id for the same key sent again by the same person for the
// same operation on the same thing, and for nothing else: nobody can use up or
// guess another's. Without a key every request is a new one.
func (k keys) id(ctx context.Context, target string, key *string) string {
	if key == nil {
		return "api-" + k.newID()
	}
	current := callFrom(ctx)
	sum := sumOf("tocsin/request/v1", current.principal.Actor.String(), current.operation, target, *key)
	return "api-" + hex.EncodeToString(sum[:16])
}
