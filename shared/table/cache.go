package table

import (
	"sync"
	"time"
)

// staleness is how old a cached pool, schema or text may be: a change of settings is in force
// everywhere after it.
const staleness = 5 * time.Second

// cacheSize bounds the entries of a cache. A full cache starts anew, which costs a read for each
// entry.
const cacheSize = 1024

// cache keeps values that are read on every call and rarely change. The zero value is ready.
type cache[V any] struct {
	mu      sync.Mutex
	entries map[key]entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

// get returns the value under k: from memory if it is young enough, else from load. It keeps no
// error.
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

// drop forgets what is under k. It is called where this process has just changed it.
func (c *cache[V]) drop(k key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, k)
}
