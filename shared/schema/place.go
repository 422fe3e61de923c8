package schema

import (
	"strconv"
	"strings"
)

// place is where a walk is, as a list from the innermost name or index outwards; nil is the whole value. It becomes a pointer only
// where something is wrong, so that a valid value costs no text.
type place struct {
	around *place
	name   string
	index  int // of an item; -1 where name counts
}

func (p *place) member(name string) place { return place{p, name, -1} }

func (p *place) item(index int) place { return place{p, "", index} }

// pointer is the place as JSON Pointer (RFC 6901).
func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	if p.index >= 0 {
		return p.around.pointer() + "/" + strconv.Itoa(p.index)
	}
	return p.around.pointer() + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name)
}
