package identity_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

func TestSchemaIsReplacedWhole(t *testing.T) {
	t.Parallel()
	s, err := identity.NewSchema("default", "people", identity.SchemaChange{Name: "People", Description: "All of them", Document: jsontext.Value("{}"), System: true}, start())
	want := identity.Schema{
		Tenant: "default", ID: "people", Name: "People", Description: "All of them", Document: jsontext.Value("{}"), System: true,
		CreatedAt: identity.At(start()), UpdatedAt: identity.At(start()),
	}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, %v", s, err)
	}
	s, err = s.Changed(identity.SchemaChange{ID: "people", Tenant: "default", Name: "Persons", Document: jsontext.Value(`{"type":"object"}`)}, at(time.Hour))
	want.Name, want.Description, want.Document, want.UpdatedAt = "Persons", "", jsontext.Value(`{"type":"object"}`), identity.At(at(time.Hour))
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("changed: got %+v, %v", s, err)
	}
	if s, err := identity.NewSchema("default", "made", identity.SchemaChange{ID: "chosen", Name: "People", Document: jsontext.Value("{}")}, start()); err != nil || s.ID != "chosen" {
		t.Errorf("with an id of its own: %q, %v", s.ID, err)
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*identity.SchemaChange)
		wrong  []string
	}{
		"another tenant":       {func(c *identity.SchemaChange) { c.Tenant = "other" }, []string{"/tenant_id"}},
		"an id with a slash":   {func(c *identity.SchemaChange) { c.ID = "a/b" }, []string{"/id"}},
		"no name":              {func(c *identity.SchemaChange) { c.Name = "" }, []string{"/name"}},
		"a name of two lines":  {func(c *identity.SchemaChange) { c.Name = "a\nb" }, []string{"/name"}},
		"too long a name":      {func(c *identity.SchemaChange) { c.Name = strings.Repeat("x", 129) }, []string{"/name"}},
		"too long a text":      {func(c *identity.SchemaChange) { c.Description = strings.Repeat("x", 1025) }, []string{"/description"}},
		"no document":          {func(c *identity.SchemaChange) { c.Document = nil }, []string{"/schema"}},
		"a document of null":   {func(c *identity.SchemaChange) { c.Document = jsontext.Value("null") }, []string{"/schema"}},
		"everything of it bad": {func(c *identity.SchemaChange) { *c = identity.SchemaChange{ID: "..", Tenant: "x"} }, []string{"/id", "/name", "/schema", "/tenant_id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := identity.SchemaChange{Name: "People", Document: jsontext.Value("{}")}
			row.change(&c)
			_, err := identity.NewSchema("default", "people", c, start())
			checkInvalid(t, err, row.wrong...)
		})
	}
	s := identity.Schema{Tenant: "default", ID: "people"}
	_, err := s.Changed(identity.SchemaChange{ID: "others", Name: "People", Document: jsontext.Value("{}")}, start())
	checkInvalid(t, err, "/id")
}

func TestDefaultSchemas(t *testing.T) {
	t.Parallel()
	schemas := identity.DefaultSchemas("default")
	if len(schemas) != 2 {
		t.Fatalf("%d schemas", len(schemas))
	}
	for _, s := range schemas {
		if !identity.IsDefaultSchema(s.ID) || !s.System || s.Tenant != "default" || !s.Document.IsValid() || s.Version == 0 {
			t.Errorf("got %+v", s)
		}
	}
	if identity.IsDefaultSchema("people") || identity.IsDefaultSchema("") {
		t.Error("takes another for a default")
	}
}
