package table

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"identitypools/shared/identity"
)

// The attributes of the table and of its index that have keys, and the time to live.
const (
	pk      = "pk"
	sk      = "sk"
	index   = "gsi1"
	indexPK = "gsi1pk"
	indexSK = "gsi1sk"
	ttl     = "ttl"
)

// key is the primary key of an item. Ids contain no '#' (see identity.ValidID), so different things
// have different keys. The only free text in a key, a normalized identifier, is the last part of
// the key.
type key struct{ pk, sk string }

// item returns the attributes of the key. Ids and identifiers are bounded where they are decoded (see
// identity.ID and identity.Pool.Normalize), so a key has a few hundred bytes. DynamoDB refuses a call
// with a longer partition key than 2048 bytes, or with a sort key that is empty or longer than 1024
// bytes. If such a key comes here nonetheless, item replaces it by one of the same kind that no other
// item has, so that the item is not found instead of causing a fault.
func (k key) item() item {
	if len(k.pk) > 2048 || len(k.sk) > 1024 || k.sk == "" {
		sum := sha256.Sum256([]byte(join(k.pk, k.sk)))
		kind, _, _ := strings.Cut(k.pk, "#")
		k = key{Kind(kind).key(hex.EncodeToString(sum[:])), identity.Nobody}
	}
	return item{pk: str(k.pk), sk: str(k.sk)}
}

// join returns the parts of a key with '#' between them.
func join(parts ...string) string { return strings.Join(parts, "#") }

// Kind is the first part of an item's partition key, or of its partition key in the index.
// Permissions of functions are for kinds.
type Kind string

// The kinds.
const (
	KindPools           Kind = "POOL"
	KindPoolList        Kind = "POOLS" // in the index
	KindSchemas         Kind = "SCHEMA"
	KindSchemaList      Kind = "SCHEMAS" // in the index
	KindUsers           Kind = "USERS"
	KindUserItems       Kind = "USER" // the codes, registrations, sessions and grants of a user
	KindClaims          Kind = "CLAIM"
	KindMailboxes       Kind = "MAILBOX"
	KindMessages        Kind = "MESSAGE"
	KindLater           Kind = "LATER" // in the index: what waits for a time
	KindLimits          Kind = "LIMIT"
	KindSuppressed      Kind = "SUPPRESSED"
	KindClients         Kind = "CLIENT"  // of the API, and applications
	KindClientList      Kind = "CLIENTS" // in the index
	KindAnswers         Kind = "ANSWER"  // to requests with an idempotency key
	KindKeys            Kind = "KEYS"    // two items, whose partition key is the kind alone
	KindWorkspaces      Kind = "WORKSPACE"
	KindWorkspaceList   Kind = "WORKSPACES" // in the index
	KindApplications    Kind = "APPLICATION"
	KindApplicationList Kind = "APPLICATIONS" // in the index
)

// Pattern returns the pattern for partition keys of the kind in an IAM policy
// (dynamodb:LeadingKeys).
func (k Kind) Pattern() string {
	if k == KindKeys {
		return string(k)
	}
	return string(k) + "#*"
}

// KindOf returns the kind whose Pattern a partition key matches, or "" if there is none.
func KindOf(partition string) Kind {
	first, _, parts := strings.Cut(partition, "#")
	if kind := Kind(first); parts != (kind == KindKeys) {
		return kind
	}
	return ""
}

// key returns a partition key of the kind.
func (k Kind) key(parts ...string) string { return join(append([]string{string(k)}, parts...)...) }

// cut returns a partition key without the kind. It reports false if the key is of another kind.
func (k Kind) cut(partition string) (rest string, ok bool) {
	return strings.CutPrefix(partition, string(k)+"#")
}

// poolSort is the sort key of pools.
const poolSort = "POOL"

func poolKey(tenant, pool string) key { return key{KindPools.key(tenant, pool), poolSort} }

func poolCountKey(tenant, pool string) key { return key{KindPools.key(tenant, pool), "COUNT"} }

func poolNameKey(tenant, pool string) key { return key{KindPools.key(tenant, pool), "NAME"} }

const mailTextPrefix = "MAIL#"

// mailTextKey is the key of the text of a mail. The text is in the partition of its pool, and so
// has the same permissions.
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

