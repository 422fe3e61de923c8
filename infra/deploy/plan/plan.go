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
	// Settings are the environment variables besides TABLE_NAME, which each of [Functions] has.
	Settings []string
	// Mails reports whether the function takes entries from the queue of mails and sends mail.
	Mails bool
	// Relays reports whether the function puts entries into the queue of mails.
	Relays bool
	// Clears reports whether the function takes addresses off SES's list of those to which it sends
	// nothing.
	Clears bool
	// Proxied reports whether answers of the function depend on where a request comes from. It then
	// knows the proxy in front of the API (ProxySettings). They are empty if there is none.
	Proxied bool
	Grants  []Grant
}

// CallsSES reports whether the function calls SES.
func (f Function) CallsSES() bool { return f.Mails || f.Clears }

// ProxySecret is the setting with the secret of the proxy in front of the API.
const ProxySecret = "PROXY_SECRET"

// ProxySettings returns the settings that describe the proxy in front of the API.
func ProxySettings() []string { return []string{"PROXY_HEADER", "PROXY_ONLY", ProxySecret} }

// Grant allows actions on the table if every partition key of the call is of one of the kinds. A
// transaction is one call, so all its actions must be in one grant: IAM's documentation does not
// say whether it checks each item of a transaction on its own.
type Grant struct {
	Actions []string // names of actions in IAM
	Kinds   []table.Kind
	Index   bool // whether it applies to the index gsi1 instead of the table
}

// Patience is how long a record of the table's stream that fails is passed to the keeper again. The
// records behind it in its shard wait in the meantime. After that the record becomes a dead letter.
// The value is longer than failures last that end without anyone's help, and no larger part of a day
// than one bad record may cost all others.
const Patience = 6 * time.Hour

// Tick is the interval at which the keeper looks for messages whose hour has come. Nobody waits longer
// than that beyond the hour, and the ticks of a month cost less than a cent.
const Tick = 5 * time.Minute

// The queue of mails. Lambda takes entries from it in batches, and one process handles a batch at a
// time, all entries of it at once.
const (
	// MailBatch is the largest number of entries of a batch.
	MailBatch = 10
	// MailTimeout is the longest time for a batch.
	MailTimeout = time.Minute
	// MailVisibility is the time after which an entry comes back whose process has died: six times the
	// time-out of the function (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS").
	MailVisibility = 6 * MailTimeout
	// MailRetention is how long the queue and its dead-letter queue keep an entry, which is the longest
	// that SQS allows. The messages themselves are kept for two days.
	MailRetention = 14 * 24 * time.Hour
	// UsualMailRate is SES's usual rate of an account outside of its sandbox, in mails a second.
	UsualMailRate = 14
	// mailsPerProcess is how many mails a second one process sends with ease. Lambda is never told to
	// run less than two (ScalingConfig, "MaximumConcurrency").
	mailsPerProcess, fewestProcesses = 25, 2
)

