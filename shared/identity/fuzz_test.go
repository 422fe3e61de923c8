package identity_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"identitypools/shared/identity"
)

// FuzzTime reads any JSON as a time. A time that can be read is written in one form, to the
// millisecond, and read back as the same time.
func FuzzTime(f *testing.F) {
	for _, text := range []string{
		`"2026-02-28T19:30:00.12Z"`, `"2026-03-01T01:00:00.120+05:30"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999Z"`, `"0000-01-01T00:00:00+23:59"`,
		`"9999-12-31T23:59:59-23:59"`, `"2026-02-28T23:59:60Z"`, `"2026-02-28t19:30:00z"`, `""`, `null`, `1`, `"\u0032026-02-28T19:30:00Z"`, "\"\xff\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var read identity.Time
		if err := json.Unmarshal([]byte(text), &read); err != nil || read.IsZero() {
			return
		}
		written, err := json.Marshal(read)
		if err != nil || len(written) != len(`"2026-02-28T19:30:00.120Z"`) {
			t.Fatalf("%s: written %s, %v", text, written, err)
		}
		var again identity.Time
		if err := json.Unmarshal(written, &again); err != nil || again != read {
			t.Errorf("%s: written %s, read back %s, %v", text, written, again, err)
		}
	})
}

// FuzzDuration reads any text as a duration, writes the duration, and reads it back as the same
// one.
func FuzzDuration(f *testing.F) {
	for _, text := range []string{"", "24h0m0s", "1.5s", "-1s", "1us", "1µs", "9223372036854775807ns", "-9223372036854775808ns", "2562048h", "1d", ".h", "1e9s", "+0", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var read, again identity.Duration
		if err := read.UnmarshalText([]byte(text)); err != nil {
			return
		}
		written, err := read.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalText(written); err != nil || again != read {
			t.Errorf("%q is %d, written %s, read back %d, %v", text, time.Duration(read), written, time.Duration(again), err)
		}
	})
}

// FuzzID compares ValidID with a regular expression.
func FuzzID(f *testing.F) {
	for _, id := range []string{"", ".", "..", "...", "a", "a-b_c.d~e", "a/b", "a#b", "a%2fb", "é", "a\n", "\x00", "\xff", "ａ"} {
		f.Add(id)
	}
	rule := regexp.MustCompile(`\A[A-Za-z0-9_.~-]{1,128}\z`)
	f.Fuzz(func(t *testing.T, id string) {
		if want := rule.MatchString(id) && id != "." && id != ".."; identity.ValidID(id) != want {
			t.Errorf("%q: got %t", id, !want)
		}
	})
}
