package otp

import (
	"crypto/hmac"
	"crypto/sha1" // which authenticator apps use (RFC 6238 §1.2)
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// The codes of authenticator apps, as all apps make them by default (RFC 6238 §4).
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSkew   = 1 // steps by which the clock of an app may be wrong, in either direction (RFC 6238 §5.2)
)

// TOTP returns the code that an authenticator app with the secret shows at a time: six digits (RFC
// 4226 §5.3, RFC 6238 §4.2).
func TOTP(secret []byte, at time.Time) string { return totp(secret, stepOf(at)) }

// MatchTOTP reports whether presented is the code that an authenticator app with the secret shows now,
// if its clock is at most 30 seconds wrong, and returns the time step of the code. It accepts a code as
// people type it: see Coder.Matches. The caller must not accept the same step twice (RFC 6238 §5.2).
// The comparison takes constant time.
func MatchTOTP(secret []byte, presented string, now time.Time) (step int64, ok bool) {
	typed := []byte(normalizeTyped(presented))
	for each := stepOf(now) - totpSkew; each <= stepOf(now)+totpSkew; each++ {
		if subtle.ConstantTimeCompare(typed, []byte(totp(secret, each))) == 1 {
			step, ok = each, true
		}
	}
	return step, ok
}

// stepOf returns the number of the time step that contains a time.
func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

// totp returns the code of a time step.
func totp(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, number%1_000_000)
}
