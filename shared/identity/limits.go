package identity

import (
	"fmt"
	"time"
)

// Limits are what a pool bounds, so that nobody can guess codes, flood a mailbox or spend the pool's mails.
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

// LimitsChange changes Limits.
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

// Limit is one of Limits, with what it may be set to.
type Limit struct {
	Name, Meaning      string
	Least, Most, Usual int64
	IsTime             bool // the values are durations
	value              *int64
}

// MailsKept is how many times of mails to a mailbox are remembered: the most that Limits.MailsPerHour can be.
const MailsKept = 10

// All are the limits of l, each with its bounds. Guesses at codes are at most 100 (NIST SP 800-63B-4 §3.2.2).
func (l *Limits) All() []Limit {
	second := int64(time.Second)
	return []Limit{
		{
			"mail_pause",
			"between two mails to a mailbox of the tenant; " +
				"notices and those that administrators ask for are counted apart",
			10 * second, 3600 * second, 60 * second, true, (*int64)(&l.MailPause),
		},
		{
			"mails_per_hour",
			"to a mailbox of the tenant, in any 60 minutes; " +
				"notices and those that administrators ask for are counted apart",
			1, MailsKept, 5, false, &l.MailsPerHour,
		},
		{
			"pool_mails_per_hour",
			"that strangers and back ends ask for in the pool, from each full hour (UTC), whatever comes of it; " +
				"what is above waits",
			1, 1_000_000, 10_000, false, &l.PoolMailsPerHour,
		},
		{"pool_mails_per_day", "the same, from midnight (UTC)", 1, 10_000_000, 50_000, false, &l.PoolMailsPerDay},
		{
			"code_guesses_per_day",
			"at the codes sent to a mailbox of the tenant, in 24 hours; " +
				"neither a resend nor a registration refills them",
			5, 100, 20, false, &l.GuessesPerDay,
		},
		{"source_guesses_per_hour", "of one source at codes of the pool, on public routes, from each full hour (UTC)", 10, 1_000_000, 300, false, &l.SourceGuesses},
		{"source_submissions_per_hour", "of one source, registrations and resends together, on public routes, from each full hour (UTC)", 10, 1_000_000, 1000, false, &l.SourceSubmissions},
		{
			"source_mailboxes_per_hour",
			"different mailboxes that one source may cause mails to on public routes, " +
				"from each full hour (UTC); above 1000 they are not counted",
			1, 1_000_000, 50, false, &l.SourceMailboxes,
		},
	}
}

// Filled are the limits with the usual ones for those that were never set.
func (l Limits) Filled() Limits {
	for _, limit := range l.All() {
		if *limit.value == 0 {
			*limit.value = limit.Usual
		}
	}
	return l
}

func (l *Limits) change(c LimitsChange) {
	replace(&l.MailPause, c.MailPause)
	replace(&l.MailsPerHour, c.MailsPerHour)
	replace(&l.PoolMailsPerHour, c.PoolMailsPerHour)
	replace(&l.PoolMailsPerDay, c.PoolMailsPerDay)
	replace(&l.GuessesPerDay, c.GuessesPerDay)
	replace(&l.SourceGuesses, c.SourceGuesses)
	replace(&l.SourceSubmissions, c.SourceSubmissions)
	replace(&l.SourceMailboxes, c.SourceMailboxes)
}

func (l Limits) check(v *Violations) {
	for _, limit := range l.All() {
		if *limit.value >= limit.Least && *limit.value <= limit.Most {
			continue
		}
		v.Add("/limits/"+limit.Name, fmt.Sprintf("must be from %s to %s", limit.Text(limit.Least), limit.Text(limit.Most)))
	}
}

// Text is a value of the limit for people.
func (l Limit) Text(value int64) string {
	if l.IsTime {
		return time.Duration(value).String()
	}
	return fmt.Sprint(value)
}

// Budget is how often something may be done; 0 is as often as anybody likes.
type Budget struct {
	Of      string // what it is the budget of, in a pool
	PerHour int64
	PerDay  int64
	Spent   string // what a caller is told when it is spent

	Mailbox   string // what it is spent for, the digest of a mailbox; "" for none
	Mailboxes int64  // different ones of these an hour
}

// MailBudget are the mails of a pool that strangers and back ends can cause to addresses that nobody has proved.
func (l Limits) MailBudget() Budget {
	return Budget{Of: "mails", PerHour: l.PoolMailsPerHour, PerDay: l.PoolMailsPerDay, Spent: "the pool has sent as many mails as it may for now"}
}

// noticesPerHour is the least that a pool may send of notices in an hour. Who fills the budget of a
// pool sees by it whether somebody else gets a notice, so it is not as small as that of mails can
// be.
const noticesPerHour = 2000

// NoticeBudget are the notices of a pool to the owners of addresses that somebody else wanted to
// use, which don't wait for the budget of mails.
func (l Limits) NoticeBudget() Budget {
	return Budget{
		Of: "notices", PerHour: max(l.PoolMailsPerHour, noticesPerHour),
		Spent: "the pool has sent as many notices as it may for now",
	}
}

// GuessBudget are the guesses of a source at codes.
func (l Limits) GuessBudget(source string) Budget {
	return Budget{Of: "guesses#" + source, PerHour: l.SourceGuesses, Spent: "too many codes came from your network, try again later"}
}

// MailboxesCounted is how many different mailboxes of a source are counted at most, since their
// item is written at each submission.
const MailboxesCounted = 1000

// SubmissionBudget are the registrations and resends of a source, and the different mailboxes that
// they are about. mailbox is the digest of the one of this submission, or "" where there is none.
func (l Limits) SubmissionBudget(source, mailbox string) Budget {
	if l.SourceMailboxes > MailboxesCounted {
		mailbox = ""
	}
	return Budget{
		Of: "submissions#" + source, PerHour: l.SourceSubmissions,
		Spent:   "too many registrations came from your network, try again later",
		Mailbox: mailbox, Mailboxes: l.SourceMailboxes,
	}
}
