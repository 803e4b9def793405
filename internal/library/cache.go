package library

import (
	"container/list"
	"sync"

	"github.com/tocsin-soar/tocsin/internal/playbook/plan"
)

// cachedPlans is how many plans are kept; the one that was asked for longest ago
// goes first.
const cachedPlans = 512

// cache keeps plans by digest. A plan never changes, so nothing in it goes stale.
type cache struct {
	mu     sync.Mutex
	most   int
	recent *list.List // of *plan.Plan, the last used first
	places map[string]*list.Element
}

func newCache(most int) *cache {
	return &cache{most: most, recent: list.New(), places: map[string]*list.Element{}}
}

func (c *cache) get(digest string) *plan.Plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	place, ok := c.places[digest]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(place)
	return place.Value.(*plan.Plan)
}

// put keeps a plan and gives the one to use: of two that read the same plan at
// once, both get one and the same.
func (c *cache) put(p *plan.Plan) *plan.Plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.places[p.Digest]; ok {
		c.recent.MoveToFront(place)
		return place.Value.(*plan.Plan)
	}
	c.places[p.Digest] = c.recent.PushFront(p)
	for c.recent.Len() > c.most {
		last := c.recent.Back()
		delete(c.places, c.recent.Remove(last).(*plan.Plan).Digest)
	}
	return p
}
