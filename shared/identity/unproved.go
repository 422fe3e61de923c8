package identity

import (
	"slices"
	"time"
)

// IsUnproved reports whether nobody has ever proved to be u: a registration made the user, who has
// no verified address and no password and is still new. Such a user has its identifier only because
// somebody typed it.
func (u User) IsUnproved() bool {
	_, hasPassword := u.Password()
	verified := slices.ContainsFunc(u.Addresses, func(a Address) bool { return a.Verified })
	return u.SelfRegistered && u.Status == StatusNew && !verified && !hasPassword
}

// IsAbandoned reports whether u is unproved and nobody can prove to be u any more: u has been new
// for as long as a registration waits, and each of its registrations and codes for activation has
// expired. If waiting has RegistrationsRead registrations, there may be more of them, so u is not
// abandoned.
func (u User) IsAbandoned(waiting []Registration, codes Codes, now time.Time) bool {
	over := func(since Time) bool {
		// the time to live of an item ends at a whole second
		return !now.Before(since.Add(RegistrationLifetime).Truncate(time.Second))
	}
	return u.IsUnproved() && over(u.StatusUpdatedAt) && len(waiting) < RegistrationsRead &&
		!slices.ContainsFunc(waiting, func(r Registration) bool { return !over(r.CreatedAt) }) &&
		!slices.ContainsFunc(codes.Live, func(c Code) bool { return now.Before(c.ExpiresAt.Time) })
}
