package expression

import (
	"errors"
	"sync"
)

// Cache compiles sources for run time, when names and types were checked at publish time already,
// and keeps the newest of what it compiled. All limits are applied again. What it gives depends on
// the source alone, never on what it holds, so it may be used in workflow code. Safe for
// concurrent use. The zero value keeps nothing.
type Cache struct {
	mu      sync.Mutex
	limit   int
	entries map[string]any // *Program by "e" + source, *Template by "t" + source
	order   []string       // oldest first
}

// NewCache gives a cache of at most limit sources; one takes about 10 KiB.
func NewCache(limit int) *Cache {
	return &Cache{limit: limit, entries: map[string]any{}}
}

// Program compiles an expression against names of any type.
func (c *Cache) Program(src string) (*Program, error) {
	if found, ok := c.find("e" + src).(*Program); ok {
		return found, nil
	}
	program, problems := compile(src, newChecker(nil, true), nil)
	if len(problems) > 0 {
		return nil, problemsError(problems)
	}
	c.keep("e"+src, program)
	return program, nil
}

// Template compiles a text with ${{ }} against names of any type.
func (c *Cache) Template(src string) (*Template, error) {
	if found, ok := c.find("t" + src).(*Template); ok {
		return found, nil
	}
	template, problems := compileTemplate(src, nil, func() *checker { return newChecker(nil, true) })
	if len(problems) > 0 {
		return nil, problemsError(problems)
	}
	c.keep("t"+src, template)
	return template, nil
}

func problemsError(problems []Problem) error { return errors.New(problems[0].String()) }

func (c *Cache) find(key string) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[key]
}

// keep drops the oldest entry to make room.
func (c *Cache) keep(key string, compiled any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.entries[key]; known || c.limit < 1 {
		return
	}
	if len(c.order) >= c.limit {
		delete(c.entries, c.order[0])
		c.order = c.order[1:]
	}
	c.entries[key] = compiled
	c.order = append(c.order, key)
}
