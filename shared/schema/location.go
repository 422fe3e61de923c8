package schema

import (
	"strconv"
	"strings"
)

// A location is a place in a value or a document, as a linked list from the innermost member or
// item outwards. The nil location is the whole value. A walk keeps a location instead of a JSON
// Pointer, so that a valid value costs no allocation of text.
type location struct {
	parent *location
	name   string
	index  int // of an item, or -1 for a member
}

func (p *location) member(name string) location { return location{p, name, -1} }

func (p *location) item(index int) location { return location{p, "", index} }

// pointer returns the location as a JSON Pointer (RFC 6901).
func (p *location) pointer() string {
	if p == nil {
		return ""
	}
	if p.index >= 0 {
		return p.parent.pointer() + "/" + strconv.Itoa(p.index)
	}
	return p.parent.pointer() + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name)
}
