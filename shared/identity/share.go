package identity

import "time"

// Share is how much of its pool's budget of mails a message may use.
type Share string

// The shares. The zero value is the least: a message whose asker proved nothing.
const (
	ShareHalf    Share = ""         // its asker is unknown and did no work
	ShareWhole   Share = "whole"    // its asker proved work (shared/work)
	ShareBackEnd Share = "back_end" // a back end asked for it, which has a protection of its own: it may use the whole
	ShareNone    Share = "none"     // an administrator asked for it: it is sent without being counted
)

// IsPublic says whether a stranger may have asked for a message with the share.
func (s Share) IsPublic() bool { return s == ShareHalf || s == ShareWhole }

// Of is the part of b that messages with the share may spend.
func (s Share) Of(b Budget) Budget {
	if s == ShareHalf {
		b.PerHour, b.PerDay = half(b.PerHour), half(b.PerDay)
	}
	return b
}

// half is half of a bound, and never 0, which would be no bound.
func half(n int64) int64 { return (n + 1) / 2 }

// Spending is what has been spent of a budget in an hour and on the day of that hour.
type Spending struct{ Hour, Day int64 }

// HasPlace says whether the hour and the day have a place left in the budget.
func (s Spending) HasPlace(b Budget) bool {
	return (b.PerHour == 0 || s.Hour < b.PerHour) && (b.PerDay == 0 || s.Day < b.PerDay)
}

// IsHalf says whether half of the hour's or of the day's budget is spent: from there on, ShareHalf has nothing left.
func (s Spending) IsHalf(b Budget) bool {
	return b.PerHour > 0 && s.Hour >= half(b.PerHour) || b.PerDay > 0 && s.Day >= half(b.PerDay)
}

// Reaches says whether the last that was spent is what made IsHalf true of the hour or of the day.
func (s Spending) Reaches(b Budget) bool {
	return b.PerHour > 0 && s.Hour == half(b.PerHour) || b.PerDay > 0 && s.Day == half(b.PerDay)
}

// Place is a place in a budget that was taken.
type Place struct {
	At       time.Time // when it may be used: at the time that was asked for, or at the start of a later hour
	Spending           // with it; Hour is its number among the places of its hour
}

// Delayed is m with a place in a budget in a later hour. The limits of its mailbox are applied then.
func (m Message) Delayed(budget string, p Place) Message {
	m.Due, m.Budget = At(p.At), budget
	return m
}

// Waits says whether m has a place in a budget in an hour that has not come.
func (m Message) Waits(now time.Time) bool { return now.Before(m.Due.Time) }
