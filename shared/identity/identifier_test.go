package identity_test

import (
	"strings"
	"testing"
	"unicode"

	"identitypools/shared/identity"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	folding, exact := identity.Pool{CaseInsensitive: true}, identity.Pool{}
	for _, c := range []struct {
		name  string
		pool  identity.Pool
		kind  identity.IdentifierType
		value string
		want  string // "" is refused
	}{
		{"an address", folding, "email", "ann@example.com", "ann@example.com"},
		{"in another case", folding, "email", " Ann@EXAMPLE.com ", "ann@example.com"},
		{"where case counts before the @", exact, "email", "Ann@EXAMPLE.com", "Ann@example.com"},
		{"in full-width letters", folding, "email", "ａｎｎ@example.com", "ann@example.com"},
		{"with a domain in another script", folding, "email", "ann@bücher.example.com", "ann@xn--bcher-kva.example.com"},
		{"with a tag and dots, which stay", folding, "email", "a.n.n+tag@example.com", "a.n.n+tag@example.com"},
		{"with a letter that folds into two", folding, "uid", "STRASSE", "strasse"},
		{"the same letter", folding, "uid", "straße", "strasse"},
		{"without a domain", folding, "email", "ann@", ""},
		{"without a name", folding, "email", "@example.com", ""},
		{"with two", folding, "email", "a@b@example.com", ""},
		{"with a display name", folding, "email", "Ann <ann@example.com>", ""},
		{"in quotes", folding, "email", `"ann"@example.com`, ""},
		{"with a line break", folding, "email", "ann@example.com\r\nBcc: eve@example.com", ""},
		{"with a line separator", folding, "email", "ann\u2028@example.com", ""},
		{"with a zero byte", folding, "uid", "a\x00b", ""},
		{"with invalid UTF-8", folding, "uid", "a\xffb", ""},
		{"with a space", folding, "email", "a b@example.com", ""},
		{"that is too long", folding, "email", strings.Repeat("a", 65) + "@example.com", ""},
		{"a phone number", folding, "mobile", " +15550100 ", "+15550100"},
		{"a phone number without a country", folding, "mobile", "0550100", ""},
		{"a phone number with letters", folding, "mobile", "+1555CALL", ""},
		{"a name", folding, "uid", "Ann", "ann"},
		{"a name where case counts", exact, "uid", "Ann", "Ann"},
		{"an empty name", folding, "uid", "  ", ""},
		{"a long name", folding, "external", strings.Repeat("x", 257), ""},
		{"of an unknown type", folding, "pigeon", "x", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.pool.Normalize(c.kind, c.value)
			if (err == nil) != (c.want != "") || got != c.want {
				t.Errorf("%q becomes %q, %v; want %q", c.value, got, err, c.want)
			}
			if err != nil && len(c.value) > 5 && strings.Contains(err.Error(), c.value) {
				t.Errorf("the reason repeats the value: %v", err)
			}
		})
	}
}

// FuzzIdentifier: whatever is accepted is its own normal form and fits into a key and a mail header.
func FuzzIdentifier(f *testing.F) {
	for _, seed := range []string{"ann@example.com", "ＡＮＮ@ｅxample.com", "İ@example.com", "ß", "ﬃ", "Ꭰ", "a\u0301", "+15550100", "x\r\ny", "\xff", "a@xn--0.example.com", "ͅ", "a@b.c.", "ǰ@ǰ.example.com"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, value string, fold bool) {
		pool := identity.Pool{CaseInsensitive: fold}
		for _, kind := range []identity.IdentifierType{"email", "mobile", "uid"} {
			once, err := pool.Normalize(kind, value)
			if err != nil {
				continue
			}
			if twice, err := pool.Normalize(kind, once); err != nil || twice != once {
				t.Errorf("%s %q becomes %q, and that %q (%v)", kind, value, once, twice, err)
			}
			if once == "" || len(once) > 256 || strings.ContainsFunc(once, unicode.IsControl) {
				t.Errorf("%s %q becomes %q", kind, value, once)
			}
		}
	})
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"a": true, "A-b_c.d~9": true, strings.Repeat("x", 128): true, "...": true,
		"": false, ".": false, "..": false, "a/b": false, "a#b": false, "a b": false, "ä": false, "a\n": false, "%2e": false, strings.Repeat("x", 129): false,
	} {
		if identity.ValidID(id) != want {
			t.Errorf("%q is an id: %t", id, !want)
		}
	}
}
