package otp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
)

// seeded returns a source of random bytes that are the same in every run.
func seeded() io.Reader { return rand.NewChaCha8([32]byte{7}) }

// An endless is a source that repeats one byte.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func coder(source io.Reader) *otp.Coder { return otp.NewCoder(bytes.Repeat([]byte{1}, 32), source) }

func bound() otp.Binding {
	return otp.Binding{Tenant: "default", Pool: "shop", User: "u1", Purpose: "activation", Address: "ann@example.com"}
}

func issue(tb testing.TB, c *otp.Coder, b otp.Binding, digits int) otp.Issued {
	tb.Helper()
	issued, err := c.New(b, digits)
	if err != nil {
		tb.Fatal(err)
	}
	return issued
}

func TestCodesHaveTheDigitsAskedFor(t *testing.T) { // ASVS 6.5.4, NIST SP 800-63A-4 §3.8
	t.Parallel()
	c := coder(seeded())
	for digits := -1; digits < 15; digits++ {
		issued, err := c.New(bound(), digits)
		if wanted := 6 <= digits && digits <= 12; wanted != (err == nil) {
			t.Errorf("%d digits: %v", digits, err)
		} else if wanted && (len(issued.Code) != digits || strings.Trim(issued.Code, "0123456789") != "") {
			t.Errorf("%d digits: got %q", digits, issued.Code)
		}
	}
}

func TestDigitsThatWouldBeBiasedAreThrownAway(t *testing.T) { // ASVS 6.5.3
	t.Parallel()
	source := io.MultiReader(bytes.NewReader([]byte{255, 0, 250, 249, 10, 253, 123, 99, 251, 254, 252, 1}), endless(0))
	if got := issue(t, coder(source), bound(), 6).Code; got != "090391" {
		t.Errorf("got %s", got)
	}
}

