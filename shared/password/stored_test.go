package password_test

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// weakArgon is a test vector of phc-winner-argon2.
const weakArgon = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

// pbkdf2Salt is the salt of the longest test vector of RFC 6070.
const pbkdf2Salt = "c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0"

// shaSalted was computed with Python's hashlib, like the other SHA-2 vectors.
const shaSalted = "{SSHA256}drM+3cqVtSdA/BAoLMZPDQAK6mEuzMpdgQQ5kgkdpTFzYWx0U0FMVA=="

// The vectors of argon2id are from phc-winner-argon2 (test.c), those of bcrypt from jBCrypt and
// golang.org/x/crypto, and those of PBKDF2 from RFC 6070 or, for the other hash functions, from
// Python's hashlib.
func TestKnownHashes(t *testing.T) {
	t.Parallel()
	const rfc6070 = "passwordPASSWORDpassword"
	for name, row := range map[string]struct {
		stored, password string
		renew            bool
	}{
		"argon2id 64 MiB":        {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", true}, // for its salt
		"argon2id 256 KiB":       {weakArgon, "password", true},
		"argon2id two lanes":     {"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password", true},
		"bcrypt 2a":              {"$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		"bcrypt cost 10":         {"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine", true},
		"bcrypt 2b":              {"$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		"bcrypt 2y":              {"$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		"pbkdf2 SHA-1":           {"$pbkdf2-sha1$i=4096$" + pbkdf2Salt + "$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA", rfc6070, true},
		"pbkdf2 SHA-256":         {"$pbkdf2-sha256$i=4096$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q", rfc6070, true},
		"pbkdf2 SHA-512":         {"$pbkdf2-sha512$i=4096$" + pbkdf2Salt + "$jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nERW1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA", rfc6070, true},
		"pbkdf2 with length":     {"$pbkdf2-sha256$i=4096,l=40$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q", rfc6070, true},
		"pbkdf2 of passlib":      {"$pbkdf2-sha256$4096$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU.E", rfc6070, true},
		"SHA-256 of a directory": {shaSalted, "correct horse", true},
		"SHA-512 of a directory": {"{SSHA512}L973saL9v4VelsUVLtxHGQvGWx/l+35krRr/JMZVDTcse3hycsoJ29NrFsEpUJXXMd0r2P9wzeQBUVZuEvHlUnNhbHRTQUxU", "correct horse", true},
		"passlib's dot in all":   {"$pbkdf2-sha256$29000$vurXeZTPVzNB7Be1i79.sw$yQ9g6rzdkUHBpTxY1EyHwgPswHFfqUYdMhTa11a.dcA", "correct horse", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hasher()
			if got := verify(t, h, row.stored, row.password); !got.OK || got.Renew != row.renew {
				t.Errorf("the right password: %+v", got)
			}
			if got := verify(t, h, row.stored, row.password+"x"); got.OK || got.Renew {
				t.Errorf("a wrong password: %+v", got)
			}
		})
	}
}

// refused returns hashes that are refused before any work is done, by what is wrong with them.
func refused() map[string]string {
	const argonTail = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	const bcryptTail = "$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"
	const pbkdf2Tail = "$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+E"
	rows := map[string]string{
		"nothing": "", "dollars": "$$$$$$", "plain text": "password", "another algorithm": "$scrypt$ln=16,r=8,p=1" + argonTail,
		"argon2i": "$argon2i$v=19$m=256,t=2,p=1" + argonTail, "version 16": "$argon2id$v=16$m=256,t=2,p=1" + argonTail,
		"no version": "$argon2id$m=256,t=2,p=1" + argonTail, "something before": "x" + weakArgon, "a field more": weakArgon + "$",
		"no key": "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "a short key": "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAA",
		"a long key":    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("AAAA", 22),
		"no salt":       "$argon2id$v=19$m=256,t=2,p=1$$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"a long salt":   "$argon2id$v=19$m=256,t=2,p=1$" + strings.Repeat("AAAA", 22) + "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"not base64":    weakArgon[:len(weakArgon)-1] + "*",
		"a line break":  weakArgon[:len(weakArgon)-1] + "\n" + weakArgon[len(weakArgon)-1:],
		"endless":       weakArgon + strings.Repeat("A", 1<<20),
		"many fields":   "$argon2id" + strings.Repeat("$", 1<<20),
		"a long curly":  "{SSHA256}" + strings.Repeat("A", 1<<20),
		"SHA unsalted":  "{SHA256}drM+3cqVtSdA/BAoLMZPDQAK6mEuzMpdgQQ5kgkdpTE=",
		"SHA saltless":  "{SSHA256}drM+3cqVtSdA/BAoLMZPDQAK6mEuzMpdgQQ5kgkdpTE=",
		"SHA cut":       shaSalted[:len(shaSalted)-4],
		"SHA salty":     "{SSHA256}" + strings.Repeat("AAAA", 33),
		"SHA as 512":    "{SSHA512}" + shaSalted[len("{SSHA256}"):],
		"SHA broken":    shaSalted[:20] + "\n" + shaSalted[20:],
		"SHA-1":         "{SSHA}" + shaSalted[len("{SSHA256}"):],
		"a curly":       "{",
		"bcrypt cut":    ("$2a$06" + bcryptTail)[:59],
		"bcrypt more":   "$2a$06" + bcryptTail + "x",
		"bcrypt 3":      "$3a$06" + bcryptTail,
		"bcrypt anyhow": "$20010$00000000000000$00000000000000000000000000000000000000",
		"bcrypt 2x":     "$2x$06" + bcryptTail, // hashed by a broken version
		"bcrypt runes":  ("$2a$06" + bcryptTail)[:59] + "*",
		"no iteration":  "$pbkdf2-sha256$" + pbkdf2Tail,
		"MD5":           "$pbkdf2-md5$i=4096" + pbkdf2Tail,
		"wrong length":  "$pbkdf2-sha256$i=4096,l=16" + pbkdf2Tail,
		// A block of SHA-1 has 20 bytes, so that a key of 64 bytes takes all iterations four times.
		"iterations a block": "$pbkdf2-sha1$i=2500001$" + pbkdf2Salt + "$" + strings.Repeat("AAAA", 21) + "AA",
	}
	for _, parameters := range []string{
		"m=65537,t=2,p=1", "m=4294967295,t=2,p=1", "m=256,t=11,p=1", "m=256,t=4294967295,p=1", "m=256,t=2,p=5", "m=256,t=2,p=255",
		"m=256,t=2,p=0", "m=256,t=0,p=1", "m=0,t=2,p=1", "m=7,t=2,p=1", "m=15,t=2,p=2", "m=4294967296,t=2,p=1", "m=-1,t=2,p=1",
		"m=256,t=2,p=536870912", "m=256,t=2", "t=2,m=256,p=1", "m=256,t=2,p=1,data=AA", "m=+256,t=2,p=1", "m=256, t=2,p=1", "m=256,t=2,p=01",
	} {
		rows["argon2id "+parameters] = "$argon2id$v=19$" + parameters + argonTail
	}
	for _, cost := range []string{"16", "31", "32", "99", "03", "00", "-1", "1x", "+6"} {
		rows["bcrypt "+cost] = "$2a$" + cost + bcryptTail
	}
	for _, iterations := range []string{"10000001", "4294967296", "99999999999999999999", "0", "-1", "+5", "1e3"} {
		rows["pbkdf2 "+iterations] = "$pbkdf2-sha256$i=" + iterations + pbkdf2Tail
	}
	return rows
}

// The context has already ended, so a hash that would be worked on fails with the context's error.
func TestHostileHashesAreRefusedBeforeAnyWork(t *testing.T) {
	t.Parallel()
	h, ended := hasher(), canceled(t)
	for name, stored := range refused() {
		result, err := h.Verify(ended, stored, horse)
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %+v, %v", name, result, err)
		}
	}
}

// allocated returns how many bytes the whole process allocates while work runs.
func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// This test is not parallel, because it counts the memory of the whole process.
func TestHostileHashesTakeNoMemory(t *testing.T) {
	h := hasher()
	for name, stored := range refused() {
		taken := allocated(func() {
			if _, err := h.Verify(t.Context(), stored, horse); err == nil {
				t.Errorf("%s: no error", name)
			}
		})
		if taken > 8<<10 {
			t.Errorf("%s: %d bytes", name, taken)
		}
	}
}

// The time that a wrong password takes must not reveal whose hash is weak (ASVS 6.3.8), and a trace
// must not be cheaper to guess. The work of a new hash shows in its memory. This test is not
// parallel, because it counts the memory of the whole process.
func TestAWrongPasswordCostsAtLeastANewHash(t *testing.T) {
	h := hasher()
	for name, stored := range map[string]string{
		"argon2id": weakArgon, "SHA": shaSalted, "bcrypt": "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
		"PBKDF2": "$pbkdf2-sha256$i=1$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+E",
	} {
		if taken := allocated(func() { verify(t, h, stored, "wrong") }); taken < 19<<20 {
			t.Errorf("%s: %d bytes", name, taken)
		}
	}
}

// BenchmarkRefused reports the longest time that refusing a hostile hash takes.
func BenchmarkRefused(b *testing.B) {
	h, rows := hasher(), refused()
	worst := time.Duration(0)
	for b.Loop() {
		for name, stored := range rows {
			start := time.Now()
			if _, err := h.Verify(b.Context(), stored, horse); err == nil {
				b.Fatal(name)
			}
			worst = max(worst, time.Since(start))
		}
	}
	b.ReportMetric(float64(worst.Microseconds()), "µs-worst")
}

// The bounds are inclusive: these hashes are worked on, so Verify fails with the context's error.
func TestCostliestHashesAreHonoured(t *testing.T) {
	t.Parallel()
	h, ended := hasher(), canceled(t)
	for _, stored := range []string{
		"$argon2id$v=19$m=65536,t=10,p=4$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$2a$15$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
		"$pbkdf2-sha256$i=10000000$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+E",
	} {
		if _, err := h.Verify(ended, stored, horse); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", stored, err)
		}
	}
}

