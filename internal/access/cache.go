package access

import (
	"context"
	"sync"
	"time"

	"github.com/tocsin-soar/tocsin/internal/record"
	"github.com/tocsin-soar/tocsin/internal/soar"
)

// cacheFor is how long a token that was looked up is believed to be as it was. In
// this process a revocation is known at once; in another one it takes as long as
// this.
const cacheFor = 2 * time.Second

// tokenStore is what *store.Store is here.
type tokenStore interface {
	tokenFinder
	tokenKeeper
}

// TokenCache stands before the store's tokens, so that a storm of requests with one
// token is not a storm of look-ups. Only tokens that exist are kept, and what is kept
// still has to pass every check of the Authenticator. It is safe for many goroutines.
type TokenCache struct {
	tokenStore
	now func() time.Time

	mu    sync.Mutex
	kept  map[string]keptToken
	epoch int // counts revocations, so that a look-up from before one is not kept
}

type keptToken struct {
	token soar.Token
	until time.Time
}

// NewTokenCache makes one.
func NewTokenCache(store tokenStore, now func() time.Time) *TokenCache {
	return &TokenCache{tokenStore: store, now: now, kept: map[string]keptToken{}}
}

// TokenFind gives the token as it was at most two seconds ago.
func (c *TokenCache) TokenFind(ctx context.Context, id string) (soar.Token, error) {
	c.mu.Lock()
	kept, ok := c.kept[id]
	epoch := c.epoch
	c.mu.Unlock()
	if ok && c.now().Before(kept.until) {
		return kept.token, nil
	}
	token, err := c.tokenStore.TokenFind(ctx, id)
	if err != nil {
		return token, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch == epoch {
		c.kept[id] = keptToken{token, c.now().Add(cacheFor)}
	}
	return token, nil
}

// TokenTouch notes that the token was used, and remembers that it did.
func (c *TokenCache) TokenTouch(ctx context.Context, id string) error {
	c.mu.Lock()
	if kept, ok := c.kept[id]; ok {
		now := c.now()
		kept.token.LastUsedAt = &now
		c.kept[id] = kept
	}
	c.mu.Unlock()
	return c.tokenStore.TokenTouch(ctx, id)
}

// TokenRevoke ends a token and forgets what is kept of all of them.
func (c *TokenCache) TokenRevoke(ctx context.Context, id string, event record.Payload) error {
	err := c.tokenStore.TokenRevoke(ctx, id, event)
	c.Forget()
	return err
}

// Forget drops what is kept of all tokens: what bounds them has changed.
func (c *TokenCache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kept)
	c.epoch++
}
