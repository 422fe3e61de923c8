package table

import (
	"sync"
	"time"
)

// staleness is how old a cached pool, schema or text may be. After this time, a change of settings
// is in force everywhere.
const staleness = 5 * time.Second

// cacheSize is the maximum number of entries of a cache. A full cache is emptied, which costs one
// read for each entry.
const cacheSize = 1024

// cache keeps values that are read on every call and rarely change. The zero value is ready for
// use. It is safe for concurrent use.
type cache[V any] struct {
	mu      sync.Mutex
	entries map[key]entry[V]
}

// entry is a cached value with the time until which it may be used.
type entry[V any] struct {
	value V
	until time.Time
}

// get returns the cached value under k if it is young enough, and otherwise the result of load,
// which it caches. It does not cache errors.
func (c *cache[V]) get(k key, now time.Time, load func() (V, error)) (V, error) {
	c.mu.Lock()
	found, ok := c.entries[k]
	c.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.value, nil
	}
	value, err := load()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries) >= cacheSize {
		c.entries = map[key]entry[V]{}
	}
	c.entries[k] = entry[V]{value, now.Add(staleness)}
	return value, nil
}

// drop removes the value under k. It is called after this process has changed it.
func (c *cache[V]) drop(k key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, k)
}
