package otp_test

import (
	"testing"
	"time"

	"identitypools/shared/otp"
)

// The secret of the test vectors of RFC 4226 and RFC 6238.
const vectorSecret = "12345678901234567890"

// RFC 4226 Appendix D. The count is that of the time steps of RFC 6238 from the beginning of 1970.
func TestVectorsOfRFC4226(t *testing.T) {
	t.Parallel()
	for count, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		if got := otp.TOTP([]byte(vectorSecret), time.Unix(int64(count)*30, 0)); got != want {
			t.Errorf("the code for %d is %s, want %s", count, got, want)
		}
	}
}

// RFC 6238 Appendix B, SHA-1. The vectors have eight digits, of which the last six are the code.
func TestVectorsOfRFC6238(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924",
		2000000000: "279037", 20000000000: "353130",
	} {
		if got := otp.TOTP([]byte(vectorSecret), time.Unix(at, 0)); got != want {
			t.Errorf("the code at %d is %s, want %s", at, got, want)
		}
	}
}

func TestMatchingTOTP(t *testing.T) {
	t.Parallel()
	const step = 41152263 // of 1234567890
	shown := time.Unix(1234567890, 0)
	for _, c := range []struct {
		name, typed string
		after       time.Duration
		want        bool
	}{
		{"in its own step", "005924", 0, true},
		{"as people type it", " 005 924 ", 0, true},
		{"with digits of an East Asian keyboard", "００５９２４", 0, true},
		{"a step later", "005924", 30 * time.Second, true},
		{"a step earlier", "005924", -30 * time.Second, true},
		{"two steps later", "005924", 60 * time.Second, false},
		{"two steps earlier", "005924", -60 * time.Second, false},
		{"without its zeros", "5924", 0, false},
		{"with a further digit", "0059240", 0, false},
		{"nothing", "", 0, false},
		{"letters", "abcdef", 0, false},
	} {
		got, ok := otp.MatchTOTP([]byte(vectorSecret), c.typed, shown.Add(c.after))
		if ok != c.want || ok && got != step {
			t.Errorf("%s: step %d, %t", c.name, got, ok)
		}
	}
	if _, ok := otp.MatchTOTP([]byte("09876543210987654321"), "005924", shown); ok {
		t.Error("the code of another secret matches")
	}
}
