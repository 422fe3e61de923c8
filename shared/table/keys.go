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

// Kind is the first part of an item's partition key, or of its key in the index: permissions are given by kind.
type Kind string

// The kinds.
const (
	Pools      Kind = "POOL"
	PoolList   Kind = "POOLS" // in the index
	Schemas    Kind = "SCHEMA"
	SchemaList Kind = "SCHEMAS" // in the index
	Users      Kind = "USERS"
	OfUser     Kind = "USER" // what belongs to a user and comes and goes: codes and registrations
	Claims     Kind = "CLAIM"
	Mailboxes  Kind = "MAILBOX"
	Messages   Kind = "MESSAGE"
	Later      Kind = "LATER" // in the index: messages that wait for their place in a budget
	Limits     Kind = "LIMIT"
	Suppressed Kind = "SUPPRESSED"
	Clients    Kind = "CLIENT"
	ClientList Kind = "CLIENTS" // in the index
	Answers    Kind = "ANSWER"  // to requests with an idempotency key
	Keys       Kind = "KEYS"    // one item, whose key is the kind alone
)

// Pattern is what IAM compares partition keys of the kind with (dynamodb:LeadingKeys).
func (k Kind) Pattern() string {
	if k == Keys {
		return string(k)
	}
	return string(k) + "#*"
}

// KindOf is the kind whose Pattern a partition key matches; "" where the key is of no such form.
func KindOf(partition string) Kind {
	first, _, parts := strings.Cut(partition, "#")
	if kind := Kind(first); parts != (kind == Keys) {
		return kind
	}
	return ""
}

func (k Kind) key(parts ...string) string { return join(append([]string{string(k)}, parts...)...) }

func (k Kind) cut(partition string) (rest string, ok bool) {
	return strings.CutPrefix(partition, string(k)+"#")
}

const poolSort = "POOL"

func poolKey(tenant, pool string) key { return key{Pools.key(tenant, pool), poolSort} }

func poolCountKey(tenant, pool string) key { return key{Pools.key(tenant, pool), "COUNT"} }

func poolNameKey(tenant, pool string) key { return key{Pools.key(tenant, pool), "NAME"} }

const mailTextPrefix = "MAIL#"

// mailTextKey is beside its pool, whose permissions it shares.
func mailTextKey(r identity.MailRef) key {
	return key{Pools.key(r.Tenant, r.Pool), mailTextPrefix + join(r.Kind, r.Language)}
}

func poolsIndex(tenant string) string { return PoolList.key(tenant) }

func schemaKey(tenant, schema string) key { return key{Schemas.key(tenant, schema), "SCHEMA"} }

func schemasIndex(tenant string) string { return SchemaList.key(tenant) }

func usersPartition(tenant, pool string) string { return Users.key(tenant, pool) }

func userKey(u identity.UserRef) key { return key{usersPartition(u.Tenant, u.Pool), u.ID} }

func userPartition(u identity.UserRef) string { return OfUser.key(u.Tenant, u.Pool, u.ID) }

func codesKey(u identity.UserRef, purpose identity.CodePurpose) key {
	return key{userPartition(u), join("CODE", string(purpose))}
}

const registrationPrefix = "REG#"

func registrationKey(u identity.UserRef, registration string) key {
	return key{userPartition(u), registrationPrefix + registration}
}

// spareKey is where a registration writes as many bytes as its user would have, had the identifier
// been free: see Register.
func spareKey(u identity.UserRef, registration string) key {
	return key{userPartition(u), "SPARE#" + registration}
}

// mailboxKey has what is counted of a mailbox within a tenant. The mailbox stands in it as a digest.
func mailboxKey(m identity.MailboxRef) key {
	return key{Mailboxes.key(m.Tenant, m.Digest), "MAILBOX"}
}

// askedKey has the requests of a kind in a pool for mails to a mailbox, or about a user name as if it were one.
func askedKey(m identity.MailboxRef, pool string, kind identity.Request) key {
	return key{Mailboxes.key(m.Tenant, m.Digest), join("ASKED", pool, string(kind))}
}

func claimKey(tenant, pool, normalized string) key {
	return key{Claims.key(tenant, pool, normalized), "CLAIM"}
}

func messageKey(message string) key { return key{Messages.key(message), "MESSAGE"} }

// laterIndex has the messages of all pools that wait for their place in a budget.
func laterIndex() string { return Later.key("MESSAGES") }

// failuresKey counts wrong passwords given for an identifier or user id, known or not; those of a device beside it.
func failuresKey(of identity.FailuresRef) key {
	k := key{Limits.key(of.Tenant, of.Pool, of.Subject), "PASSWORD"}
	if of.Device != "" {
		k.sk = "DEVICE#" + of.Device
	}
	return k
}

// budgetKey counts what is spent of a pool's budget in a period: a day, or an hour.
func budgetKey(tenant, pool, of, period string) key {
	return key{Limits.key(tenant, pool, of), period}
}

// workKey marks a proof of work that has been used, by the name of its challenge.
func workKey(tenant, pool, challenge string) key {
	return key{Limits.key(tenant, pool, "work", challenge), "WORK"}
}

// suppressedKey marks an address to which nothing is sent, in any pool: that is how SES looks at it too.
func suppressedKey(normalized string) key { return key{Suppressed.key(normalized), "SUPPRESSED"} }

// answerKey names the answer to a request; its id is unlike any other tenant's.
func answerKey(request string) key { return key{Answers.key(request), "ANSWER"} }

func clientKey(tenant, client string) key { return key{Clients.key(tenant, client), "CLIENT"} }

func clientsIndex(tenant string) string { return ClientList.key(tenant) }

func keysKey() key { return key{string(Keys), "KEYS"} }
