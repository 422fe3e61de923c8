// Package limits produces docs/limits.md from the constants of the code. Only its test imports it.
package limits

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"identitypools/shared/api"
	"identitypools/shared/factor"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/oidc"
	"identitypools/shared/once"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/work"
)

// Document returns the text of docs/limits.md.
func Document() string {
	return strings.Join([]string{
		"# Limits\n\nThis text lists everything that is bounded. `go test ./infra/check/limits -update` writes it from\n" +
			"the constants of the code. The [glossary](architecture.md#glossary) explains the terms.",
		table("What a pool sets in `limits`",
			[]string{"setting", "least", "most", "default", "what it bounds"}, settings()),
		"Who is told that a limit is reached:\n\n" +
			"- An administrator beyond a limit of a mailbox gets 429 with `Retry-After`.\n" +
			"- A caller without a token is not told of the limits of an address: the answer is the usual one,\n" +
			"  and no mail is sent.\n" +
			"- Nobody is told of the limit of the pool's mails. Mails beyond it are delayed.\n" +
			"- A caller on a public route beyond a limit of its source gets 429. These limits say nothing of any\n" +
			"  address.\n\n" +
			"Further rules:\n\n" +
			"- Strangers who do no proof of work ([api.md](api.md#proof-of-work)) may use half of the pool's\n" +
			"  mails. Strangers who do one, and back ends, may use all.\n" +
			"- Notices to owners of addresses do not wait, up to 2000 an hour, or as many as the pool may send\n" +
			"  mails if that is more. For them the same shares apply.\n" +
			"- A source is an IPv4 address or the /64 network of an IPv6 address, as API Gateway sees it, or as\n" +
			"  your own proxy names it ([deploy.md](deploy.md#in-front-of-it)). Behind a proxy that names no\n" +
			"  addresses all people are one source: then raise the three `source_` limits.",
		table("One-time codes: `otp_settings`",
			[]string{"purpose", "shortest lifetime", "longest", "default"}, lifetimes()),
		table("Times of a workspace",
			[]string{"setting", "shortest", "longest", "default"}, workspaceTimes()),
		table("What is fixed", []string{"what", "limit"}, fixed()),
	}, "\n\n") + "\n"
}

func table(title string, head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	fmt.Fprintf(&b, "## %s\n", title)
	line(head)
	fmt.Fprintf(&b, "%s|\n", strings.Repeat("|---", len(head)))
	for _, row := range rows {
		line(row)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func settings() (rows [][]string) {
	var l identity.Limits
	for _, limit := range l.All() {
		rows = append(rows, []string{
			"`" + limit.Name + "`", limit.Text(limit.Least),
			limit.Text(limit.Most), limit.Text(limit.Usual), limit.Meaning,
		})
	}
	return rows
}

func lifetimes() (rows [][]string) {
	all := identity.CodeLifetimes()
	for _, purpose := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, []string{
			string(purpose), short(all[purpose].Shortest),
			short(all[purpose].Longest), short(all[purpose].Usual),
		})
	}
	return rows
}

func workspaceTimes() (rows [][]string) {
	var w oidc.Workspace
	for _, l := range w.Lifetimes() {
		setting := "`" + strings.ReplaceAll(strings.TrimPrefix(l.Pointer, "/"), "/", ".") + "`"
		rows = append(rows, []string{setting, short(l.Least), short(l.Most), short(l.Usual)})
	}
	return rows
}

