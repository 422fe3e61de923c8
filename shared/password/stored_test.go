package password_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// weakArgon is of the test vectors of phc-winner-argon2.
const weakArgon = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

// Salt of pbkdf2 rows: that of RFC 6070's longest vector.
const pbkdf2Salt = "c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0"

// Vectors: argon2id from phc-winner-argon2 (test.c); bcrypt from jBCrypt and golang.org/x/crypto; PBKDF2 from RFC 6070, and from
// Python's hashlib for the other functions.
func TestKnownHashes(t *testing.T) {
	t.Parallel()
	const rfc6070 = "passwordPASSWORDpassword"
	for name, row := range map[string]struct {
		stored, password string
		renew            bool
	}{
		"argon2id 64 MiB":      {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password", true}, // for its salt
		"argon2id 256 KiB":     {weakArgon, "password", true},
		"argon2id two lanes":   {"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password", true},
		"bcrypt 2a":            {"$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		"bcrypt cost 10":       {"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine", true},
		"bcrypt 2b":            {"$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		"bcrypt 2y":            {"$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		"pbkdf2 SHA-1":         {"$pbkdf2-sha1$i=4096$" + pbkdf2Salt + "$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA", rfc6070, true},
		"pbkdf2 SHA-256":       {"$pbkdf2-sha256$i=4096$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q", rfc6070, true},
		"pbkdf2 SHA-512":       {"$pbkdf2-sha512$i=4096$" + pbkdf2Salt + "$jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nERW1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA", rfc6070, true},
		"pbkdf2 with length":   {"$pbkdf2-sha256$i=4096,l=40$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q", rfc6070, true},
		"pbkdf2 of passlib":    {"$pbkdf2-sha256$4096$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU.E", rfc6070, true},
		"passlib's dot in all": {"$pbkdf2-sha256$29000$vurXeZTPVzNB7Be1i79.sw$yQ9g6rzdkUHBpTxY1EyHwgPswHFfqUYdMhTa11a.dcA", "correct horse", true},
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

// refused are hashes that are refused before any work, by what is wrong with them.
func refused() map[string]string {
	const argonTail, bcryptTail = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"
	const pbkdf2Tail = "$" + pbkdf2Salt + "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+E"
	rows := map[string]string{
		"nothing": "", "dollars": "$$$$$$", "plain text": "password", "another algorithm": "$scrypt$ln=16,r=8,p=1" + argonTail,
		"argon2i": "$argon2i$v=19$m=256,t=2,p=1" + argonTail, "version 16": "$argon2id$v=16$m=256,t=2,p=1" + argonTail,
		"no version": "$argon2id$m=256,t=2,p=1" + argonTail, "something before": "x" + weakArgon, "a field more": weakArgon + "$",
		"no key": "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "a short key": "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$AAAA",
		"a long key":   "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("AAAA", 22),
		"no salt":      "$argon2id$v=19$m=256,t=2,p=1$$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"a long salt":  "$argon2id$v=19$m=256,t=2,p=1$" + strings.Repeat("AAAA", 22) + "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"not base64":   weakArgon[:len(weakArgon)-1] + "*",
		"endless":      weakArgon + strings.Repeat("A", 1<<20),
		"bcrypt cut":   ("$2a$06" + bcryptTail)[:59],
		"bcrypt more":  "$2a$06" + bcryptTail + "x",
		"bcrypt 3":     "$3a$06" + bcryptTail,
		"no iteration": "$pbkdf2-sha256$" + pbkdf2Tail,
		"MD5":          "$pbkdf2-md5$i=4096" + pbkdf2Tail,
		"wrong length": "$pbkdf2-sha256$i=4096,l=16" + pbkdf2Tail,
		// SHA-1 makes 20 bytes a round of iterations: four for 64 bytes
		"iterations a block": "$pbkdf2-sha1$i=2500001$" + pbkdf2Salt + "$" + strings.Repeat("AAAA", 21) + "AA",
	}
	for _, parameters := range []string{
		"m=65537,t=2,p=1", "m=4294967295,t=2,p=1", "m=256,t=11,p=1", "m=256,t=4294967295,p=1", "m=256,t=2,p=5", "m=256,t=2,p=255",
		"m=256,t=2,p=0", "m=256,t=0,p=1", "m=0,t=2,p=1", "m=7,t=2,p=1", "m=15,t=2,p=2", "m=4294967296,t=2,p=1", "m=-1,t=2,p=1",
		"m=256,t=2,p=536870912", "m=256,t=2", "t=2,m=256,p=1", "m=256,t=2,p=1,data=AA", "m=+256,t=2,p=1", "m=256, t=2,p=1", "m=256,t=2,p=01",
	} {
		rows["argon2id "+parameters] = "$argon2id$v=19$" + parameters + argonTail
	}
	for _, cost := range []string{"16", "31", "32", "99", "03", "00", "-1", "1x"} {
		rows["bcrypt "+cost] = "$2a$" + cost + bcryptTail
	}
	for _, iterations := range []string{"10000001", "4294967296", "99999999999999999999", "0", "-1", "+5", "1e3"} {
		rows["pbkdf2 "+iterations] = "$pbkdf2-sha256$i=" + iterations + pbkdf2Tail
	}
	return rows
}

// The context has ended, so a hash that would be worked on answers with that error: only one that is refused before has another.
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

// Not parallel: it counts the memory that the whole program takes meanwhile.
func TestHostileHashesTakeNoMemory(t *testing.T) {
	h, rows := hasher(), refused()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, stored := range rows {
		if _, err := h.Verify(t.Context(), stored, horse); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / uint64(len(rows)); each > 8<<10 {
		t.Errorf("%d bytes a hash", each)
	}
}

// Bounds are inclusive: these are worked on, so the ended context shows.
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

func FuzzStored(f *testing.F) {
	for _, stored := range refused() {
		f.Add(stored)
	}
	f.Add(weakArgon)
	f.Fuzz(func(t *testing.T, stored string) {
		if result, err := hasher().Verify(canceled(t), stored, horse); err == nil {
			t.Errorf("got %+v", result)
		}
	})
}
