// Package plan says what each function gets in AWS: memory, time, settings, and the permissions that it needs. It is data and
// makes nothing: the CDK stack builds what it says, the local run holds the functions to their permissions, costs are computed
// from its sizes. Whatever is in infra may import it; functions and shared don't know it.
package plan

import (
	"time"

	"identitypools/shared/table"
)

// Function is a function as it is deployed.
type Function struct {
	Name     string
	MemoryMB int // a processor comes with 1,769 MB, and a share of one with less
	Timeout  time.Duration
	Settings []string // environment variables besides TABLE_NAME, which every function has
	Mails    bool
	Grants   []Grant
}

// Grant allows actions on the table, if every partition key that a call names is of one of the kinds. A transaction is one call, so
// all that it does is in one grant: IAM's documents don't say whether it looks at each of its items alone.
type Grant struct {
	Actions []string // as IAM names them
	Kinds   []table.Kind
	Index   bool // on the index gsi1 instead of the table
}

// Patience is how long the courier is handed a record of the table's stream that fails, while those behind it in its shard wait: then the
// record is a dead letter. It is several times what a mail service may be away (an hour) without anybody's help, and no more of a day
// than one bad record may cost all others. A message that is given up waits in the outbox for a replay.
const Patience = 6 * time.Hour

// Tick is how often the courier's clock has it look for messages whose hour has come: nobody waits
// longer beyond that hour, and a month of ticks costs less than a cent.
const Tick = 5 * time.Minute

// The sizes of functions. Hashing takes a whole processor, and costs the same with less of one but longer; the others wait for
// the table most of the time. docs/performance.md has the measurements.
const (
	hashing = 1769
	waiting = 1024
)

// Functions are all functions in the order of the alphabet.
func Functions() []Function {
	const answer = 20 * time.Second // API Gateway gives up after 30
	const get, batch, query = "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"
	const put, update, remove, check = "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"
	return []Function{{
		Name: "activation", MemoryMB: hashing, Timeout: answer, Settings: []string{"CODE_SECRET", "RETURN_ORIGINS"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindMailboxes,
				table.KindUserItems, table.KindPools, table.KindUsers).
				may(get),
			on(table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindUserItems).may(query),
			on(table.KindAnswers, table.KindClaims, table.KindMailboxes, table.KindMessages,
				table.KindUserItems, table.KindUsers).
				may(put, update, remove),
		},
	}, {
		Name: "courier", MemoryMB: waiting, Timeout: time.Minute, Mails: true,
		Settings: []string{"CODE_SECRET", "MAIL_CONFIGURATION_SET", "MAIL_FROM", "PUBLIC_URL"},
		Grants: []Grant{
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems,
				table.KindPools, table.KindSuppressed, table.KindUsers).may(get),
			on(table.KindUserItems, table.KindPools, table.KindUsers).may(query),
			on(table.KindLater).inIndex().may(query),
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems,
				table.KindPools, table.KindSuppressed).
				may(put, update),
			on(table.KindClaims, table.KindMessages, table.KindUserItems, table.KindPools,
				table.KindUsers).may(remove),
		},
	}, {
		Name: "credentials", MemoryMB: hashing, Timeout: answer,
		Grants: []Grant{
			on(table.KindClaims, table.KindKeys, table.KindPools).may(get),
			on(table.KindLimits, table.KindUsers).may(batch),
			on(table.KindLimits, table.KindUsers).may(update),
			on(table.KindLimits).may(remove),
		},
	}, {
		Name: "pools", MemoryMB: waiting, Timeout: answer,
		Grants: []Grant{
			on(table.KindAnswers, table.KindKeys, table.KindPools).may(get),
			on(table.KindUserItems, table.KindPools, table.KindUsers).may(query),
			on(table.KindPoolList).inIndex().may(query),
			on(table.KindAnswers, table.KindPools, table.KindSchemas).
				may(put, update, remove, check),
			on(table.KindClaims, table.KindUserItems, table.KindPools, table.KindUsers).may(remove),
		},
	}, {
		Name: "registration", MemoryMB: hashing, Timeout: answer, Settings: []string{"CODE_SECRET", "PUBLIC_URL", "RETURN_ORIGINS"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindMailboxes,
				table.KindUserItems, table.KindPools, table.KindSchemas, table.KindUsers).may(get),
			on(table.KindClaims, table.KindUserItems, table.KindPools, table.KindUsers).may(batch),
			on(table.KindLimits).may(get, put, update),
			on(table.KindAnswers, table.KindClaims, table.KindMailboxes, table.KindMessages,
				table.KindUserItems, table.KindUsers).
				may(put, update, remove),
		},
	}, {
		Name: "schemas", MemoryMB: waiting, Timeout: answer,
		Grants: []Grant{
			on(table.KindAnswers, table.KindKeys, table.KindSchemas).may(get),
			on(table.KindSchemaList).inIndex().may(query),
			on(table.KindAnswers, table.KindSchemas).may(put, update, remove),
		},
	}, {
		Name: "tokens", MemoryMB: waiting, Timeout: answer, Settings: []string{"PUBLIC_URL", "TOKEN_SECRET"},
		Grants: []Grant{
			on(table.KindClients, table.KindKeys).may(get),
			on(table.KindKeys).may(put),
		},
	}, {
		Name: "users", MemoryMB: hashing, Timeout: answer,
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindPools,
				table.KindSchemas, table.KindUsers).may(get),
			on(table.KindUserItems, table.KindUsers).may(query),
			on(table.KindAnswers, table.KindClaims, table.KindUserItems, table.KindUsers).
				may(put, update, remove),
			on(table.KindSuppressed).may(batch, remove),
		},
	}}
}

func on(kinds ...table.Kind) Grant { return Grant{Kinds: kinds} }

func (g Grant) inIndex() Grant {
	g.Index = true
	return g
}

func (g Grant) may(actions ...string) Grant {
	g.Actions = actions
	return g
}
