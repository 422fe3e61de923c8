package reference

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// role is what a type is used for.
type role int

const (
	ofQuery role = iota
	ofBody
	ofAnswer
)

// member is a field of a type, in JSON or in a query.
type member struct {
	name        string
	kind        reflect.Type
	owners      []reflect.Type // the type, and the embedded types down to the one that has the field
	mayBeAbsent bool
}

// membersOf returns the fields of a struct and of the structs that are embedded in it. An outer field hides
// an inner one of the same name in Go.
func membersOf(t reflect.Type) (all []member) {
	for _, f := range reflect.VisibleFields(t) {
		tag, has := f.Tag.Lookup("json")
		if !has {
			if tag, has = f.Tag.Lookup("query"); !has {
				tag, has = f.Tag.Lookup("form")
			}
		}
		name, options, _ := strings.Cut(tag, ",")
		if !has || name == "-" || strings.Contains(options, "embed") || f.Anonymous || !f.IsExported() {
			continue
		}
		if found, ok := t.FieldByName(f.Name); !ok || !slices.Equal(found.Index, f.Index) {
			continue
		}
		m := member{name: name, kind: f.Type, owners: []reflect.Type{t}, mayBeAbsent: strings.Contains(options, "omit")}
		for i := range f.Index[:len(f.Index)-1] {
			m.owners = append(m.owners, t.FieldByIndex(f.Index[:i+1]).Type)
		}
		all = append(all, m)
	}
	return all
}

// entryOf returns what the tables say of a field: the entry of its type, or of the type that this one is
// like, or the common one.
func (d *document) entryOf(m member) (field, bool) {
	for _, owner := range m.owners {
		for name := owner.String(); name != ""; name = d.types[name].like {
			if entry, ok := d.types[name].fields[m.name]; ok {
				d.use(name + " " + m.name)
				return entry, true
			}
		}
	}
	entry, ok := d.common[m.name]
	if ok {
		d.use("* " + m.name)
	}
	return entry, ok
}

// underlying returns the type to which pointers and lists of a type lead.
func underlying(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Name() == "" || t.Kind() == reflect.Map && t.Name() == "" {
		t = t.Elem()
	}
	return t
}

// isTable reports whether a type is an object that gets a table of its own.
func isTable(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[identity.Time]() && !isText(t)
}

// isText reports whether a type reads its values from text itself.
func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// draw returns the tables of a type and of those that it contains. A type has one table, however often it
// is used.
func (d *document) draw(t reflect.Type, r role) (tables []string) {
	t = underlying(t)
	if !isTable(t) || d.drawn[t] {
		return nil
	}
	d.drawn[t] = true
	entry, ok := d.types[t.String()]
	if !ok {
		d.fault("types_*.go: add an entry for a type to types(): %q: {title: \"…\", fields: …}", t)
	}
	d.use(t.String())
	text := "### " + entry.title
	if entry.about != "" {
		text += "\n" + entry.about
	}
	if entry.opaque {
		return []string{text}
	}
	var list *grid
	switch r {
	case ofQuery:
		list = table("parameter", "type", "allowed", "if it is absent", "meaning")
	case ofBody:
		list = table("field", "type", "allowed", "if it is absent", "who writes it", "meaning")
	default:
		list = table("field", "type", "values", "meaning")
	}
	var inner []string
	members := membersOf(t)
	for _, m := range members {
		e, ok := d.entryOf(m)
		if !ok {
			d.fault("types_*.go: add to the fields of %q what the field %q of %s is: %q: {allowed: \"…\", absent: \"…\", means: \"…\"}",
				m.owners[len(m.owners)-1], m.name, m.kind, m.name)
		}
		d.useOwners(m)
		if e.by == hidden {
			continue
		}
		kind, drawn := d.textOf(m.kind), d.draw(m.kind, r)
		if e.kind != "" {
			kind = e.kind
		}
		if r == ofQuery {
			if filter := embedded(m.kind); filter != nil {
				kind, drawn = "text with the JSON of "+d.link(filter), d.draw(filter, ofBody)
			}
		}
		inner = append(inner, drawn...)
		if ok {
			d.checkEntry(t, m, e, r, isTable(underlying(m.kind)))
		}
		name, by := "`"+m.name+"`", e.by
		if by == "" {
			by = you
		}
		switch {
		case r == ofQuery:
			list.row(name, kind, e.allowed, e.absent, e.means)
		case r == ofBody:
			list.row(name, kind, e.allowed, e.absent, string(by), e.means)
		case m.mayBeAbsent:
			list.row(name, kind+"; may be absent", e.allowed, e.means)
		default:
			list.row(name, kind, e.allowed, e.means)
		}
	}
	if len(members) == 0 {
		return []string{text}
	}
	if entry.about != "" {
		text += "\n"
	}
	return append([]string{text + "\n" + list.String()}, inner...)
}

