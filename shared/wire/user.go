// Package wire defines the published bodies of answers that more than one function sends. It
// converts domain values to their form in the API and decides nothing.
package wire

import (
	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// A Profile has the fields that all published forms of a user share.
type Profile struct {
	ID                     string          `json:"id"`
	Tenant                 string          `json:"tenant_id"`
	Pool                   string          `json:"user_pool_id"`
	Status                 identity.Status `json:"status"`
	StatusUpdatedAt        identity.Time   `json:"status_updated_at"`
	CreatedAt              identity.Time   `json:"created_at"`
	UpdatedAt              identity.Time   `json:"updated_at"`
	Payload                jsontext.Value  `json:"payload"`
	PayloadSchema          string          `json:"payload_schema_id,omitempty"`
	Metadata               jsontext.Value  `json:"metadata"`
	MetadataSchema         string          `json:"metadata_schema_id,omitempty"`
	BusinessMetadata       jsontext.Value  `json:"business_metadata"`
	BusinessMetadataSchema string          `json:"business_metadata_schema_id,omitempty"`
	UserType               jsontext.Value  `json:"user_type,omitzero"`
}

// ProfileOf returns the profile of u.
func ProfileOf(u identity.User) Profile {
	payload, payloadSchema := u.Document(identity.Payload)
	metadata, metadataSchema := u.Document(identity.Metadata)
	business, businessSchema := u.Document(identity.BusinessMetadata)
	return Profile{
		ID: u.ID, Tenant: u.Tenant, Pool: u.Pool,
		Status: u.Status, StatusUpdatedAt: u.StatusUpdatedAt,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt,
		Payload: payload, PayloadSchema: payloadSchema,
		Metadata: metadata, MetadataSchema: metadataSchema,
		BusinessMetadata: business, BusinessMetadataSchema: businessSchema,
		UserType: u.UserType,
	}
}

// A User is the published schema UserWithData.
type User struct {
	Profile
	Identifiers []Identifier `json:"identifiers"`
	Addresses   []Address    `json:"verifiable_addresses"`
	Credentials []credential `json:"credentials"`
}

// An owner has the fields that every part of a user repeats.
type owner struct {
	UserID    string        `json:"user_id"`
	Tenant    string        `json:"tenant_id"`
	Pool      string        `json:"user_pool_id"`
	CreatedAt identity.Time `json:"created_at"`
	UpdatedAt identity.Time `json:"updated_at"`
}

// An Identifier is the published schema UserIdentifier.
type Identifier struct {
	ID         string                  `json:"id"`
	Value      string                  `json:"identifier"`
	Normalized string                  `json:"identifier_lc"`
	Type       identity.IdentifierType `json:"type"`
	Metadata   jsontext.Value          `json:"metadata,omitzero"`
	owner
}

// An Address is the published schema UserVerifiableAddress.
type Address struct {
	ID               string                  `json:"id"`
	Value            string                  `json:"address"`
	Normalized       string                  `json:"address_lc"`
	Type             identity.IdentifierType `json:"type"`
	Status           identity.Status         `json:"status"`
	Verified         bool                    `json:"verified"`
	VerifiedAt       identity.Time           `json:"verified_at,omitzero"`
	PreferredContact string                  `json:"preferred_contact_method,omitempty"`
	Metadata         jsontext.Value          `json:"metadata,omitzero"`
	owner
}

type credential struct {
	ID        string                   `json:"id"`
	Type      string                   `json:"type"`
	State     identity.CredentialState `json:"state"`
	ExpiresAt identity.Time            `json:"expires_at,omitzero"`
	Payload   maskedSecret             `json:"payload"`
	owner
}

// A maskedSecret stands in an answer where the user has a secret.
type maskedSecret struct {
	HashedPassword string `json:"hashed_password"`
}

// UserOf returns u in the form in which the API answers it. It contains no secrets.
func UserOf(u identity.User) User {
	w := User{
		Profile:     ProfileOf(u),
		Identifiers: []Identifier{}, Addresses: []Address{}, Credentials: []credential{},
	}
	for _, i := range u.Identifiers {
		w.Identifiers = append(w.Identifiers, IdentifierOf(u, i))
	}
	for _, a := range u.Addresses {
		w.Addresses = append(w.Addresses, AddressOf(u, a))
	}
	for _, c := range u.Credentials {
		w.Credentials = append(w.Credentials, credential{
			c.ID, c.Type, c.State, c.ExpiresAt, maskedSecret{"###"}, ownedBy(u, c.CreatedAt, c.UpdatedAt),
		})
	}
	return w
}

// IdentifierOf returns an identifier of u in the form in which the API answers it.
func IdentifierOf(u identity.User, i identity.Identifier) Identifier {
	return Identifier{i.ID, i.Value, i.Normalized, i.Type, i.Metadata, ownedBy(u, i.CreatedAt, i.UpdatedAt)}
}

// AddressOf returns an address of u in the form in which the API answers it.
func AddressOf(u identity.User, a identity.Address) Address {
	return Address{
		a.ID, a.Value, a.Normalized, a.Type, a.Status, a.Verified, a.VerifiedAt, a.PreferredContact,
		a.Metadata, ownedBy(u, a.CreatedAt, a.UpdatedAt),
	}
}

// ownedBy returns the fields that a part of u repeats.
func ownedBy(u identity.User, created, updated identity.Time) owner {
	return owner{u.ID, u.Tenant, u.Pool, created, updated}
}
