package password_test

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	hashes "hash"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// changedByNFKC are passwords that the normalization to NFKC changes.
func changedByNFKC() map[string]string {
	return map[string]string{
		"a fraction and a ligature": "½ cup of ﬁne sugar",
		"no-break spaces":           "correct\u00a0horse\u00a0battery",
		"NFD":                       norm.NFD.String("Zoë drinkt veel koffie"),
		"a square":                  "E=mc² and so on",
		"a micro sign":              "5 µm of thin film",
	}
}

// foreign returns hashes that another system has made of a password as it was typed, by algorithm.
func foreign(tb testing.TB, password string) map[string]string {
	tb.Helper()
	salt := []byte("a salt of 16 B..")
	text := base64.RawStdEncoding.EncodeToString
	argon := func(memory, passes uint32) string {
		return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", memory, passes, text(salt),
			text(argon2.IDKey([]byte(password), salt, passes, memory, 1, 32)))
	}
	cheap, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		tb.Fatal(err)
	}
	made := map[string]string{
		"argon2id, weaker": argon(256, 1), "argon2id, as ours": argon(19<<10, 2), "bcrypt": string(cheap),
	}
	for name, function := range map[string]func() hashes.Hash{
		"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New,
	} {
		key, err := pbkdf2.Key(function, password, salt, 10, 20)
		if err != nil {
			tb.Fatal(err)
		}
		made["pbkdf2-"+name] = fmt.Sprintf("$pbkdf2-%s$i=10$%s$%s", name, text(salt), text(key))
	}
	for name, function := range map[string]func() hashes.Hash{"SSHA256": sha256.New, "SSHA512": sha512.New} {
		digest := function()
		digest.Write([]byte(password))
		digest.Write(salt)
		made[name] = "{" + name + "}" + base64.StdEncoding.EncodeToString(append(digest.Sum(nil), salt...))
	}
	return made
}

// Other systems hash a password as it is typed. Whoever types the same gets in, and the hash is
// renewed, after which every form of the password is right.
func TestForeignHashesAreOfWhatWasTyped(t *testing.T) {
	t.Parallel()
	for what, typed := range changedByNFKC() {
		for algorithm, stored := range foreign(t, typed) {
			t.Run(what+"/"+algorithm, func(t *testing.T) {
				t.Parallel()
				h := hasher()
				if got := verify(t, h, stored, typed); !got.OK || !got.Renew {
					t.Errorf("what was typed: %+v", got)
				}
				if got := verify(t, h, stored, typed+"x"); got.OK || got.Renew {
					t.Errorf("something else: %+v", got)
				}
				if got := verify(t, h, stored, norm.NFKC.String(typed)); got.OK {
					t.Errorf("another text with the same NFKC: %+v", got)
				}
			})
		}
		t.Run(what+"/renewed", func(t *testing.T) {
			t.Parallel()
			h := hasher()
			renewed := hash(t, h, typed)
			for _, form := range []string{typed, norm.NFKC.String(typed)} {
				if got := verify(t, h, renewed, form); !got.OK || got.Renew {
					t.Errorf("%q: %+v", form, got)
				}
			}
		})
	}
}

// Passwords that differ only before the normalization are two guesses at a foreign hash, so neither is
// a repeat of the other.
func TestFormsOfAPasswordAreDifferentGuesses(t *testing.T) {
	t.Parallel()
	h := hasher()
	for name, stored := range foreign(t, horse) {
		one, other := verify(t, h, stored, "½ wrong"), verify(t, h, stored, norm.NFKC.String("½ wrong"))
		if one.Trace == other.Trace || one.Trace != verify(t, h, stored, "½ wrong").Trace {
			t.Errorf("%s: %v and %v", name, one, other)
		}
	}
}

// How many hashes are computed depends on the password that is given, and neither on the stored hash
// nor on whether there is one (ASVS 6.3.8). The work shows in its memory. This test is not parallel,
// because it counts the memory of the whole process.
func TestTheWorkDependsOnTheInputAlone(t *testing.T) {
	h := hasher()
	stored := foreign(t, horse)
	stored["our own"] = hash(t, h, horse)
	for given, want := range map[string]uint64{"plain and wrong": 1, "½ and wrong": 2} {
		work := map[string]uint64{"nobody": allocated(func() {
			if _, err := h.VerifyDummy(t.Context(), given); err != nil {
				t.Error(err)
			}
		})}
		for name, stored := range stored {
			work[name] = allocated(func() { verify(t, h, stored, given) })
		}
		for name, taken := range work {
			if made := taken / (19 << 20); made != want {
				t.Errorf("%q at the hash of %s costs %d bytes, which is %d hashes", given, name, taken, made)
			}
		}
	}
}