// useOwners marks the entries of embedded types as used.
func (d *document) useOwners(m member) {
	for _, owner := range m.owners {
		for name := owner.String(); name != ""; name = d.types[name].like {
			d.use(name)
		}
	}
}

// checkEntry records what an entry must say and doesn't.
func (d *document) checkEntry(t reflect.Type, m member, e field, r role, isObject bool) {
	if e.means == "" {
		d.fault("types_*.go: say what the field %q of %q means", m.name, t)
	}
	if r != ofAnswer && e.by == "" && e.absent == "" && !isObject {
		d.fault("types_*.go: say what it means that the field %q of %q is absent", m.name, t)
	}
}

// link returns a link to the table of a type.
func (d *document) link(t reflect.Type) string {
	t = underlying(t)
	entry := d.types[t.String()]
	title := entry.title
	return "[" + title + "](#" + anchor(title) + ")"
}

// anchor returns the name that a heading has in a link.
func anchor(title string) string {
	return strings.NewReplacer(" ", "-", ",", "", ".", "").Replace(strings.ToLower(title))
}

// embedded returns the object whose JSON is the value of a parameter, or nil if it has none.
func embedded(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct || t.NumField() == 0 || !t.Field(0).Anonymous {
		return nil
	}
	return t.Field(0).Type
}

// textOf returns a type in terms of JSON.
func (d *document) textOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[identity.Duration]():
		return "duration"
	case reflect.TypeFor[identity.Time]():
		return "time"
	case reflect.TypeFor[identity.ID]():
		return "id"
	case reflect.TypeFor[identity.Bytes]():
		return "bytes"
	case reflect.TypeFor[jsontext.Value]():
		return "any JSON"
	}
	if isText(t) {
		return "text"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of " + plural(d.textOf(t.Elem()))
	case reflect.Map:
		return "object whose values are " + plural(d.textOf(t.Elem()))
	case reflect.Struct:
		return d.link(t)
	case reflect.Interface:
		return "any JSON"
	case reflect.Int, reflect.Int64, reflect.Uint32:
		return "whole number"
	}
	d.fault("draw.go: add to textOf what %s is in terms of JSON", t)
	return ""
}

// plural returns the plural of a type in terms of JSON.
func plural(kind string) string {
	if kind == "any JSON" || strings.HasPrefix(kind, "[") || strings.HasPrefix(kind, "true") {
		return kind
	}
	return kind + "s"
}

// grid is a table of Markdown.
type grid struct {
	lines []string
	width int
}

// table returns a table with a head.
func table(head ...string) *grid {
	g := &grid{width: len(head)}
	g.row(head...)
	g.lines = append(g.lines, strings.Repeat("|---", len(head))+"|")
	return g
}

// row adds a row. An empty cell gets a dash.
func (g *grid) row(cells ...string) *grid {
	if len(cells) != g.width {
		panic(fmt.Sprintf("a row of %d cells in a table of %d", len(cells), g.width))
	}
	for i, cell := range cells {
		if cell == "" {
			cells[i] = "–"
		}
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	g.lines = append(g.lines, "| "+strings.Join(cells, " | ")+" |")
	return g
}

func (g *grid) String() string { return strings.Join(g.lines, "\n") }