// FuzzStored verifies a password against any text as the stored hash. A hash that is worked on must
// have a known form and parameters within the bounds. The error for one that is refused must not
// repeat the hash, because errors are logged.
func FuzzStored(f *testing.F) {
	for _, stored := range refused() {
		if len(stored) <= 1024 {
			f.Add(stored)
		}
	}
	f.Add(weakArgon)
	f.Add(shaSalted)
	f.Add("$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i")
	f.Add("$pbkdf2-sha256$29000$vurXeZTPVzNB7Be1i79.sw$yQ9g6rzdkUHBpTxY1EyHwgPswHFfqUYdMhTa11a.dcA")
	h := hasher()
	f.Fuzz(func(t *testing.T, stored string) {
		result, err := h.Verify(canceled(t), stored, horse)
		switch {
		case err == nil:
			t.Errorf("got %+v", result)
		case errors.Is(err, context.Canceled):
			if !bearable(stored) {
				t.Errorf("%q would be worked on", stored)
			}
		case len(stored) > 40 && strings.Contains(err.Error(), stored[len(stored)-20:]):
			t.Errorf("the error repeats %q: %v", stored, err)
		}
	})
}

// bearable reports whether a hash has a known form and parameters within the bounds. It does not
// use the code of the package.
func bearable(stored string) bool {
	for form, most := range map[string][]uint64{
		`^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$`:            {65536, 10, 4},
		`^\$2[aby]\$(\d\d)\$[A-Za-z0-9./]{53}$`:                                                              {15},
		`^\$pbkdf2-sha(?:1|256|512)\$(?:i=)?(\d+)(?:,l=\d+)?\$[A-Za-z0-9+./]{11,86}\$[A-Za-z0-9+./]{22,86}$`: {10_000_000},
		`^\{SSHA(?:256|512)\}[A-Za-z0-9+/]{54,172}={0,2}$`:                                                   nil,
	} {
		found := regexp.MustCompile(form).FindStringSubmatch(stored)
		for i, limit := range most {
			if found == nil {
				break
			}
			if n, err := strconv.ParseUint(found[i+1], 10, 64); err != nil || n < 1 || n > limit {
				return false
			}
		}
		if found != nil {
			return true
		}
	}
	return false
}