func TestDigitsAreEvenlySpread(t *testing.T) { // ASVS 6.5.3
	t.Parallel()
	const codes, digits = 5000, 12
	c := coder(seeded())
	var count [digits][10]float64
	for range codes {
		for at, digit := range issue(t, c, bound(), digits).Code {
			count[at][digit-'0']++
		}
	}
	for at, row := range count {
		chi := 0.0
		for _, n := range row {
			chi += (n - codes/10) * (n - codes/10) / (codes / 10)
		}
		if chi > 33.7 { // 9 degrees of freedom, p = 0.0001
			t.Errorf("digit %d: chi-square %.1f", at, chi)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*otp.Binding){
		"no user":          func(b *otp.Binding) { b.User = "" },
		"a user too long":  func(b *otp.Binding) { b.User = strings.Repeat("u", 129) },
		"a user not an id": func(b *otp.Binding) { b.User = "a#b" },
		"a long purpose":   func(b *otp.Binding) { b.Purpose = strings.Repeat("p", 33) },
	} {
		b := bound()
		change(&b)
		if _, err := coder(seeded()).New(b, 6); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for n := range 6 + 16 {
		if _, err := coder(bytes.NewReader(make([]byte, n))).New(bound(), 6); err == nil {
			t.Errorf("source dry after %d bytes: no error", n)
		}
	}
}

func TestExtendedCodeNamesItsUser(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"u", "u1", strings.Repeat("u", 127), strings.Repeat("~", 128)} {
		b := bound()
		b.User = user
		issued := issue(t, coder(seeded()), b, 6)
		gotUser, gotPurpose, ok := otp.ParseExtended(issued.Extended)
		if !ok || gotUser != user || gotPurpose != b.Purpose {
			t.Errorf("got %q, %q, %t", gotUser, gotPurpose, ok)
		}
		if len(issued.Extended) > 250 ||
			strings.Trim(issued.Extended, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%d characters: %s", len(issued.Extended), issued.Extended)
		}
	}
}

func TestParseExtendedRefuses(t *testing.T) {
	t.Parallel()
	encode := func(parts ...string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "")))
	}
	secret := strings.Repeat("s", 16)
	if _, _, ok := otp.ParseExtended(encode("\x01\x01p\x02u1", secret)); !ok {
		t.Fatal("the rows below are no near misses")
	}
	for name, text := range map[string]string{
		"nothing":                "",
		"digits":                 "123456",
		"another version":        encode("\x02\x01p\x02u1", secret),
		"a short secret":         encode("\x01\x01p\x02u1", secret[1:]),
		"a long secret":          encode("\x01\x01p\x02u1", secret, "s"),
		"no user":                encode("\x01\x01p\x00", secret),
		"a user that is no id":   encode("\x01\x01p\x03u#1", secret),
		"a user not in UTF-8":    encode("\x01\x01p\x02u\xff", secret),
		"lengths that lie":       encode("\x01\xffp\x02u1", secret),
		"a length without end":   encode("\x01", strings.Repeat("\xff", 30)),
		"a length of 2^63 bytes": encode("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01p", secret),
		"a version alone":        encode("\x01"),
		"a long purpose":         encode("\x01\x21", strings.Repeat("p", 33), "\x02u1", secret),
		"padding":                base64.URLEncoding.EncodeToString([]byte("\x01\x01p\x03u11" + secret)),
		"a line break":           encode("\x01\x01p\x02u1", secret) + "\n",
		"a line break within":    encode("\x01\x01p\x02u1", secret)[:8] + "\n" + encode("\x01\x01p\x02u1", secret)[8:],
		"far too long":           strings.Repeat("A", 1<<20),
	} {
		if user, purpose, ok := otp.ParseExtended(text); ok {
			t.Errorf("%s: got %q, %q", name, user, purpose)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	source := io.MultiReader(bytes.NewReader([]byte{1, 2, 3, 4, 5, 6}), seeded())
	c, b := coder(source), bound()
	issued := issue(t, c, b, 6)
	other := issue(t, c, b, 6)
	for name, row := range map[string]struct {
		presented string
		want      bool
	}{
		"the code":                  {"123456", true},
		"a space":                   {"123 456", true},
		"spaces around":             {"  123456\t", true},
		"a dash":                    {"123-456", true},
		"an en dash":                {"123–456", true},
		"a hyphen that won't break": {"123\u2011456", true},
		"a narrow space":            {"123\u202f456", true},
		"a no-break space":          {"123\u00a0456", true},
		"a minus":                   {"123\u2212456", true},
		"an em dash":                {"123—456", true},
		"what shows nothing":        {"\u200b123\u2060456\ufeff", true},
		"something between all":     {"1-2-3-4-5-6", true},
		"full-width digits":         {"１２３４５６", true},
		"the extended code":         {issued.Extended, true},
		"Arabic digits":             {"١٢٣٤٥٦", false},
		"Devanagari digits":         {"१२३४५६", false},
		"a letter":                  {"123456a", false},
		"a line break":              {"123\n456", false},
		"another code":              {"123457", false},
		"a digit less":              {"12345", false},
		"a digit more":              {"1234567", false},
		"nothing":                   {"", false},
		"spaces only":               {"   ", false},
		"spaces without end":        {"123456" + strings.Repeat(" ", 1<<16), false},
		"another extended code":     {other.Extended, false},
		"the extended code spaced":  {" " + issued.Extended, false},
		"invalid UTF-8":             {"123456\xff", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.Matches(b, row.presented, issued.CodeMAC, issued.ExtendedMAC); got != row.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestNothingMatchesWhatIsNotStored(t *testing.T) {
	t.Parallel()
	c, b := coder(seeded()), bound()
	issued := issue(t, c, b, 6)
	for name, matches := range map[string]bool{
		"no MACs":       c.Matches(b, issued.Code, nil, nil) || c.Matches(b, issued.Extended, nil, nil),
		"empty":         c.Matches(b, "", nil, nil) || c.Matches(b, "", []byte{}, []byte{}),
		"a MAC cut off": c.Matches(b, issued.Code, issued.CodeMAC[:31], nil),
		"swapped":       c.Matches(b, issued.Code, issued.ExtendedMAC, issued.CodeMAC) || c.Matches(b, issued.Extended, issued.ExtendedMAC, issued.CodeMAC),
		"another key":   otp.NewCoder(make([]byte, 32), seeded()).Matches(b, issued.Code, issued.CodeMAC, issued.ExtendedMAC),
	} {
		if matches {
			t.Error(name, "matches")
		}
	}
}

// A code for one binding never matches another binding, even if their texts, written one after the
// other, are the same (ASVS 6.5.2, 6.6.2).
func TestOneBindingNeverMatchesAnother(t *testing.T) {
	t.Parallel()
	texts, users := []string{"", "a", "b", "ab", "\x01a"}, []string{"a", "b", "ab"}
	seen := map[string]otp.Binding{}
	var last otp.Issued
	for _, user := range users {
		for i := range 5 * 5 * 5 * 5 {
			b := otp.Binding{User: user, Tenant: texts[i%5], Pool: texts[i/5%5], Purpose: texts[i/25%5], Address: texts[i/125]}
			c := coder(endless(7)) // the same code each time
			issued := issue(t, c, b, 6)
			if len(issued.CodeMAC) != 32 || len(issued.ExtendedMAC) != 32 {
				t.Fatalf("MACs of %d and %d bytes", len(issued.CodeMAC), len(issued.ExtendedMAC))
			}
			for _, mac := range [][]byte{issued.CodeMAC, issued.ExtendedMAC} {
				if other, twice := seen[hex.EncodeToString(mac)]; twice {
					t.Fatalf("%q and %q have one MAC", other, b)
				}
				seen[hex.EncodeToString(mac)] = b
			}
			if c.Matches(b, last.Code, last.CodeMAC, last.ExtendedMAC) ||
				c.Matches(b, last.Extended, last.CodeMAC, last.ExtendedMAC) {
				t.Fatalf("%q matches the code of another binding", b)
			}
			last = issued
		}
	}
}

func FuzzExtendedCode(f *testing.F) {
	c, b := coder(seeded()), bound()
	issued, err := c.New(b, 6)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "123456", issued.Extended, issued.Extended[1:], issued.Extended + "A", "AQ", "AQD_____",
		strings.Repeat("_", 250),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		user, purpose, ok := otp.ParseExtended(text)
		if ok && (!identity.ValidID(user) || len(text) > 250) || !ok && user+purpose != "" {
			t.Errorf("parsed as user %q, purpose %q, %t", user, purpose, ok)
		}
		if c.Matches(b, text, nil, issued.ExtendedMAC) != (text == issued.Extended) {
			t.Errorf("matching %q goes wrong", text)
		}
	})
}

func FuzzCode(f *testing.F) {
	c, b := coder(seeded()), bound()
	issued, err := c.New(b, 8)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", issued.Code, " " + issued.Code, issued.Code[:4] + "-" + issued.Code[4:], issued.Code + "0", "１２３", "١٢٣", "²³", "½",
		"\xff\xfe", issued.Extended, strings.Repeat("1", 65), issued.Code + "\u0300",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, presented string) {
		matches := c.Matches(b, presented, issued.CodeMAC, nil)
		left := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \t-\u2010\u2013", r) {
				return -1
			}
			return r
		}, norm.NFKC.String(presented))
		if want := left == issued.Code && len(presented) <= 64; matches != want {
			t.Errorf("%q: got %t, want %t", presented, matches, want)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	c := coder(seeded())
	b.ReportAllocs()
	for b.Loop() {
		issue(b, c, bound(), 6)
	}
}

