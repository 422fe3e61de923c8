package schema

import "sync"

// Bounds of a Cache. A compiled schema takes far more memory than its document, so the cache limits
// the estimated memory as well as the number of schemas.
const (
	cacheEntries = 256
	cacheBytes   = 32 << 20

	// Estimates of the memory that a compiled schema takes for each byte of its document, and for
	// each instruction of its patterns. The first was measured for documents that consist of
	// bounds only, which are the worst.
	bytesPerDocumentByte = 128
	bytesPerInstruction  = 80
)

// A Cache keeps compiled schemas, because compiling a schema costs more than checking a value. A
// full cache drops entries at random. The zero value is an empty cache that is ready to use. It is
// safe for concurrent use.
type Cache struct {
	mu      sync.Mutex
	entries map[cacheKey]cacheEntry
	bytes   int
}

// A cacheKey identifies one version of a schema. The document of a version never changes.
type cacheKey struct {
	tenant, id string
	version    int64
}

type cacheEntry struct {
	schema *Schema
	bytes  int
}

// Compile returns the compiled form of the given version of a tenant's schema. It compiles document
// only if the cache does not hold that version yet. It fails as the function Compile does, and does
// not remember the failure.
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
	bytes := bytesPerDocumentByte*len(document) + bytesPerInstruction*compiled.instructions
	c.store(key, cacheEntry{compiled, bytes})
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
