package schema

import (
	"strconv"
	"strings"
)

// place is where a walk is, as a list from the innermost name or index outwards; nil is the whole value. It becomes a pointer only
// where something is wrong, so that a valid value costs no text.
type location struct {
	parent *location
	name   string
	index  int // of an item; -1 where name counts
}

func (p *location) member(name string) location { return location{p, name, -1} }

func (p *location) item(index int) location { return location{p, "", index} }

// pointer is the place as JSON Pointer (RFC 6901).
func (p *location) pointer() string {
	if p == nil {
		return ""
	}
	if p.index >= 0 {
		return p.parent.pointer() + "/" + strconv.Itoa(p.index)
	}
	return p.parent.pointer() + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name)
}
