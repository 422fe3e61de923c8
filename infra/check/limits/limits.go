// Package limits produces docs/limits.md from the constants of the code. Only its test imports it.
package limits

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"identitypools/shared/api"
	"identitypools/shared/identity"
	"identitypools/shared/mail"
	"identitypools/shared/once"
	"identitypools/shared/password"
	"identitypools/shared/schema"
	"identitypools/shared/work"
)

// Document returns the text of docs/limits.md.
func Document() string {
	return strings.Join([]string{
		"# Limits\n\nWritten by `go test ./infra/check/limits -update` from the code.",
		table("What a pool sets in `limits`",
			[]string{"setting", "least", "most", "usual", "what it bounds"}, settings()),
		"An administrator beyond a limit of a mailbox is told so: 429 with `Retry-After`. Nobody without a\n" +
			"token is told of the limits of an address: the answer is the usual one, and no mail is sent.\n" +
			"Beyond the pool's mails nobody is told anything, and mails are delayed; half of those are for\n" +
			"whoever proves work ([api.md](api.md)). Notices to owners of addresses don't wait, up to 2000 an\n" +
			"hour, or as many as the pool may send mails if that is more; half of them are for whoever proves\n" +
			"work, too. Only the limits of a source, which say nothing of any address, are 429 for its own\n" +
			"callers. A source is an IPv4 address or the /64 of an IPv6 one, as API Gateway sees it: behind a\n" +
			"proxy of your own, raise the three `source_` limits.",
		table("One-time codes: `otp_settings`",
			[]string{"purpose", "least lifetime", "most", "usual"}, lifetimes()),
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

func fixed() [][]string {
	return [][]string{
		{"digits of a code", fmt.Sprintf("%d to %d", identity.MinCodeLength, identity.MaxCodeLength)},
		{"guesses that a code survives", fmt.Sprint(identity.CodeTries)},
		{"codes of a user that live at once, for one purpose", fmt.Sprint(identity.MaxLiveCodes)},
		{
			"registrations that wait for one mailbox of a tenant, in all pools together",
			fmt.Sprint(identity.MaxWaiting),
		},
		{"a registration waits for its code", short(identity.RegistrationLifetime)},
		{"a ticket resends", short(identity.TicketLifetime)},
		{"a message waits for a mail service that refuses", short(identity.MessageLifetime)},
		{"characters of a password", fmt.Sprintf("%d (%d where it is the only factor) to %d",
			identity.MinPasswordLength, identity.MinPasswordLengthSole, identity.MaxPasswordLength)},
		{
			"`password_policy.min_length`",
			fmt.Sprintf("%d to %d", identity.MinPasswordLength, identity.MaxPasswordMinLength),
		},
		{"wrong passwords in a row before each further one must wait", fmt.Sprint(identity.FreeFailures)},
		{
			"attempts at a user's password that are under way at once",
			fmt.Sprintf("%d less the wrong ones in a row, then 1", identity.FreeFailures),
		},
		{
			"an attempt under way counts as a wrong password for",
			fmt.Sprintf("%d s at most", identity.OpenLease/time.Second),
		},
		{"longest wait after a wrong password", short(identity.MaxFailureWait)},
		{"wrong passwords are forgotten after", short(identity.FailureMemory)},
		{"characters of `X-Device-Id`", fmt.Sprintf("1 to %d", identity.MaxDevice)},
		{
			"a device is known after its last right password for at least",
			fmt.Sprintf("%d days", identity.DeviceMemory/(48*time.Hour)),
		},
		{"an imported hash: argon2id", fmt.Sprintf("%d MiB, %d passes", password.MaxMemory>>10,
			password.MaxPasses)},
		{
			"an imported hash: bcrypt, PBKDF2",
			fmt.Sprintf("cost %d, %d rounds", password.MaxBcryptCost, password.MaxIterations),
		},
		{"a pool's own text of a mail", fmt.Sprintf("%d characters of subject, %d of body",
			mail.MaxSubject, mail.MaxBody)},
		{"characters of an idempotency key", fmt.Sprintf("%d to %d", once.MinKey, once.MaxKey)},
		{"an answer is given again for", short(once.Kept)},
		{"a proof of work", fmt.Sprintf("one mail, %s, numbers up to %d", short(work.Lifetime),
			work.MaxNumber)},
		{"body of a request", fmt.Sprintf("%d KB, %d levels of JSON", api.MaxBody>>10, api.MaxDepth)},
		{
			"entries of a page",
			fmt.Sprintf("1 to %d, usually %d; %d MB together", api.MaxLimit, api.DefaultLimit,
				api.MaxAnswer>>20),
		},
		{
			"an identity schema",
			fmt.Sprintf("%d KB, %d levels, %d schemas, %d patterns of %d characters",
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
	return fmt.Sprintf("%d min", d/time.Minute)
}
