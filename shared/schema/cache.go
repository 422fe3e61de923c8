package schema

import "sync"

// Bounds of a cache. A compiled schema takes more memory than its document by far, so that is estimated and bounded, and not the
// number of schemas alone.
const (
	cacheEntries = 256
	cacheBytes   = 32 << 20

	bytesPerDocumentByte = 128 // measured for documents of nothing but bounds, the worst
	bytesPerInstruction  = 80  // of a pattern's automaton
)

// Cache keeps compiled schemas: compiling costs more than checking a value. The zero value is ready; it is safe for use by
// several goroutines. A full cache forgets entries at random.
type Cache struct {
	mu      sync.Mutex
	entries map[cacheKey]cacheEntry
	bytes   int
}

// cacheKey names one version of a schema: what is under it never changes.
type cacheKey struct {
	tenant, id string
	version    int64
}

type cacheEntry struct {
	schema *Schema
	bytes  int
}

// Compile is the schema compiled from document, which is what tenant's schema id has in that version: the document is not looked at
// where that version is known already. The error is that of the function Compile, and is not kept.
func (c *Cache) Compile(tenant, id string, version int64, document []byte) (*Schema, error) {
	key := cacheKey{tenant, id, version}
	c.mu.Lock()
	known, ok := c.entries[key]
	c.mu.Unlock()
	if ok {
		return known.schema, nil
	}
	compiled, err := Compile(document)
	if err != nil {
		return nil, err
	}
	c.store(key, cacheEntry{compiled, bytesPerDocumentByte*len(document) + bytesPerInstruction*compiled.instructions})
	return compiled, nil
}

func (c *Cache) store(key cacheKey, e cacheEntry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; ok {
		return
	}
	for other, old := range c.entries {
		if len(c.entries) < cacheEntries && c.bytes+e.bytes <= cacheBytes {
			break
		}
		delete(c.entries, other)
		c.bytes -= old.bytes
	}
	if c.entries == nil {
		c.entries = map[cacheKey]cacheEntry{}
	}
	c.entries[key] = e
	c.bytes += e.bytes
}
