package contract_test

import (
	"slices"
	"strings"
	"testing"

	adminpools "github.com/cloudentity/acp-client-go/clients/identity/client/pools"
	adminschemas "github.com/cloudentity/acp-client-go/clients/identity/client/schemas"
	adminmodels "github.com/cloudentity/acp-client-go/clients/identity/models"
	systemschemas "github.com/cloudentity/acp-client-go/clients/identitysystem/client/schemas"
	systemmodels "github.com/cloudentity/acp-client-go/clients/identitysystem/models"
)

type document = adminmodels.SupportedJSONSchema

// deep returns a schema that uses each place where a schema may contain another.
func deep() *adminmodels.Schema {
	name := document{
		Type: "string", MinLength: 1, MaxLength: 80, Pattern: "^[^<>]*$", Title: "Name",
		Description: "As on the card",
	}
	return &adminmodels.Schema{
		Name: "Customer", Description: "What a shop knows",
		Schema: &document{
			Type: "object", Required: []string{"name"}, MinProperties: 1, MaxProperties: 20,
			Properties: map[string]document{
				"name": name,
				"kind": {Type: "string", Enum: []string{"person", "company"}},
				"tags": {
					Type: "array", Items: &document{Type: "string", Const: "vip"},
					UniqueItems: true, MaxItems: 5, Contains: &document{Type: "string"}, MaxContains: 5,
				},
				"number": {
					Type: "integer", Minimum: 1, Maximum: 100, ExclusiveMaximum: 101,
					MultipleOf: 3,
				},
				"secret": {Type: "string", Hidden: true},
			},
			PatternProperties: map[string]document{"^x-": {Type: "string"}},
			PropertyNames:     &document{MaxLength: 30},
			DependentRequired: map[string][]string{"tags": {"kind"}},
			DependentSchemas:  map[string]document{"number": {Required: []string{"kind"}}},
			AllOf: []*document{{AnyOf: []*document{
				{Required: []string{"name"}},
				{Required: []string{"kind"}},
			}}},
			OneOf: []*document{{Type: "object"}, {Type: "array"}},
			Not:   &document{Required: []string{"forbidden"}},
			If:    &document{Required: []string{"kind"}},
			Then:  &document{MinProperties: 2}, Else: &document{MaxProperties: 10},
			AdditionalProperties: true,
		},
	}
}

// The client sends null for every empty list at each level, and an empty tenant and empty times.
func TestASchemaComesBackAsItWasSent(t *testing.T) {
	t.Parallel()
	c := open(t)
	made := must(c.admin.Schemas.CreateSchema(adminschemas.NewCreateSchemaParams().WithSchema(deep()),
		nil))(t).Payload
	sent := c.wire.last(t, "/schemas").body
	for _, part := range []string{
		`"allOf":null`, `"required":null`, `"enum":null`, `"tenant_id":""`,
		`"created_at":"0001-01-01T00:00:00.000Z"`,
	} {
		if !strings.Contains(sent, part) {
			t.Errorf("the client no longer sends %s, so this shows nothing: %s", part, sent)
		}
	}
	got := must(c.admin.Schemas.GetSchema(adminschemas.NewGetSchemaParams().WithSchID(made.ID), nil))(t)
	if asText(t, got.Payload) != asText(t, made) || got.Etag == "" {
		t.Errorf("created %s, got %s %s", asText(t, made), got.Etag, asText(t, got.Payload))
	}
	if asText(t, got.Payload.Schema) != asText(t, deep().Schema) {
		t.Errorf("got   %s\nasked %s", asText(t, got.Payload.Schema), asText(t, deep().Schema))
	}
	if s := got.Payload; s.TenantID != c.ID || s.CreatedAt.IsZero() || s.UpdatedAt.IsZero() || s.System {
		t.Errorf("got %+v", s)
	}
	update := adminschemas.NewUpdateSchemaParams().WithSchID(made.ID).WithSchema(got.Payload).WithIfMatch(&got.Etag)
	put := must(c.admin.Schemas.UpdateSchema(update, nil))(t).Payload
	if asText(t, put.Schema) != asText(t, got.Payload.Schema) || put.CreatedAt != got.Payload.CreatedAt {
		t.Errorf("put back %s, was %s", asText(t, put), asText(t, got.Payload))
	}
	_, err := c.admin.Schemas.UpdateSchema(update, nil) // the tag is that of the previous version
	plain(t, err, 412)
}