func fixed() [][]string {
	return [][]string{
		{"digits of a short code", fmt.Sprintf("%d to %d", identity.MinCodeLength, identity.MaxCodeLength)},
		{"guesses that a code survives", fmt.Sprint(identity.CodeTries)},
		{"live codes of a user for one purpose", fmt.Sprint(identity.MaxLiveCodes)},
		{
			"registrations that wait for one mailbox of a tenant, in all pools together",
			fmt.Sprint(identity.MaxWaiting),
		},
		{"how long a registration waits for its code", short(identity.RegistrationLifetime)},
		{"how long a ticket can have a message sent again", short(identity.TicketLifetime)},
		{"how long a message waits for a mail service that refuses it", short(identity.MessageLifetime)},
		{
			"characters of a password",
			fmt.Sprintf("what `password_policy.min_length` says, to %d", identity.MaxPasswordLength),
		},
		{
			"`password_policy.min_length`",
			fmt.Sprintf("%d to %d; by default %d if a password is the only factor, else %d",
				identity.MinPasswordLength, identity.MaxPasswordMinLength,
				identity.MinPasswordLengthSole, identity.MinPasswordLength),
		},
		{"wrong passwords in a row before each further attempt must wait", fmt.Sprint(identity.FreeFailures)},
		{
			"attempts at a user's password that are under way at once",
			fmt.Sprintf("%d minus the wrong ones in a row, at least 1", identity.FreeFailures),
		},
		{
			"how long an attempt under way counts as a wrong password",
			fmt.Sprintf("at most %d s", identity.OpenLease/time.Second),
		},
		{"longest wait after a wrong password", short(identity.MaxFailureWait)},
		{"after how long wrong passwords are forgotten", short(identity.FailureMemory)},
		{"characters of `X-Device-Id`", fmt.Sprintf("1 to %d", identity.MaxDevice)},
		{
			"how long a device is known after its last right password",
			fmt.Sprintf("at least %d days", identity.DeviceMemory/(48*time.Hour)),
		},
		{
			"an authenticator app",
			fmt.Sprintf("one of a user, with a secret of %d to %d bytes; guesses as at a mailbox (`code_guesses_per_day`)",
				identity.MinTOTPSecret, identity.MaxTOTPSecret),
		},
		{
			"passkeys",
			fmt.Sprintf("at most %d of a user, with names of 1 to %d characters", identity.MaxPasskeys, identity.MaxPasskeyName),
		},
		{"how long a passkey can be created with a challenge", short(factor.ChallengeLifetime)},
		{"a hash of another system: argon2id", fmt.Sprintf("at most %d MiB, %d passes", password.MaxMemory>>10,
			password.MaxPasses)},
		{
			"a hash of another system: bcrypt, PBKDF2",
			fmt.Sprintf("at most cost %d, %d rounds", password.MaxBcryptCost, password.MaxIterations),
		},
		{"a pool's own text of a mail", fmt.Sprintf("at most %d characters of subject, %d of body",
			mail.MaxSubject, mail.MaxBody)},
		{"pools that are connected to a workspace", fmt.Sprintf("at most %d", oidc.MaxConnections)},
		{
			"an application",
			fmt.Sprintf("at most %d URIs of %d bytes in each list, %d scopes of %d bytes, %d pools",
				oidc.MaxURIs, oidc.MaxURI, oidc.MaxScopes, oidc.MaxScope, oidc.MaxPools),
		},
		{
			"secrets of an application",
			fmt.Sprintf("at most %d at once; one that is chosen has %d to %d characters", oidc.MaxSecrets, oidc.MinSecret,
				oidc.MaxSecret),
		},
		{"characters of an idempotency key", fmt.Sprintf("%d to %d", once.MinKey, once.MaxKey)},
		{"how long a repeat under an idempotency key gets the first answer", short(once.Kept)},
		{"a proof of work", fmt.Sprintf("valid for one mail and %s, with numbers up to %d", short(work.Lifetime),
			work.MaxNumber)},
		{"body of a request", fmt.Sprintf("at most %d KB, %d levels of JSON", api.MaxBody>>10, api.MaxDepth)},
		{
			"entries of a page of a list",
			fmt.Sprintf("1 to %d, by default %d; together at most %d MB", api.MaxLimit, api.DefaultLimit,
				api.MaxAnswer>>20),
		},
		{
			"an identity schema",
			fmt.Sprintf("at most %d KB, %d levels, %d schemas, %d patterns of %d characters",
				schema.MaxDocument>>10, schema.MaxDepth, schema.MaxNodes, schema.MaxPatterns,
				schema.MaxPattern),
		},
		{"violations in an answer about a document", fmt.Sprint(schema.MaxViolations)},
	}
}

// short returns a duration in the form in which people write it.
func short(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	if d%time.Minute != 0 {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}
