package identity

import "time"

// Nobody is the id of no user: ValidID refuses it. It is looked up where there is nobody to look
// up, so that it takes the same time.
const Nobody = "#nobody"

// DeviceMemory is how long a device is remembered after it was last renewed.
const DeviceMemory = 90 * 24 * time.Hour

// MaxDevice bounds the characters by which a back end names a device.
const MaxDevice = 128

// Device is what is known of a device for a user. The zero value is one that is not known.
type Device struct {
	Failures Failures // of passwords that came from the device since it is known
	Until    Time     // when it is forgotten
}

// Known says whether a right password has come from the device, and lately.
func (d Device) Known(now time.Time) bool { return now.Before(d.Until.Time) }

// Fades says whether less than half of DeviceMemory is left, so that a known device should be renewed.
func (d Device) Fades(now time.Time) bool { return !now.Before(d.Until.Add(-DeviceMemory / 2).Time) }

// Account is what a password is compared with, and what limits the attempts.
type Account struct {
	User     User // the zero value where there is none
	Failures Failures
	Device   Device
}

// Budget are the failures that limit an attempt from the device that of names: the device's own
// where it is known, else the common ones.
func (a Account) Budget(of FailuresRef, now time.Time) (FailuresRef, Failures) {
	if a.Device.Known(now) {
		return of, a.Device.Failures
	}
	of.Device = ""
	return of, a.Failures
}
