package password_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
	"identitypools/shared/password"
)

func pool(policy identity.PasswordPolicy) identity.Pool {
	if policy.MinLength == 0 {
		policy.MinLength = identity.MinPasswordLength
	}
	return identity.Pool{Name: "Blue Harbour", PasswordPolicy: policy}
}

func user() identity.User {
	return identity.User{
		Identifiers: []identity.Identifier{{Normalized: "ann.miller@mail.example.com"}, {Normalized: "+491511234567"}, {Normalized: "bob"}},
		Addresses:   []identity.Address{{Normalized: "annemarie@example.org"}},
	}
}

// Reasons of faults, as users read them.
const (
	short      = "must have at least 8 characters"
	common     = "is one of the most common passwords"
	decoration = "must not be the name of the pool or of the user"
	guessable  = "is too easy to guess: make it longer or more varied"
)

func check(t *testing.T, policy identity.PasswordPolicy, text string, want ...string) {
	t.Helper()
	if got := reasons(pool(policy), user(), text); !slices.Equal(got, want) {
		t.Errorf("%q:\n got %q\nwant %q", text, got, want)
	}
}

func TestLengthCountsCodePoints(t *testing.T) { // ASVS 6.2.1, 6.2.9; NIST SP 800-63B-4 §3.1.1.2
	t.Parallel()
	none := identity.PasswordPolicy{}
	check(t, none, "", short)
	check(t, none, "kumquat", short)
	check(t, none, "kumquats")
	check(t, none, "Zoë läßt")
	check(t, none, "żółćęśą", short)             // 7 characters, 14 bytes
	check(t, none, "кофеваркам")                 // without Latin letters
	check(t, none, "ku\u0308mqua\u0308t", short) // ü is one character once normalized: 7
	check(t, none, "ﬀ ﬀ ﬀ")                      // a ligature is two letters
	check(t, identity.PasswordPolicy{MinLength: 15}, "kumquats in jar")
	check(t, identity.PasswordPolicy{MinLength: 15}, "kumquats in ja", "must have at least 15 characters")
	check(t, none, strings.Repeat("kumquat ", 32))
	check(t, none, strings.Repeat("kumquat ", 32)+"!", "must have at most 256 characters")
	check(t, none, strings.Repeat("ü", 256))
	check(t, none, "kumquats\xff", "must be valid UTF-8")
}

func TestCompositionWhereAPoolAsksForIt(t *testing.T) { // ASVS 6.2.5: none by default
	t.Parallel()
	all := identity.PasswordPolicy{Capitals: 1, Lowercase: 2, Digits: 3, Special: 2}
	check(t, all, "Kumquats 123!")
	check(t, all, "ÜÜÜÜ éé ٣٤٥!")
	check(t, all, "........", "must have at least 1 capital letter",
		"must have at least 2 lowercase letters", "must have at least 3 digits")
	check(t, all, "kumquats 12", "must have at least 1 capital letter",
		"must have at least 3 digits", "must have at least 2 special characters")
	check(t, all, "KUMQUATS 123 ", "must have at least 2 lowercase letters")
	check(t, all, "漢字漢字漢字漢字 Aab12", "must have at least 3 digits", "must have at least 2 special characters")
}

func TestCommonPasswordsAreRefused(t *testing.T) { // ASVS 6.2.4
	t.Parallel()
	for _, text := range []string{
		"password", "PassWord", "password123", "qwertyuiop", "12345678", "iloveyou", "ｐａｓｓｗｏｒｄ",
		"!qaz2wsx", // the first of the list
	} {
		check(t, identity.PasswordPolicy{}, text, common)
	}
	for _, text := range []string{"assword1x", "passwordpasswor", "pass word", "password\n12345678x"} {
		check(t, identity.PasswordPolicy{}, text)
	}
}

