package identity

import "time"

// Share says how much of its pool's budget of mails a message may use.
type Share string

// The shares. The zero value is the smallest one.
const (
	ShareHalf    Share = ""         // an unknown caller requested it without a proof of work
	ShareWhole   Share = "whole"    // the caller gave a proof of work (shared/work)
	ShareBackEnd Share = "back_end" // a back end requested it; it may use the whole budget
	ShareNone    Share = "none"     // an administrator requested it; it is not counted
)

// IsPublic reports whether a stranger may have requested a message with the share.
func (s Share) IsPublic() bool { return s == ShareHalf || s == ShareWhole }

// PartOf returns the part of b that messages with the share may spend.
func (s Share) PartOf(b Budget) Budget {
	if s == ShareHalf {
		b.PerHour, b.PerDay = half(b.PerHour), half(b.PerDay)
	}
	return b
}

// half returns half of a bound, rounded up. It is never 0 for a bound, because 0 would mean no
// bound.
func half(n int64) int64 { return (n + 1) / 2 }

// Spending is what has been spent of a budget in an hour and on the day of that hour.
type Spending struct{ Hour, Day int64 }

// HasPlace reports whether the hour and the day have a place left in the budget.
func (s Spending) HasPlace(b Budget) bool {
	return (b.PerHour == 0 || s.Hour < b.PerHour) && (b.PerDay == 0 || s.Day < b.PerDay)
}

// IsHalf reports whether half of the budget of the hour or of the day is spent. From then on,
// nothing is left for ShareHalf.
func (s Spending) IsHalf(b Budget) bool {
	return b.PerHour > 0 && s.Hour >= half(b.PerHour) || b.PerDay > 0 && s.Day >= half(b.PerDay)
}

// ReachesHalf reports whether the last place that was spent made IsHalf true for the hour or for
// the day.
func (s Spending) ReachesHalf(b Budget) bool {
	return b.PerHour > 0 && s.Hour == half(b.PerHour) || b.PerDay > 0 && s.Day == half(b.PerDay)
}

// Place is a place in a budget that was taken.
type Place struct {
	At       time.Time // when it may be used: the requested time, or the start of a later hour
	Spending           // includes this place, so Hour is its number in its hour
}

// Delayed returns m with a place in a budget in a later hour. The limits of its mailbox are applied
// then.
func (m Message) Delayed(budget string, p Place) Message {
	m.Due, m.Budget = At(p.At), budget
	return m
}

// IsWaiting reports whether m has a place in a budget in an hour that has not begun.
func (m Message) IsWaiting(now time.Time) bool { return now.Before(m.Due.Time) }
