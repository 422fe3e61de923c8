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

// key is the primary key of an item. Ids have no '#' (identity.ValidID), so no two things share a
// key. The one free text in a key, a normalized identifier, is its last part.
type key struct{ pk, sk string }

func (k key) item() item { return item{pk: str(k.pk), sk: str(k.sk)} }

func join(parts ...string) string { return strings.Join(parts, "#") }

// Kind is the first part of the partition key of an item, or of its key in the index. Permissions
// are given by kind.
type Kind string

// The kinds.
const (
	KindPools      Kind = "POOL"
	KindPoolList   Kind = "POOLS" // in the index
	KindSchemas    Kind = "SCHEMA"
	KindSchemaList Kind = "SCHEMAS" // in the index
	KindUsers      Kind = "USERS"
	KindUserItems  Kind = "USER" // what belongs to a user and comes and goes: codes and registrations
	KindClaims     Kind = "CLAIM"
	KindMailboxes  Kind = "MAILBOX"
	KindMessages   Kind = "MESSAGE"
	KindLater      Kind = "LATER" // in the index: messages that wait for their place in a budget
	KindLimits     Kind = "LIMIT"
	KindSuppressed Kind = "SUPPRESSED"
	KindClients    Kind = "CLIENT"
	KindClientList Kind = "CLIENTS" // in the index
	KindAnswers    Kind = "ANSWER"  // to requests with an idempotency key
	KindKeys       Kind = "KEYS"    // one item, whose key is the kind alone
)

// Pattern returns what IAM compares partition keys of the kind with (dynamodb:LeadingKeys).
func (k Kind) Pattern() string {
	if k == KindKeys {
		return string(k)
	}
	return string(k) + "#*"
}

// KindOf returns the kind whose Pattern a partition key matches, or "" where the key has no such
// form.
func KindOf(partition string) Kind {
	first, _, parts := strings.Cut(partition, "#")
	if kind := Kind(first); parts != (kind == KindKeys) {
		return kind
	}
	return ""
}

func (k Kind) key(parts ...string) string { return join(append([]string{string(k)}, parts...)...) }

func (k Kind) cut(partition string) (rest string, ok bool) {
	return strings.CutPrefix(partition, string(k)+"#")
}

const poolSort = "POOL"

func poolKey(tenant, pool string) key { return key{KindPools.key(tenant, pool), poolSort} }

func poolCountKey(tenant, pool string) key { return key{KindPools.key(tenant, pool), "COUNT"} }

func poolNameKey(tenant, pool string) key { return key{KindPools.key(tenant, pool), "NAME"} }

const mailTextPrefix = "MAIL#"

// mailTextKey has the text of a mail. It is in the partition of its pool, whose permissions it
// shares.
func mailTextKey(r identity.MailRef) key {
	return key{KindPools.key(r.Tenant, r.Pool), mailTextPrefix + join(r.Kind, r.Language)}
}

func poolsIndex(tenant string) string { return KindPoolList.key(tenant) }

func schemaKey(tenant, schema string) key { return key{KindSchemas.key(tenant, schema), "SCHEMA"} }

func schemasIndex(tenant string) string { return KindSchemaList.key(tenant) }

func usersPartition(tenant, pool string) string { return KindUsers.key(tenant, pool) }

func userKey(u identity.UserRef) key { return key{usersPartition(u.Tenant, u.Pool), u.ID} }

func userPartition(u identity.UserRef) string { return KindUserItems.key(u.Tenant, u.Pool, u.ID) }

func codesKey(u identity.UserRef, purpose identity.CodePurpose) key {
	return key{userPartition(u), join("CODE", string(purpose))}
}

const registrationPrefix = "REG#"

func registrationKey(u identity.UserRef, registration string) key {
	return key{userPartition(u), registrationPrefix + registration}
}

// spareKey is where a registration writes as many bytes as its user would have if the identifier
// were free: see Registrations.Create.
func spareKey(u identity.UserRef, registration string) key {
	return key{userPartition(u), "SPARE#" + registration}
}

// mailboxKey has what is counted of a mailbox within a tenant. The mailbox stands in it as a
// digest.
func mailboxKey(m identity.MailboxRef) key {
	return key{KindMailboxes.key(m.Tenant, m.Digest), "MAILBOX"}
}

// askedKey has the requests of a kind in a pool for mails to a mailbox, or about a user name as if
// it were one.
func askedKey(m identity.MailboxRef, pool string, kind identity.Request) key {
	return key{KindMailboxes.key(m.Tenant, m.Digest), join("ASKED", pool, string(kind))}
}

func claimKey(tenant, pool, normalized string) key {
	return key{KindClaims.key(tenant, pool, normalized), "CLAIM"}
}

func messageKey(message string) key { return key{KindMessages.key(message), "MESSAGE"} }

// laterIndex has the messages of all pools that wait for their place in a budget.
func laterIndex() string { return KindLater.key("MESSAGES") }

// failuresKey has the wrong passwords that were given for an identifier or user id, known or not.
// Those of a device are in an item of their own in the same partition.
func failuresKey(of identity.FailuresRef) key {
	k := key{KindLimits.key(of.Tenant, of.Pool, of.Subject), "PASSWORD"}
	if of.Device != "" {
		k.sk = "DEVICE#" + of.Device
	}
	return k
}

// budgetKey has what is spent of a pool's budget in a period: a day, or an hour.
func budgetKey(tenant, pool, of, period string) key {
	return key{KindLimits.key(tenant, pool, of), period}
}

// workKey has the mark of a proof of work that has been used, by the name of its challenge.
func workKey(tenant, pool, challenge string) key {
	return key{KindLimits.key(tenant, pool, "work", challenge), "WORK"}
}

// suppressedKey has the mark of an address to which nothing is sent, in any pool, as SES sees it
// too.
func suppressedKey(normalized string) key { return key{KindSuppressed.key(normalized), "SUPPRESSED"} }

// answerKey has the answer to a request, whose id differs from those of every other tenant.
func answerKey(request string) key { return key{KindAnswers.key(request), "ANSWER"} }

func clientKey(tenant, client string) key { return key{KindClients.key(tenant, client), "CLIENT"} }

func clientsIndex(tenant string) string { return KindClientList.key(tenant) }

func keysKey() key { return key{string(KindKeys), "KEYS"} }
