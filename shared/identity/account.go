package identity

import "time"

// Nobody is an id that no user has, because ValidID refuses it. Where a name leads to no user, the
// product looks up Nobody, so that the answer takes the same time as for a user who exists.
const Nobody = "#nobody"

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