// MailProcesses returns how many processes of the courier work at the same time, if SES takes a number
// of mails a second from the account.
func MailProcesses(rate int) int {
	return max(fewestProcesses, (rate+mailsPerProcess-1)/mailsPerProcess)
}

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
				table.KindPools, table.KindSuppressed, table.KindUsers).
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
				table.KindPools, table.KindSuppressed, table.KindUsers).
				may(get),
			on(table.KindClaims, table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindUserItems).may(query),
			on(table.KindAnswers, table.KindClaims, table.KindMailboxes, table.KindMessages,
				table.KindUserItems, table.KindUsers).
				may(put, update, remove),
		},
	}, {
		Name: "courier", MemoryMB: waiting, Timeout: MailTimeout, Mails: true,
		Settings: []string{
			"CODE_SECRET", "MAIL_CONFIGURATION_SET", "MAIL_FROM", "MAIL_QUEUE_URL", "MAIL_RATE", "PUBLIC_URL",
		},
		Grants: []Grant{
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems, table.KindPools, table.KindSuppressed,
				table.KindUsers).may(get),
			on(table.KindUserItems).may(query),
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems).may(update),
			on(table.KindMessages, table.KindUserItems).may(remove),
		},
	}, {
		Name: "factors", MemoryMB: waiting, Timeout: answer,
		Settings: []string{"CODE_SECRET", "PUBLIC_URL"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindMailboxes, table.KindPools,
				table.KindUserItems, table.KindUsers).may(get),
			on(table.KindClaims, table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindAnswers, table.KindMailboxes, table.KindMessages, table.KindUserItems, table.KindUsers).
				may(put, update),
		},
	}, {
		Name: "keeper", MemoryMB: waiting, Timeout: time.Minute,
		Grants: []Grant{
			on(table.KindUserItems, table.KindPools, table.KindUsers).may(get, query),
			on(table.KindLater).inIndex().may(query),
			on(table.KindPools, table.KindSuppressed).may(put, update),
			on(table.KindMessages).may(update),
			on(table.KindClaims, table.KindUserItems, table.KindPools, table.KindUsers).may(remove),
		},
	}, {
		Name: "passwords", MemoryMB: hashing, Timeout: answer,
		Settings: []string{"CODE_SECRET"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindMailboxes, table.KindPools,
				table.KindSuppressed, table.KindUserItems, table.KindUsers).may(get),
			on(table.KindClaims, table.KindLimits, table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindAnswers, table.KindLimits, table.KindMailboxes, table.KindMessages,
				table.KindUserItems, table.KindUsers).may(put, update),
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
		Name: "recovery", MemoryMB: hashing, Timeout: answer, Proxied: true,
		Settings: []string{"CODE_SECRET", "PUBLIC_URL", "RETURN_ORIGINS", "SIGN_UP_ORIGINS"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindMailboxes, table.KindUserItems, table.KindPools,
				table.KindUsers).may(get),
			on(table.KindClaims, table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindLimits).may(get, put, update),
			on(table.KindAnswers, table.KindClaims, table.KindMailboxes, table.KindMessages,
				table.KindUserItems, table.KindUsers).
				may(put, update, remove),
		},
	}, {
		Name: "registration", MemoryMB: hashing, Timeout: answer, Proxied: true,
		Settings: []string{"CODE_SECRET", "PUBLIC_URL", "RETURN_ORIGINS", "SIGN_UP_ORIGINS"},
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
		Name: "relay", MemoryMB: waiting, Timeout: time.Minute, Relays: true,
		Settings: []string{"MAIL_QUEUE_URL"},
	}, {
		Name: "schemas", MemoryMB: waiting, Timeout: answer,
		Grants: []Grant{
			on(table.KindAnswers, table.KindKeys, table.KindSchemas).may(get),
			on(table.KindSchemaList).inIndex().may(query),
			on(table.KindAnswers, table.KindSchemas).may(put, update, remove),
		},
	}, {
		Name: "signin", MemoryMB: hashing, Timeout: answer, Proxied: true,
		Settings: []string{"CODE_SECRET", "PUBLIC_URL"},
		Grants: []Grant{
			on(table.KindApplications, table.KindKeys, table.KindLimits, table.KindMailboxes, table.KindPools,
				table.KindUserItems, table.KindUsers).may(get),
			on(table.KindClaims, table.KindLimits, table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindUserItems, table.KindWorkspaces).may(query),
			on(table.KindLimits, table.KindMailboxes, table.KindMessages, table.KindUserItems, table.KindUsers).
				may(put, update, remove),
		},
	}, {
		Name: "tokens", MemoryMB: waiting, Timeout: answer,
		Settings: []string{"PUBLIC_URL", "TOKEN_SECRET"},
		Grants: []Grant{
			on(table.KindApplications, table.KindClients, table.KindKeys, table.KindPools, table.KindUsers).may(get),
			on(table.KindUserItems, table.KindUsers).may(batch),
			on(table.KindWorkspaces).may(query),
			on(table.KindApplicationList).inIndex().may(query),
			on(table.KindKeys).may(put),
			on(table.KindUserItems).may(update),
		},
	}, {
		Name: "users", MemoryMB: hashing, Timeout: answer, Clears: true,
		Settings: []string{"CODE_SECRET"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindClaims, table.KindKeys, table.KindPools,
				table.KindSchemas, table.KindUsers).may(get),
			on(table.KindClaims).may(batch),
			on(table.KindUserItems, table.KindUsers).may(query),
			on(table.KindAnswers, table.KindClaims, table.KindMessages, table.KindUserItems, table.KindUsers).
				may(put, update, remove),
			on(table.KindSuppressed).may(batch, remove),
		},
	}, {
		Name: "workspaces", MemoryMB: waiting, Timeout: answer,
		Settings: []string{"PUBLIC_URL", "SIGN_UP_ORIGINS"},
		Grants: []Grant{
			on(table.KindAnswers, table.KindApplications, table.KindKeys).may(get),
			on(table.KindWorkspaces).may(query),
			on(table.KindApplicationList, table.KindWorkspaceList).inIndex().may(query),
			on(table.KindAnswers, table.KindApplications, table.KindWorkspaces).may(put, update, remove),
			on(table.KindAnswers, table.KindPools, table.KindWorkspaces).may(put, update, check),
		},
	}}
}

// Throttle returns the function that sets the limits of the routes in a deploy. It is not one of
// [Functions]: no request and no event reaches it, and it does not know the table. Its time is
// enough to delete the limits of all routes, one by one, where API Gateway takes a few calls in a
// second.
func Throttle() Function {
	return Function{Name: "throttle", MemoryMB: 256, Timeout: 5 * time.Minute}
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
