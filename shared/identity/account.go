package identity

import (
	"slices"
	"time"
)

// Nobody is an id that no user has, because ValidID refuses it. Where a name leads to no user, the
// product looks up Nobody, so that the answer takes the same time as for a user who exists.
const Nobody = "#nobody"

// NobodyID is like Nobody, and as long as the ids that the product makes. Where a caller must not learn
// who is registered, calls to the table then have as many bytes as for a user who exists.
const NobodyID = Nobody + "-----------------------------"

// DeviceMemory is how long a device is remembered after it was last renewed.
const DeviceMemory = 90 * 24 * time.Hour

// MaxDevice is the maximum length of the name that a back end gives to a device, in characters.
const MaxDevice = 128

// Device is what is known about one device of a user. The zero value is an unknown device.
type Device struct {
	Failures Failures // wrong passwords from the device since it became known
	Until    Time     // when the device is forgotten
}

// IsKnown reports whether the right password has been given from the device, and not longer ago
// than DeviceMemory.
func (d Device) IsKnown(now time.Time) bool { return now.Before(d.Until.Time) }

// NeedsRenewal reports whether less than half of DeviceMemory is left, so that a known device
// should be stored anew.
func (d Device) NeedsRenewal(now time.Time) bool {
	return !now.Before(d.Until.Add(-DeviceMemory / 2).Time)
}

// Account is what an attempt to sign in with a password needs: the user, and the failures that
// limit the attempts.
type Account struct {
	User     User // the zero value if no user has the name
	Failures Failures
	Device   Device
}

// AccountRef names an account: a user, who need not exist, and the subject for which failures are
// counted, with a device if one is given.
type AccountRef struct {
	User    UserRef
	Subject FailuresRef
}

// Chosen returns the index of the user whom a name means that several pools share. The users are those
// whom the name has in the pools, in the order of the pools, with the zero value where it has none. It is
// the first one who is active, or else the first one who exists, or else 0. IsTaken says of each pool
// whether anybody can take the name there without proving that it is theirs, as a user name or a phone
// number in a pool with open registration; users of other pools come before those. So somebody who
// registers the name or the address of another person in one pool does not hide the user of another pool.
func Chosen(users []User, isTaken []bool) int {
	for _, taken := range []bool{false, true} {
		for i, u := range users {
			if u.Status == StatusActive && isTaken[i] == taken {
				return i
			}
		}
	}
	return max(0, slices.IndexFunc(users, func(u User) bool { return u.ID != "" }))
}

// FailuresOf returns the failures that limit an attempt from the device that ref names, and the
// reference to them. They are the device's own failures if the device is known, and otherwise the
// common failures of the user.
func (a Account) FailuresOf(ref FailuresRef, now time.Time) (FailuresRef, Failures) {
	if a.Device.IsKnown(now) {
		return ref, a.Device.Failures
	}
	ref.Device = ""
	return ref, a.Failures
}