// spareKey is the key of an item that has as many bytes as the user of a registration would have if
// the identifier were free: see Registrations.Create.
func spareKey(u identity.UserRef, registration string) key {
	return key{userPartition(u), "SPARE#" + registration}
}

// mailboxKey is the key of the item with the counters of a mailbox within a tenant. It has a digest of the
// mailbox.
func mailboxKey(m identity.MailboxRef) key {
	return key{KindMailboxes.key(m.Tenant, m.Digest), "MAILBOX"}
}

// askedKey is the key of the requests of one kind in a pool for mails to a mailbox, or for a user
// name that is treated like a mailbox.
func askedKey(m identity.MailboxRef, pool string, kind identity.Request) key {
	return key{KindMailboxes.key(m.Tenant, m.Digest), join("ASKED", pool, string(kind))}
}

func claimKey(tenant, pool, normalized string) key {
	return key{KindClaims.key(tenant, pool, normalized), "CLAIM"}
}

func messageKey(message string) key { return key{KindMessages.key(message), "MESSAGE"} }

// laterIndex is the partition key, in the index, of everything that waits for a time: messages that
// are postponed, and deleted pools. Its name is from when there were only messages.
func laterIndex() string { return KindLater.key("MESSAGES") }

// failuresKey is the key of the failures of an identifier or a user, who need not exist. The
// failures of devices are in separate items of the same partition.
func failuresKey(of identity.FailuresRef) key {
	k := key{KindLimits.key(of.Tenant, of.Pool, of.Subject), "PASSWORD"}
	if of.Device != "" {
		k.sk = "DEVICE#" + of.Device
	}
	return k
}

// budgetKey is the key of what is spent of a pool's budget in a period, which is a day or an hour.
func budgetKey(tenant, pool, budget, period string) key {
	return key{KindLimits.key(tenant, pool, budget), period}
}

// workKey is the key of the mark that a proof of work was used. It has the name of the work's
// challenge.
func workKey(tenant, pool, challenge string) key {
	return key{KindLimits.key(tenant, pool, "work", challenge), "WORK"}
}

// suppressedKey is the key of the mark of an address to which nothing is sent in any pool. The
// address has the form in which SES sees it.
func suppressedKey(normalized string) key { return key{KindSuppressed.key(normalized), "SUPPRESSED"} }

// answerKey is the key of the answer to a request. The ids of requests differ between tenants.
func answerKey(request string) key { return key{KindAnswers.key(request), "ANSWER"} }

func clientKey(tenant, client string) key { return key{KindClients.key(tenant, client), "CLIENT"} }

func clientsIndex(tenant string) string { return KindClientList.key(tenant) }

func keysKey() key { return key{string(KindKeys), "KEYS"} }

// signingKey is the key of the keys with which tokens of workspaces are signed.
func signingKey() key { return key{string(KindKeys), "SIGN"} }

func workspaceKey(tenant, workspace string) key {
	return key{KindWorkspaces.key(tenant, workspace), "WORKSPACE"}
}

const connectionPrefix = "IDP#"

// connectionKey is the key of the connection of a pool to a workspace, which is in the partition of the
// workspace.
func connectionKey(tenant, workspace, connection string) key {
	return key{KindWorkspaces.key(tenant, workspace), connectionPrefix + connection}
}

// connectedKey is the key of the mark that a pool is connected to a workspace, by which it is connected
// once.
func connectedKey(tenant, workspace, pool string) key {
	return key{KindWorkspaces.key(tenant, workspace), "POOL#" + pool}
}

func workspacesIndex(tenant string) string { return KindWorkspaceList.key(tenant) }

// applicationKey is the key of an application. API clients have another kind, so that the function which
// administers applications has no permission on them.
func applicationKey(tenant, client string) key {
	return key{KindApplications.key(tenant, client), "APPLICATION"}
}

func applicationsIndex(tenant, workspace string) string {
	return KindApplicationList.key(tenant, workspace)
}

const (
	sessionPrefix = "SESSION#"
	grantPrefix   = "GRANT#"
)

func sessionKey(u identity.UserRef, session string) key {
	return key{userPartition(u), sessionPrefix + session}
}

// grantKey is the key of a grant. The grants of a session are next to each other.
func grantKey(u identity.UserRef, session, grant string) key {
	return key{userPartition(u), grantPrefix + join(session, grant)}
}