func BenchmarkMatches(b *testing.B) {
	c := coder(seeded())
	issued := issue(b, c, bound(), 6)
	for name, presented := range map[string]string{"short": issued.Code, "extended": issued.Extended} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.Matches(bound(), presented, issued.CodeMAC, issued.ExtendedMAC) {
					b.Fatal("no match")
				}
			}
		})
	}
}

// The first twelve bytes of a MAC are accepted in its place, and no other part of it.
func TestTheStartOfAMACIsEnough(t *testing.T) {
	t.Parallel()
	coder := otp.NewCoder(make([]byte, 32), seeded())
	b := otp.Binding{Tenant: "default", Pool: "shop", User: "u", Purpose: "activation"}
	made, err := coder.New(b, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		bytes int
		want  bool
	}{{0, false}, {11, false}, {identity.MarkLength, true}, {13, false}, {31, false}, {32, true}} {
		for form, presented := range map[string]string{"short": made.Code, "extended": made.Extended} {
			if got := coder.Matches(b, presented, made.CodeMAC[:row.bytes], made.ExtendedMAC[:row.bytes]); got != row.want {
				t.Errorf("%d bytes of the MAC of a %s code match: %t", row.bytes, form, got)
			}
		}
	}
	other, err := coder.New(b, 6)
	if err != nil || other.Code == made.Code {
		t.Fatalf("%q after %q: %v", other.Code, made.Code, err)
	}
	if coder.Matches(b, other.Code, made.CodeMAC[:identity.MarkLength], nil) {
		t.Error("another code matches")
	}
}
