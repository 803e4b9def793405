package once

import (
	"context"
	"time"
)

// Life is how long a key is remembered.
const Life = 24 * time.Hour

// Key names one request of one caller.
type Key struct {
	ID     string // made of the caller and the key that was sent, so that callers cannot meet
	Digest []byte // SHA-256 of what was asked: the same key may not ask for anything else
}

// Done is what is known of a request whose key is taken.
type Done struct {
	Digest []byte
	Made   string // the id of what was made; "" when the request makes nothing with an id
	Recent bool   // taken within the last minute: the answer may be on its way
	Answer *Answer
}

// Answer is what the caller was told.
type Answer struct {
	Status    int
	MediaType string // Content-Type; "" without a body
	ETag      string // "" when there was none
	Body      []byte
}

type contextKey struct{}

// With gives a context whose changes are made under the key.
func With(ctx context.Context, key Key) context.Context {
	return context.WithValue(ctx, contextKey{}, key)
}

// Without gives a context for what follows the change that took the key.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, nil)
}

// From gives the context's key; false when the request came without one.
func From(ctx context.Context) (Key, bool) {
	key, ok := ctx.Value(contextKey{}).(Key)
	return key, ok
}
