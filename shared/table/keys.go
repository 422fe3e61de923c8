package table

import (
	"strings"

	"identitypools/shared/identity"
)

// The attributes of the table and its index that keys and time to live use.
const (
	pk      = "pk"
	sk      = "sk"
	index   = "gsi1"
	indexPK = "gsi1pk"
	indexSK = "gsi1sk"
	ttl     = "ttl"
)

// key is the primary key of an item. Ids have no '#' (identity.ValidID), so no two things share a key; the one free text in a
// key, a normalized identifier, is its last part.
type key struct{ pk, sk string }

func (k key) item() item { return item{pk: str(k.pk), sk: str(k.sk)} }

func join(parts ...string) string { return strings.Join(parts, "#") }

const (
	poolPrefix = "POOL#"
	poolSort   = "POOL"
)

func poolKey(tenant, pool string) key { return key{poolPrefix + join(tenant, pool), poolSort} }

func poolCountKey(tenant, pool string) key { return key{poolPrefix + join(tenant, pool), "COUNT"} }

func poolNameKey(tenant, pool string) key { return key{poolPrefix + join(tenant, pool), "NAME"} }

func poolsIndex(tenant string) string { return join("POOLS", tenant) }

func schemaKey(tenant, schema string) key { return key{join("SCHEMA", tenant, schema), "SCHEMA"} }

func schemasIndex(tenant string) string { return join("SCHEMAS", tenant) }

const usersPrefix = "USERS#"

func usersPartition(tenant, pool string) string { return usersPrefix + join(tenant, pool) }

func userKey(u identity.UserRef) key { return key{usersPartition(u.Tenant, u.Pool), u.ID} }

// userPartition holds what belongs to a user and comes and goes: codes and registrations.
func userPartition(u identity.UserRef) string { return join("USER", u.Tenant, u.Pool, u.ID) }

func codesKey(u identity.UserRef, purpose identity.CodePurpose) key {
	return key{userPartition(u), join("CODE", string(purpose))}
}

const registrationPrefix = "REG#"

func registrationKey(u identity.UserRef, registration string) key {
	return key{userPartition(u), registrationPrefix + registration}
}

func claimKey(tenant, pool, normalized string) key {
	return key{join("CLAIM", tenant, pool, normalized), "CLAIM"}
}

const messagePrefix = "MESSAGE#"

func messageKey(message string) key { return key{messagePrefix + message, "MESSAGE"} }

// failuresKey counts wrong passwords given for an identifier or user id, known or not.
func failuresKey(tenant, pool, subject string) key {
	return key{join("LIMIT", tenant, pool, subject), "PASSWORD"}
}

// suppressedKey marks an address to which nothing is sent, in any pool: that is how SES looks at it too.
func suppressedKey(normalized string) key { return key{join("SUPPRESSED", normalized), "SUPPRESSED"} }

func clientKey(tenant, client string) key { return key{join("CLIENT", tenant, client), "CLIENT"} }

func clientsIndex(tenant string) string { return join("CLIENTS", tenant) }

func keysKey() key { return key{"KEYS", "KEYS"} }
