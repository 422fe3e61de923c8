package users

import (
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// entry is the published ExtendedUser: a user as lists show it, without credentials.
type entry struct {
	ID                     string              `json:"id"`
	Tenant                 string              `json:"tenant_id"`
	Pool                   string              `json:"user_pool_id"`
	Status                 identity.Status     `json:"status"`
	StatusUpdatedAt        identity.Time       `json:"status_updated_at"`
	CreatedAt              identity.Time       `json:"created_at"`
	UpdatedAt              identity.Time       `json:"updated_at"`
	Payload                jsontext.Value      `json:"payload"`
	PayloadSchema          string              `json:"payload_schema_id,omitempty"`
	Metadata               jsontext.Value      `json:"metadata"`
	MetadataSchema         string              `json:"metadata_schema_id,omitempty"`
	BusinessMetadata       jsontext.Value      `json:"business_metadata"`
	BusinessMetadataSchema string              `json:"business_metadata_schema_id,omitempty"`
	UserType               jsontext.Value      `json:"user_type,omitzero"`
	Identifiers            []string            `json:"identifiers"`
	IdentifierDetails      []identifierDetails `json:"identifiers_with_details"`
	Addresses              []addressState      `json:"addresses"`
	VerifiedAddresses      []string            `json:"verified addresses"` // the published name has a space
}

type identifierDetails struct {
	Type  identity.IdentifierType `json:"type"`
	Value string                  `json:"value"`
}

type addressState struct {
	Address  string `json:"address"`
	Verified bool   `json:"verified"`
}

func entryOf(u identity.User) entry {
	payload, payloadSchema := u.Document(identity.Payload)
	metadata, metadataSchema := u.Document(identity.Metadata)
	business, businessSchema := u.Document(identity.BusinessMetadata)
	e := entry{
		ID: u.ID, Tenant: u.Tenant, Pool: u.Pool, Status: u.Status, StatusUpdatedAt: u.StatusUpdatedAt, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
		Payload: payload, PayloadSchema: payloadSchema, Metadata: metadata, MetadataSchema: metadataSchema,
		BusinessMetadata: business, BusinessMetadataSchema: businessSchema, UserType: u.UserType,
		Identifiers: []string{}, IdentifierDetails: []identifierDetails{}, Addresses: []addressState{}, VerifiedAddresses: []string{},
	}
	for _, i := range u.Identifiers {
		e.Identifiers = append(e.Identifiers, i.Value)
		e.IdentifierDetails = append(e.IdentifierDetails, identifierDetails{i.Type, i.Value})
	}
	for _, a := range u.Addresses {
		e.Addresses = append(e.Addresses, addressState{a.Value, a.Verified})
		if a.Verified {
			e.VerifiedAddresses = append(e.VerifiedAddresses, a.Value)
		}
	}
	return e
}
