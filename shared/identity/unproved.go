package identity

import (
	"slices"
	"time"
)

// IsUnproved says whether nobody has ever proved to be u: a registration made it, no address of it
// is verified, it has no password, and it is not yet active. It has its identifier only because
// somebody typed it.
func (u User) IsUnproved() bool {
	_, hasPassword := u.Password()
	verified := slices.ContainsFunc(u.Addresses, func(a Address) bool { return a.Verified })
	return u.SelfRegistered && u.Status == StatusNew && !verified && !hasPassword
}

// IsAbandoned says whether u is unproved and nobody waits to prove it any more: it has been new for
// as long as a registration waits, and each of its registrations and codes for activation has
// expired. Where waiting are RegistrationsRead registrations, there may be more, so it is not.
func (u User) IsAbandoned(waiting []Registration, codes Codes, now time.Time) bool {
	over := func(since Time) bool {
		// when its time to live ends, which is in seconds
		return !now.Before(since.Add(RegistrationLifetime).Truncate(time.Second))
	}
	return u.IsUnproved() && over(u.StatusUpdatedAt) && len(waiting) < RegistrationsRead &&
		!slices.ContainsFunc(waiting, func(r Registration) bool { return !over(r.CreatedAt) }) &&
		!slices.ContainsFunc(codes.Live, func(c Code) bool { return now.Before(c.ExpiresAt.Time) })
}
