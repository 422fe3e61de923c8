// Package plan states what each function gets in AWS: memory, time, settings and permissions. It
// contains data and creates no resources. The CDK stack creates what the plan states, the local run
// refuses calls that the plan does not permit, and costs are computed from its sizes. Any package
// of infra may import it. Packages in functions and shared never do.
package plan

import (
	"time"

	"identitypools/shared/table"
)

// Function is a function as it is deployed.
type Function struct {
	Name string
	// MemoryMB also decides the share of a processor: 1,769 MB come with a whole one.
	MemoryMB int
	Timeout  time.Duration
	// Settings are the environment variables besides TABLE_NAME, which every function has.
	Settings []string
	// Mails reports whether the function sends mail.
	Mails bool
	// Clears reports whether the function takes addresses off SES's list of those to which it sends
	// nothing.
	Clears bool
	Grants []Grant
}

// CallsSES reports whether the function calls SES.
func (f Function) CallsSES() bool { return f.Mails || f.Clears }

// Grant allows actions on the table if every partition key of the call is of one of the kinds. A
// transaction is one call, so all its actions must be in one grant: IAM's documentation does not
// say whether it checks each item of a transaction on its own.
type Grant struct {
	Actions []string // names of actions in IAM
	Kinds   []table.Kind
	Index   bool // whether it applies to the index gsi1 instead of the table
}

// Patience is how long a record of the table's stream that fails is passed to the courier again.
// The records behind it in its shard wait in the meantime. After that the record becomes a dead
// letter. The value is several times the longest failure of a mail service that ends without
// anyone's help (an hour), and no larger part of a day than one bad record may cost all others. The
// message of a dead letter waits in the outbox for a replay.
const Patience = 6 * time.Hour

// Tick is the interval at which the courier looks for messages whose hour has come. Nobody waits
// longer than that beyond the hour, and the ticks of a month cost less than a cent.
const Tick = 5 * time.Minute

// The memory sizes of functions in MB. Hashing uses a whole processor; with a smaller share it
// would take longer and cost the same. The other functions wait for the table most of the time.
// docs/performance.md has the measurements.
const (
	hashing = 1769
	waiting = 1024
)

// Functions returns all functions in alphabetical order. Claims are read in batches; functions may
// also get them one at a time because the code of the last release does, which runs until a stack is
// updated.
func Functions() []Function {
	const answer = 20 * time.Second // API Gateway gives up after 30
	const get, batch, query = "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"
	const put, update, remove, check = "dynamodb:PutItem", "dynamodb:UpdateItem",
		"dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"
	return []Function{{
		Name: "activation", MemoryMB: hashing, Timeout: answer,
		Settings: []string{"CODE_SECRET", "RETURN_ORIGINS"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindMailboxes, table.KindUserItems,
				table.KindPools, table.KindUsers).
				may(get),
			on(table.KindClaims, table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindUserItems).may(query),
			on(table.KindAnswers, table.KindClaims, table.KindMailboxes, table.KindMessages,
				table.KindUserItems, table.KindUsers).
				may(put, update, remove),
		},
	}, {
		Name: "codes", MemoryMB: waiting, Timeout: answer,
		Settings: []string{"CODE_SECRET"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindMailboxes, table.KindUserItems,
				table.KindPools, table.KindUsers).
				may(get),
			on(table.KindClaims).may(batch),
			on(table.KindUserItems).may(query),
			on(table.KindAnswers, table.KindUserItems).may(put, update),
		},
	}, {
		Name: "courier", MemoryMB: waiting, Timeout: time.Minute, Mails: true,
		Settings: []string{"CODE_SECRET", "MAIL_CONFIGURATION_SET", "MAIL_FROM", "PUBLIC_URL"},
		Grants: []Grant{
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems, table.KindPools, table.KindSuppressed,
				table.KindUsers).may(get),
			on(table.KindUserItems, table.KindPools, table.KindUsers).may(query),
			on(table.KindLater).inIndex().may(query),
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems, table.KindPools,
				table.KindSuppressed).
				may(put, update),
			on(table.KindClaims, table.KindMessages, table.KindUserItems, table.KindPools,
				table.KindUsers).may(remove),
		},
	}, {
		Name: "passwords", MemoryMB: hashing, Timeout: answer,
		Grants: []Grant{
			on(table.KindClaims, table.KindKeys, table.KindPools).may(get),
			on(table.KindClaims, table.KindLimits, table.KindUsers).may(batch),
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
		Name: "registration", MemoryMB: hashing, Timeout: answer,
		Settings: []string{"CODE_SECRET", "PUBLIC_URL", "RETURN_ORIGINS"},
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
		Name: "tokens", MemoryMB: waiting, Timeout: answer,
		Settings: []string{"PUBLIC_URL", "TOKEN_SECRET"},
		Grants: []Grant{
			on(table.KindClients, table.KindKeys).may(get),
			on(table.KindKeys).may(put),
		},
	}, {
		Name: "users", MemoryMB: hashing, Timeout: answer, Clears: true,
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindPools,
				table.KindSchemas, table.KindUsers).may(get),
			on(table.KindClaims).may(batch),
			on(table.KindUserItems, table.KindUsers).may(query),
			on(table.KindAnswers, table.KindClaims, table.KindUserItems, table.KindUsers).
				may(put, update, remove),
			on(table.KindSuppressed).may(batch, remove),
		},
	}}
}

// on returns a grant for partition keys of the kinds. It allows no action yet.
func on(kinds ...table.Kind) Grant { return Grant{Kinds: kinds} }

// inIndex returns the grant for the index instead of the table.
func (g Grant) inIndex() Grant {
	g.Index = true
	return g
}

// may returns the grant with the actions.
func (g Grant) may(actions ...string) Grant {
	g.Actions = actions
	return g
}