func TestEveryLineOfTheListIsRefused(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(list)))
	if len(lines) != 6000 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		text := strings.ToUpper(strings.TrimSuffix(line, "\n"))
		if !slices.Contains(reasons(pool(identity.PasswordPolicy{}), identity.User{}, text), common) {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestNamesAreRefused(t *testing.T) { // ASVS 6.2.11
	t.Parallel()
	for _, text := range []string{
		"Blue Harbour", "blueharbour", "BLUE-HARBOUR", "Blue Harbour 2026!", "!!blueHarbour", "blueharbourblueharbour", "Blue Harbour, Blue Harbour",
		"ann.miller", "AnnMiller1985", "ann.miller@mail.example.com", "mail.example.com", "example1", "2026example", "exampleexample", "example-example-1",
		"annemarie", "Annemarie99", "+491511234567", "491511234567", "Ｂｌｕｅ Harbour",
	} {
		check(t, identity.PasswordPolicy{}, text, decoration)
	}
	for _, text := range []string{
		"blue harbours", "harbour blue", "my blue harbour", "bobbobbob", "bob123456", "4915112345678", "examples2", "annemarie walks", "miller's tale",
	} {
		check(t, identity.PasswordPolicy{}, text)
	}
}

func TestStrength(t *testing.T) {
	t.Parallel()
	order := []string{"any", "weak", "fair", "strong", "very_strong"}
	for text, reaches := range map[string]string{
		"aaaaaaaa":                     "any",
		"abcdefgh":                     "any",
		"87654321x":                    "any",
		"abababababababab":             "any",
		"漢漢漢漢漢漢漢漢漢漢":                   "any",
		"kumquats":                     "weak",
		"kumquats1":                    "fair",
		"kumquatskumquatskumquats":     "fair",
		"Kumquats-1":                   "strong",
		"Kumquats-17 jar":              "very_strong",
		"correct horse battery staple": "very_strong",
		"漢字仮名交じり文章":                    "very_strong",
	} {
		for i, word := range order {
			want := []string{guessable}
			if i <= slices.Index(order, reaches) {
				want = nil
			}
			var got []string
			for _, reason := range reasons(pool(identity.PasswordPolicy{Strength: word}), user(), text) {
				if reason == guessable {
					got = append(got, reason)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q as %s: got %q", text, word, got)
			}
		}
	}
}

func TestReasonsNeverRepeatThePassword(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"zq", "annemarie", "zqzqzqzq"} {
		for _, reason := range reasons(pool(identity.PasswordPolicy{Strength: "very_strong", Digits: 3}), user(), text) {
			if strings.Contains(reason, text) {
				t.Errorf("%q: %s", text, reason)
			}
		}
	}
}

func TestHashNew(t *testing.T) {
	t.Parallel()
	t.Run("names every broken rule at the pointer", func(t *testing.T) {
		t.Parallel()
		_, err := hasher().HashNew(t.Context(), pool(identity.PasswordPolicy{Digits: 1}), user(), "/password", "kumquat")
		digits := identity.TooShort(1, "digits")
		digits.Code = "digits"
		want := []identity.Violation{
			{Pointer: "/password", Rule: identity.TooShort(8, "characters")}, {Pointer: "/password", Rule: digits},
		}
		var invalid identity.Invalid
		if !errors.As(err, &invalid) || !reflect.DeepEqual(invalid.Violations, want) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("hashes what is accepted", func(t *testing.T) {
		t.Parallel()
		stored, err := hasher().HashNew(t.Context(), pool(identity.PasswordPolicy{}), user(), "/password", horse)
		if err != nil || !verify(t, hasher(), stored, horse).OK {
			t.Errorf("got %q, %v", stored, err)
		}
	})
}

func FuzzFaults(f *testing.F) {
	for _, seed := range []string{"", "password", "annemarie1", "\xff", "ﷺﷺﷺ", strings.Repeat("a", 300), "ǅ漢 1!"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		faults := reasons(pool(identity.PasswordPolicy{Special: 1}), user(), text)
		characters := utf8.RuneCountInString(norm.NFKC.String(text))
		letters := !strings.ContainsFunc(text, func(r rune) bool {
			return !unicode.IsLetter(r) || r > unicode.MaxLatin1
		})
		if len(faults) == 0 && (characters < 8 || characters > 256 || letters || !utf8.ValidString(text)) {
			t.Errorf("%q is accepted", text)
		}
	})
}

func BenchmarkFaults(b *testing.B) {
	p, u := pool(identity.PasswordPolicy{Strength: "strong"}), user()
	b.ReportAllocs()
	for b.Loop() {
		if faults := password.Faults(p, u, horse); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
}

// reasons returns the reasons of the rules that a password breaks.
func reasons(p identity.Pool, u identity.User, text string) []string {
	var all []string
	for _, fault := range password.Faults(p, u, text) {
		all = append(all, fault.Reason)
	}
	return all
}
