package identity

import (
	"fmt"
	"time"
)

// Limits are the limits of a pool. They keep strangers from guessing codes, flooding a mailbox and
// using up the pool's mails.
type Limits struct {
	MailPause         Duration `json:"mail_pause"`
	MailsPerHour      int64    `json:"mails_per_hour"`
	PoolMailsPerHour  int64    `json:"pool_mails_per_hour"`
	PoolMailsPerDay   int64    `json:"pool_mails_per_day"`
	GuessesPerDay     int64    `json:"code_guesses_per_day"`
	SourceGuesses     int64    `json:"source_guesses_per_hour"`
	SourceSubmissions int64    `json:"source_submissions_per_hour"`
	SourceMailboxes   int64    `json:"source_mailboxes_per_hour"`
}

// LimitsChange changes Limits. Absent fields are left unchanged.
type LimitsChange struct {
	MailPause         *Duration `json:"mail_pause"`
	MailsPerHour      *int64    `json:"mails_per_hour"`
	PoolMailsPerHour  *int64    `json:"pool_mails_per_hour"`
	PoolMailsPerDay   *int64    `json:"pool_mails_per_day"`
	GuessesPerDay     *int64    `json:"code_guesses_per_day"`
	SourceGuesses     *int64    `json:"source_guesses_per_hour"`
	SourceSubmissions *int64    `json:"source_submissions_per_hour"`
	SourceMailboxes   *int64    `json:"source_mailboxes_per_hour"`
}

// Limit describes one of Limits: its name, and the values that it may have.
type Limit struct {
	Name, Meaning      string
	Least, Most, Usual int64
	IsTime             bool // whether the values are durations
	value              *int64
}

// MailsKept is how many times of mails are remembered for each mailbox. It is the maximum of
// Limits.MailsPerHour.
const MailsKept = 10

// All returns the limits of l with their bounds. At most 100 guesses at codes can be allowed (NIST
// SP 800-63B-4 §3.2.2).
func (l *Limits) All() []Limit {
	second := int64(time.Second)
	return []Limit{
		{
			"mail_pause",
			"between two mails to a mailbox of the tenant; " +
				"notices, and those that administrators and back ends ask for, are counted apart",
			10 * second, 3600 * second, 60 * second, true, (*int64)(&l.MailPause),
		},
		{
			"mails_per_hour",
			"to a mailbox of the tenant, in any 60 minutes; " +
				"notices, and those that administrators and back ends ask for, are counted apart",
			1, MailsKept, 5, false, &l.MailsPerHour,
		},
		{
			"pool_mails_per_hour",
			"that strangers and back ends ask for in the pool, from each full hour (UTC), whatever comes of it; " +
				"what is above waits",
			1, 1_000_000, 10_000, false, &l.PoolMailsPerHour,
		},
		{
			"pool_mails_per_day", "the same, from midnight (UTC)",
			1, 10_000_000, 50_000, false, &l.PoolMailsPerDay,
		},
		{
			"code_guesses_per_day",
			"at the codes sent to a mailbox of the tenant, in 24 hours; " +
				"neither a resend nor a registration refills them",
			5, 100, 20, false, &l.GuessesPerDay,
		},
		{
			"source_guesses_per_hour",
			"of one source at codes of the pool, on public routes, from each full hour (UTC)",
			10, 1_000_000, 300, false, &l.SourceGuesses,
		},
		{
			"source_submissions_per_hour",
			"of one source, registrations and resends together, on public routes, from each full hour (UTC); " +
				"as many sign-ins with a password, which are counted apart",
			10, 1_000_000, 1000, false, &l.SourceSubmissions,
		},
		{
			"source_mailboxes_per_hour",
			"different mailboxes that one source may cause mails to on public routes, " +
				"from each full hour (UTC); above 1000 they are not counted",
			1, 1_000_000, 50, false, &l.SourceMailboxes,
		},
	}
}

// Filled returns the limits with the default for each limit that was never set.
func (l Limits) Filled() Limits {
	for _, limit := range l.All() {
		if *limit.value == 0 {
			*limit.value = limit.Usual
		}
	}
	return l
}