func TestSchemasAreListedWithTheDefaults(t *testing.T) {
	t.Parallel()
	c := open(t)
	made := must(c.admin.Schemas.CreateSchema(adminschemas.NewCreateSchemaParams().WithSchema(deep()),
		nil))(t).Payload
	var got []string
	for _, s := range must(c.admin.Schemas.ListSchemas(adminschemas.NewListSchemasParams(),
		nil))(t).Payload.Schemas {
		got = append(got, s.ID)
		if s.Schema == nil || s.Schema.Type != "object" {
			t.Errorf("schema %s is listed without its document", s.ID)
		}
	}
	want := []string{made.ID, "metadata_v0", "user_v0"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}

func TestASchemaOfAPoolStays(t *testing.T) {
	t.Parallel()
	c := open(t)
	made := must(c.admin.Schemas.CreateSchema(adminschemas.NewCreateSchemaParams().WithSchema(deep()),
		nil))(t).Payload
	pool := &adminmodels.Pool{Name: "Customers", PayloadSchemaID: made.ID}
	in := must(c.admin.Pools.CreatePool(adminpools.NewCreatePoolParams().WithPool(pool),
		nil))(t).Payload.ID
	remove := adminschemas.NewDeleteSchemaParams().WithSchID(made.ID)
	_, err := c.admin.Schemas.DeleteSchema(remove, nil)
	typed[*adminschemas.DeleteSchemaConflict](t, err)
	must(c.admin.Pools.DeletePool(adminpools.NewDeletePoolParams().WithIPID(in), nil))(t)
	must(c.admin.Schemas.DeleteSchema(remove, nil))(t)
	_, err = c.admin.Schemas.GetSchema(adminschemas.NewGetSchemaParams().WithSchID(made.ID), nil)
	typed[*adminschemas.GetSchemaNotFound](t, err)
}

func TestErrorsOfSchemas(t *testing.T) {
	t.Parallel()
	c := open(t)
	create := func(s *adminmodels.Schema) error {
		_, err := c.admin.Schemas.CreateSchema(adminschemas.NewCreateSchemaParams().WithSchema(s), nil)
		return err
	}
	typed[*adminschemas.CreateSchemaUnprocessableEntity](t,
		create(&adminmodels.Schema{Name: "Odd", Schema: &document{Type: "thing"}}))
	typed[*adminschemas.CreateSchemaUnprocessableEntity](t, create(&adminmodels.Schema{Name: "None"}))
	typed[*adminschemas.CreateSchemaConflict](t,
		create(&adminmodels.Schema{ID: "user_v0", Name: "Mine", Schema: &document{Type: "object"}}))
	update := adminschemas.NewUpdateSchemaParams().WithSchID("none").WithSchema(deep())
	_, err := c.admin.Schemas.UpdateSchema(update, nil)
	typed[*adminschemas.UpdateSchemaNotFound](t, err)
	_, err = c.admin.Schemas.UpdateSchema(update.WithSchID("user_v0"), nil)
	typed[*adminschemas.UpdateSchemaForbidden](t, err)
}

func TestSchemasInTheSystemTree(t *testing.T) {
	t.Parallel()
	c := open(t)
	asked := &systemmodels.Schema{
		ID: "partner", Name: "Partner",
		Schema: &systemmodels.SupportedJSONSchema{
			Type:       "object",
			Properties: map[string]systemmodels.SupportedJSONSchema{"company": {Type: "string"}},
		},
	}
	made := must(c.system.Schemas.SystemCreateSchema(systemschemas.NewSystemCreateSchemaParams().WithSchema(asked), nil))(t).Payload
	made.Name = "Partners"
	put := must(c.system.Schemas.SystemUpdateSchema(systemschemas.NewSystemUpdateSchemaParams().WithSchID("partner").WithSchema(made), nil))(t).Payload
	got := must(c.system.Schemas.SystemGetSchema(systemschemas.NewSystemGetSchemaParams().WithSchID("partner"), nil))(t).Payload
	if got.Name != "Partners" || asText(t, got) != asText(t, put) {
		t.Errorf("put %s, got %s", asText(t, put), asText(t, got))
	}
	list := must(c.system.Schemas.SystemListSchemas(systemschemas.NewSystemListSchemasParams(),
		nil))(t).Payload.Schemas
	if len(list) != 3 {
		t.Errorf("listed %s", asText(t, list))
	}
	must(c.system.Schemas.SystemDeleteSchema(systemschemas.NewSystemDeleteSchemaParams().WithSchID("partner"), nil))(t)
	_, err := c.system.Schemas.SystemGetSchema(systemschemas.NewSystemGetSchemaParams().WithSchID("partner"), nil)
	typed[*systemschemas.SystemGetSchemaNotFound](t, err)
}
