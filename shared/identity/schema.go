package identity

import (
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The ids of the schemas that every tenant has. They can be neither changed nor deleted.
const (
	DefaultPayloadSchema  = "user_v0"
	DefaultMetadataSchema = "metadata_v0"
)

// Schema is an identity schema: a JSON Schema (in a published subset) for the payload, the metadata
// or the business metadata of users.
type Schema struct {
	Tenant      string         `json:"tenant_id"`
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Document    jsontext.Value `json:"schema"`
	System      bool           `json:"system"`
	CreatedAt   Time           `json:"created_at"`
	UpdatedAt   Time           `json:"updated_at"`

	Version int64 `json:"-"`
}

// SchemaChange is the body of a request that creates or updates a schema. Both replace the whole
// schema.
type SchemaChange struct {
	ID          string         `json:"id"`
	Tenant      string         `json:"tenant_id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Document    jsontext.Value `json:"schema"`
	System      bool           `json:"system"`
	CreatedAt   jsontext.Value `json:"created_at"`
	UpdatedAt   jsontext.Value `json:"updated_at"`
}

// NewSchema returns the new schema that c describes. It has the given id unless c has one. The
// caller checks the document. The error is Invalid.
func NewSchema(tenant, id string, c SchemaChange, now time.Time) (Schema, error) {
	if c.ID != "" {
		id = c.ID
	}
	s := Schema{Tenant: tenant, ID: id, System: c.System, CreatedAt: At(now)}
	return s.Changed(c, now)
}

// Changed returns the schema after the change c. The error is Invalid.
func (s Schema) Changed(c SchemaChange, now time.Time) (Schema, error) {
	var v Violations
	if c.Tenant != "" && c.Tenant != s.Tenant {
		v.Add("/tenant_id", Immutable("must be the tenant of the path"))
	}
	if c.ID != "" && c.ID != s.ID {
		v.Add("/id", Immutable("must be the id of the path: a schema's id cannot change"))
	}
	if !ValidID(s.ID) {
		v.Add("/id", WrongFormat("id", IDRule))
	}
	checkLine(&v, "/name", c.Name, 1, 128)
	c.Description = WithLineFeeds(c.Description)
	if utf8.RuneCountInString(c.Description) > 1024 {
		v.Add("/description", TooLong(1024, "characters"))
	}
	if !isGiven(c.Document) {
		v.Add("/schema", Required())
	}
	s.Name, s.Description, s.Document, s.UpdatedAt = c.Name, c.Description, c.Document, At(now)
	return s, v.Err()
}

// IsDefaultSchema reports whether id is one of the schemas that every tenant has.
func IsDefaultSchema(id string) bool {
	return id == DefaultPayloadSchema || id == DefaultMetadataSchema
}

// DefaultSchemas returns the schemas that every tenant has.
func DefaultSchemas(tenant string) []Schema {
	since := At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	return []Schema{
		{
			Tenant: tenant, ID: DefaultMetadataSchema, Name: "Default metadata",
			System: true, CreatedAt: since, UpdatedAt: since, Version: 1,
			Document: jsontext.Value(`{"type":"object","additionalProperties":true}`),
		},
		{
			Tenant: tenant, ID: DefaultPayloadSchema, Name: "Default payload",
			System: true, CreatedAt: since, UpdatedAt: since, Version: 1,
			Document: jsontext.Value(`{"type":"object","properties":{"given_name":{"type":"string"},` +
				`"family_name":{"type":"string"},"name":{"type":"string"}},"additionalProperties":true}`),
		},
	}
}