func (l *Limits) change(c LimitsChange) {
	setIfGiven(&l.MailPause, c.MailPause)
	setIfGiven(&l.MailsPerHour, c.MailsPerHour)
	setIfGiven(&l.PoolMailsPerHour, c.PoolMailsPerHour)
	setIfGiven(&l.PoolMailsPerDay, c.PoolMailsPerDay)
	setIfGiven(&l.GuessesPerDay, c.GuessesPerDay)
	setIfGiven(&l.SourceGuesses, c.SourceGuesses)
	setIfGiven(&l.SourceSubmissions, c.SourceSubmissions)
	setIfGiven(&l.SourceMailboxes, c.SourceMailboxes)
}

func (l Limits) check(v *Violations) {
	for _, limit := range l.All() {
		if *limit.value >= limit.Least && *limit.value <= limit.Most {
			continue
		}
		rule := OutOfRange(limit.Least, limit.Most)
		rule.Reason = fmt.Sprintf("must be from %s to %s", limit.Text(limit.Least), limit.Text(limit.Most))
		v.Add("/limits/"+limit.Name, rule)
	}
}

// Text returns a value of the limit in words for people.
func (l Limit) Text(value int64) string {
	if l.IsTime {
		return time.Duration(value).String()
	}
	return fmt.Sprint(value)
}

// Budget says how often something may be done in an hour (UTC) and on a day (UTC). A bound of 0
// means that there is no bound.
type Budget struct {
	Name    string // identifies the budget within its pool
	PerHour int64
	PerDay  int64
	Spent   string // tells a caller that nothing is left

	Mailbox   string // the digest of the mailbox for which it is spent, or ""
	Mailboxes int64  // how many different mailboxes there may be in an hour
}

// MailBudget returns the budget of the mails that strangers and back ends can cause to addresses
// that nobody has proved.
func (l Limits) MailBudget() Budget {
	return Budget{
		Name: "mails", PerHour: l.PoolMailsPerHour, PerDay: l.PoolMailsPerDay,
		Spent: "the pool has sent as many mails as it may for now",
	}
}

// noticesPerHour is the minimum number of notices that a pool may send in an hour. Somebody who
// uses up this budget can tell whether somebody else gets a notice, so it is larger than the budget
// of mails may be.
const noticesPerHour = 2000

// NoticeBudget returns the budget of notices to the owners of addresses that somebody else wanted
// to use. Notices do not wait for the budget of mails.
func (l Limits) NoticeBudget() Budget {
	return Budget{
		Name: "notices", PerHour: max(l.PoolMailsPerHour, noticesPerHour),
		Spent: "the pool has sent as many notices as it may for now",
	}
}

// GuessBudget returns the budget of guesses at codes from one source.
func (l Limits) GuessBudget(source string) Budget {
	return Budget{
		Name: "guesses#" + source, PerHour: l.SourceGuesses,
		Spent: "too many codes came from your network, try again later",
	}
}

// MailboxesCounted is the maximum number of different mailboxes that are counted for each source.
// It is bounded because the item that has them is written at each submission.
const MailboxesCounted = 1000

// SubmissionBudget returns the budget of registrations and resends from one source, and of the
// different mailboxes that they are about. The parameter mailbox is the digest of the mailbox of
// this submission, or "" if it has none.
func (l Limits) SubmissionBudget(source, mailbox string) Budget {
	if l.SourceMailboxes > MailboxesCounted {
		mailbox = ""
	}
	return Budget{
		Name: "submissions#" + source, PerHour: l.SourceSubmissions,
		Spent:   "too many registrations came from your network, try again later",
		Mailbox: mailbox, Mailboxes: l.SourceMailboxes,
	}
}

// SignInBudget returns the budget of passwords that one source gives on pages for signing in.
func (l Limits) SignInBudget(source string) Budget {
	return Budget{
		Name: "sign-ins#" + source, PerHour: l.SourceSubmissions,
		Spent: "too many sign-ins came from your network, try again later",
	}
}
