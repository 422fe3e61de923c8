package identity_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"identitypools/shared/identity"
)

// caseInsensitive returns a pool that ignores case.
func caseInsensitive() identity.Pool { return identity.Pool{CaseInsensitive: true} }

// caseSensitive returns a pool that does not ignore case.
func caseSensitive() identity.Pool { return identity.Pool{} }

func TestAddressesAreNormalized(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ value, folded, exact string }{
		"plain":                        {"ann@example.com", "ann@example.com", "ann@example.com"},
		"a tag stays":                  {"ann+tag@example.com", "ann+tag@example.com", "ann+tag@example.com"},
		"dots stay":                    {"a.n.n@example.com", "a.n.n@example.com", "a.n.n@example.com"},
		"an apostrophe":                {"o'hara@example.com", "o'hara@example.com", "o'hara@example.com"},
		"what looks encoded":           {"=?utf-8?q?a?=@example.com", "=?utf-8?q?a?=@example.com", "=?utf-8?q?a?=@example.com"},
		"case":                         {"Ann@Example.COM", "ann@example.com", "Ann@example.com"},
		"spaces and line breaks about": {"\r\n \u00a0ann@example.com\u2003\n", "ann@example.com", "ann@example.com"},
		"full width":                   {"ＡＮＮ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com", "ANN@example.com"},
		"an accent in two":             {"ame\u0301lie@example.com", "am\u00e9lie@example.com", "am\u00e9lie@example.com"},
		"a ligature":                   {"o\ufb03ce@example.com", "office@example.com", "office@example.com"},
		"the Kelvin sign":              {"\u212a@example.com", "k@example.com", "K@example.com"},
		"a long s":                     {"\u017f@example.com", "s@example.com", "s@example.com"},
		"a sharp s":                    {"stra\u00dfe@example.com", "strasse@example.com", "stra\u00dfe@example.com"},
		"final sigma":                  {"\u03a3\u03c2@example.com", "\u03c3\u03c3@example.com", "\u03a3\u03c2@example.com"},
		"a capital I with a dot":       {"\u0130@example.com", "i\u0307@example.com", "\u0130@example.com"},
		"a domain in Unicode":          {"a@b\u00fccher.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		"a domain in capital Unicode":  {"a@B\u00dcCHER.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		"a domain in Punycode":         {"a@XN--BCHER-kva.example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		"a domain with a sharp s":      {"a@fa\u00df.example", "a@xn--fa-hia.example", "a@xn--fa-hia.example"},
		"a domain with another dot":    {"a@example\u3002com", "a@example.com", "a@example.com"},
		"a domain with a soft hyphen":  {"a@ex\u00adample.com", "a@example.com", "a@example.com"},
		"a domain from right to left":  {"a@a.\u0645\u062b\u0627\u0644", "a@a.xn--mgbh0fb", "a@a.xn--mgbh0fb"},
		"a longest local part":         {strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		"a longest label":              {"a@" + strings.Repeat("b", 63) + ".example", "a@" + strings.Repeat("b", 63) + ".example", "a@" + strings.Repeat("b", 63) + ".example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := caseInsensitive().Normalize(identity.TypeEmail, row.value); err != nil || got != row.folded {
				t.Errorf("ignoring case: got %+q, %v", got, err)
			}
			if got, err := caseSensitive().Normalize(identity.TypeEmail, row.value); err != nil || got != row.exact {
				t.Errorf("minding case: got %+q, %v", got, err)
			}
		})
	}
}

// RFC 5321 §4.5.3.1.
func TestTheLongestAddress(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 46)+".", 4) + "c" // 64 + 1 + 189 bytes
	if got, err := caseInsensitive().Normalize(identity.TypeEmail, longest); err != nil || got != longest || len(got) != 254 {
		t.Errorf("%d bytes: %v", len(longest), err)
	}
	if got, err := caseInsensitive().Normalize(identity.TypeEmail, longest+"c"); err == nil {
		t.Errorf("%d bytes: got %q", len(longest)+1, got)
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"nothing":                     "",
		"spaces":                      "  ",
		"no at sign":                  "example.com",
		"no local part":               "@example.com",
		"no domain":                   "ann@",
		"two addresses":               "ann@example.com,bob@example.com",
		"two at signs":                "ann@bob@example.com",
		"a name":                      "Ann <ann@example.com>",
		"angle brackets":              "<ann@example.com>",
		"a comment":                   "ann(comment)@example.com",
		"a quoted local part":         `"ann"@example.com`,
		"a quote in it":               `an"n@example.com`,
		"a scheme":                    "mailto:ann@example.com",
		"a space in the local part":   "an n@example.com",
		"a space before the at sign":  "ann @example.com",
		"a space after the at sign":   "ann@ example.com",
		"what NFKC makes a space of":  "ann\u00b4@example.com",
		"two dots":                    "a..n@example.com",
		"a dot at the start":          ".ann@example.com",
		"a dot at the end":            "ann.@example.com",
		"an empty label":              "ann@example..com",
		"a dot before the domain":     "ann@.example.com",
		"a dot after the domain":      "ann@example.com.",
		"an underscore in the domain": "ann@ex_ample.com",
		"a hyphen before a label":     "ann@-example.com",
		"a percent sign":              "ann@ex%41mple.com",
		"an address literal":          "ann@[127.0.0.1]",
		"broken Punycode":             "ann@xn--0.example",
		"a joiner out of place":       "ann@exa\u200dmple.com",
		"mixed directions":            "ann@1\u0645\u062b\u0627\u0644.example",
		"a local part too long":       strings.Repeat("a", 65) + "@example.com",
		"a label too long":            "ann@" + strings.Repeat("b", 64) + ".example",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range []identity.Pool{caseInsensitive(), caseSensitive()} {
				if got, err := p.Normalize(identity.TypeEmail, value); err == nil {
					t.Errorf("got %+q", got)
				}
			}
		})
	}
}

// No line break gets into a header, a log or a key through an identifier.
func TestControlCharactersAreRefused(t *testing.T) {
	t.Parallel()
	for _, control := range []string{"\n", "\r", "\r\nBcc: ", "\x00", "\t", "\x7f", "\u0085", "\u2028", "\u2029", "\u009f"} {
		for _, kind := range []identity.IdentifierType{
			identity.TypeEmail, identity.TypeMobile, identity.TypeUID, identity.TypeExternal, identity.TypeFederated,
		} {
			for _, value := range []string{"an" + control + "n@example.com", "ann@exam" + control + "ple.com", "+1555" + control + "0100", "ann" + control + "smith"} {
				if got, err := caseInsensitive().Normalize(kind, value); err == nil {
					t.Errorf("%s %+q: got %+q", kind, value, got)
				}
			}
		}
	}
}

// Identifiers that only look similar stay different, or the owner of one could take the other's place.
func TestConfusablesStayApart(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, one, other string }{
		{"a Cyrillic a", "ann@example.com", "\u0430nn@example.com"},
		{"a Greek o", "bob@example.com", "b\u03bfb@example.com"},
		{"an i without a dot", "ian@example.com", "\u0131an@example.com"},
		{"an l for a one", "al@example.com", "a1@example.com"},
		{"an rn for an m", "mm@example.com", "rnm@example.com"},
		{"a Cyrillic domain", "ann@example.com", "ann@ex\u0430mple.com"},
		{"a tag", "ann@example.com", "ann+x@example.com"},
		{"a dot", "ann.s@example.com", "anns@example.com"},
		{"an accent", "amelie@example.com", "am\u00e9lie@example.com"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			one, err := caseInsensitive().Normalize(identity.TypeEmail, row.one)
			other, err2 := caseInsensitive().Normalize(identity.TypeEmail, row.other)
			if err != nil || err2 != nil || one == other {
				t.Errorf("%+q and %+q: %v, %v", one, other, err, err2)
			}
		})
	}
}

// Two identifiers that look exactly the same would have two owners (UTS #39 §5, RFC 8264 §9).
func TestWhatShowsNothingIsRefused(t *testing.T) {
	t.Parallel()
	for name, invisible := range map[string]string{
		"a zero-width space": "\u200b", "a non-joiner": "\u200c", "a joiner": "\u200d", "a word joiner": "\u2060", "a byte order mark": "\ufeff",
		"a soft hyphen": "\u00ad", "a grapheme joiner": "\u034f", "a mark from left to right": "\u200e", "an embedding": "\u202a",
		"an override from right to left": "\u202e", "an isolate": "\u2067", "a tag": "\U000e0061", "a Hangul filler": "\u3164",
		"a narrow Hangul filler": "\uffa0", "a variation selector": "\ufe0f", "a vowel separator": "\u180e", "an inherent vowel": "\u17b4",
	} {
		for kind, value := range map[identity.IdentifierType]string{
			identity.TypeEmail: "a" + invisible + "nn@example.com", identity.TypeUID: "ann" + invisible,
			identity.TypeExternal: invisible + "ann", identity.TypeFederated: "idp|" + invisible + "ann",
		} {
			for _, p := range []identity.Pool{caseInsensitive(), caseSensitive()} {
				if got, err := p.Normalize(kind, value); err == nil || !strings.Contains(err.Error(), "show nothing") {
					t.Errorf("%s in an identifier of type %s: got %+q, %v", name, kind, got, err)
				}
			}
		}
	}
}

func TestOtherIdentifiersAreNormalized(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		kind                 identity.IdentifierType
		value, folded, exact string // "" if the value is refused
	}{
		"a user name":             {identity.TypeUID, " Ann Smith ", "ann smith", "Ann Smith"},
		"an external id":          {identity.TypeExternal, "CRM:00Ab", "crm:00ab", "CRM:00Ab"},
		"a federated id":          {identity.TypeFederated, "Ｉdp|Ann", "idp|ann", "Idp|Ann"},
		"Cherokee":                {identity.TypeUID, "\uab70\u13a1", "\u13a0\u13a1", "\uab70\u13a1"},
		"Cherokee in capitals":    {identity.TypeUID, "\u13a0\u13a1", "\u13a0\u13a1", "\u13a0\u13a1"},
		"256 bytes":               {identity.TypeUID, strings.Repeat("a", 256), strings.Repeat("a", 256), strings.Repeat("a", 256)},
		"257 bytes":               {identity.TypeUID, strings.Repeat("a", 257), "", ""},
		"256 bytes that grow":     {identity.TypeUID, strings.Repeat("\u0130", 128), "", strings.Repeat("\u0130", 128)},
		"far too long":            {identity.TypeUID, strings.Repeat(" ", 2000) + "a", "", ""},
		"no user name":            {identity.TypeUID, " ", "", ""},
		"invalid UTF-8":           {identity.TypeUID, "ann\xff", "", ""},
		"a phone number":          {identity.TypeMobile, " +15550100 ", "+15550100", "+15550100"},
		"a full-width number":     {identity.TypeMobile, "＋１５５５０１００", "+15550100", "+15550100"},
		"fifteen digits":          {identity.TypeMobile, "+123456789012345", "+123456789012345", "+123456789012345"},
		"sixteen digits":          {identity.TypeMobile, "+1234567890123456", "", ""},
		"seven digits":            {identity.TypeMobile, "+1234567", "+1234567", "+1234567"},
		"six digits":              {identity.TypeMobile, "+123456", "", ""},
		"a national number":       {identity.TypeMobile, "015550100", "", ""},
		"a zero after the plus":   {identity.TypeMobile, "+015550100", "", ""},
		"a number with spaces":    {identity.TypeMobile, "+1 555 0100", "", ""},
		"a number with letters":   {identity.TypeMobile, "+1555O1OO", "", ""},
		"a number in Arabic":      {identity.TypeMobile, "+\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "", ""},
		"no type":                 {"", "ann", "", ""},
		"an unknown type":         {"pet", "ann", "", ""},
		"a type in another case":  {"EMAIL", "ann@example.com", "", ""},
		"an e-mail address's uid": {identity.TypeUID, "Ann@Example.com", "ann@example.com", "Ann@Example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for want, p := range map[string]identity.Pool{"+" + row.folded: caseInsensitive(), "-" + row.exact: caseSensitive()} {
				got, err := p.Normalize(row.kind, row.value)
				if got != want[1:] || (err != nil) != (want[1:] == "") {
					t.Errorf("ignoring case %t: got %+q, %v", p.CaseInsensitive, got, err)
				}
			}
		})
	}
}

func TestReasonsNeverRepeatTheIdentifier(t *testing.T) {
	t.Parallel()
	for _, kind := range []identity.IdentifierType{identity.TypeEmail, identity.TypeMobile, "hunter2"} {
		if _, err := caseInsensitive().Normalize(kind, "hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// The forms in which an identifier is looked up, for each value in the order of precedence. Where one
// form is expected, the pool reads one claim.
func TestFormsOfALookup(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		value         string
		kind          identity.IdentifierType // as what an address is taken
		folded, exact []string                // nil if the value is refused
	}{
		"an address": {
			"ann@example.com", identity.TypeEmail, []string{"ann@example.com"}, []string{"ann@example.com"},
		},
		"an address in capitals": {" Ann@Example.COM ", identity.TypeEmail, []string{"ann@example.com"}, []string{
			"Ann@Example.COM", "Ann@example.com",
		}},
		"an address with an umlaut": {"Ann@B\u00fccher.example", identity.TypeEmail, []string{
			"ann@b\u00fccher.example", "ann@xn--bcher-kva.example",
		}, []string{"Ann@B\u00fccher.example", "Ann@xn--bcher-kva.example"}},
		"an address in full width": {
			"ａｎｎ＠example.com", identity.TypeEmail, []string{"ann@example.com"}, []string{"ann@example.com"},
		},
		"only an address": {
			"ann@ex\u00adample.com", identity.TypeEmail, []string{"ann@example.com"}, []string{"ann@example.com"},
		},
		"a name of a directory": {"ANN@CORP.LOCAL", identity.TypeEmail, []string{"ann@corp.local"}, []string{
			"ANN@CORP.LOCAL", "ANN@corp.local",
		}},
		"a phone number":            {"+15550100", identity.TypeMobile, []string{"+15550100"}, []string{"+15550100"}},
		"a phone number in wide":    {"＋15550100", identity.TypeMobile, []string{"+15550100"}, []string{"+15550100"}},
		"a national number":         {"5550100", identity.TypeUID, []string{"5550100"}, []string{"5550100"}},
		"a user name":               {"Ann", identity.TypeUID, []string{"ann"}, []string{"Ann"}},
		"a user name with an at":    {"@Ann", identity.TypeEmail, []string{"@ann"}, []string{"@Ann"}},
		"nothing":                   {" ", identity.TypeUID, nil, nil},
		"an address with a newline": {"ann@example.com\nx", identity.TypeEmail, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if kind := identity.InferType(row.value); kind != row.kind {
				t.Errorf("type %s, want %s", kind, row.kind)
			}
			for _, c := range []struct {
				pool identity.Pool
				want []string
			}{{caseInsensitive(), row.folded}, {caseSensitive(), row.exact}} {
				if got, err := c.pool.LookupForms(row.value); !slices.Equal(got, c.want) ||
					(err == nil) != (c.want != nil) {
					t.Errorf("ignoring case %t: %q, %v; want %q", c.pool.CaseInsensitive, got, err, c.want)
				}
			}
		})
	}
}

// FuzzIdentifier normalizes any text as any type. Normalize never panics. Its result is its own
// normalized form, is NFKC in valid UTF-8 within its length, and has no control characters, line
// breaks or invisible characters. A lookup of the value finds it, whatever its type, and a lookup of the
// result finds it before anything else.
func FuzzIdentifier(f *testing.F) {
	kinds := []identity.IdentifierType{identity.TypeEmail, identity.TypeMobile, identity.TypeUID, identity.TypeExternal, identity.TypeFederated, ""}
	for _, seed := range []string{
		"", " ", "ann@example.com", "Ann+Tag@Example.COM\n", "ＡＮＮ＠ｅｘａｍｐｌｅ．ｃｏｍ", "a@b\u00fccher.example", "a@xn--bcher-kva.example",
		"a@fa\u00df.example", "a@example\u3002com", "stra\u00dfe@example.com", "\u212a\u017f\u03a3\u03c2@example.com", "+15550100", "＋15550100",
		strings.Repeat("\u0130", 32) + "@example.com", "\u1fb4\u0345", "\u13a0\uab70", "\u00b4@a.b", "\u1e9e@\u1e9e", "a\r\nBcc: b@example.com",
		"a\u2028b", "a\x00b", "\xff", "\"a b\"@example.com", "a@b@c", "a@[127.0.0.1]", "a@xn--0", "\ufdfa", strings.Repeat("\ufdfa", 300), "%0a", "a@\u2488example.com",
		"\u0345", "a@b.c.", "\u01f0@\u01f0.example", "ann+\u200b@example.com", "a\u202enn", "ANN@CORP.LOCAL",
		"Ann@Example.COM", " a@B@C ", "@Ann", "a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example", "\uffa0",
	} {
		for i := range kinds {
			f.Add(i, seed, i%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, kind int, value string, fold bool) {
		p, k := identity.Pool{CaseInsensitive: fold}, kinds[uint(kind)%uint(len(kinds))]
		once, err := p.Normalize(k, value)
		if err != nil {
			if once != "" {
				t.Errorf("refused, yet %q", once)
			}
			return
		}
		if twice, err := p.Normalize(k, once); err != nil || twice != once {
			t.Errorf("once %+q, twice %+q, %v", once, twice, err)
		}
		if strings.ContainsFunc(once, unicode.IsControl) || strings.ContainsAny(once, "\u2028\u2029") || once != strings.TrimSpace(once) {
			t.Errorf("a control character, or spaces about %+q", once)
		}
		if local, _, _ := strings.Cut(once, "@"); strings.ContainsFunc(local, func(r rune) bool { return unicode.Is(unicode.Cf, r) }) {
			t.Errorf("shows nothing: %+q", once)
		}
		if once == "" || len(once) > 256 || !utf8.ValidString(once) || !norm.NFKC.IsNormalString(once) {
			t.Errorf("%d bytes: %+q", len(once), once)
		}
		if forms, err := p.LookupForms(value); err != nil || len(forms) > 2 || !slices.Contains(forms, once) {
			t.Errorf("claimed as %+q, sought as %+q, %v", once, forms, err)
		}
		if forms, err := p.LookupForms(once); err != nil || forms[0] != once {
			t.Errorf("claimed as %+q, and its own lookup begins with %+q, %v", once, forms, err)
		}
		if found, err := p.NormalizeAddress(value); (k == identity.TypeEmail || k == identity.TypeMobile) &&
			(err != nil || found != once) {
			t.Errorf("claimed as %+q, as an address %+q, %v", once, found, err)
		}
	})
}

func TestValidID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"a": true, "A-Za-z_0.9~": true, "...": true, ".a": true, "-": true, "~": true, strings.Repeat("x", 128): true,
		"": false, ".": false, "..": false, strings.Repeat("x", 129): false, "a b": false, "a/b": false, "a#b": false, "a%2fb": false,
		"a:b": false, "a\n": false, "\x00": false, "\u00e9": false, "\uff41": false, "a\xff": false, "a@b": false, "a+b": false, "a?": false,
		"a[": false, "a`": false, "a{": false, "a\x7f": false,
	} {
		if got := identity.ValidID(id); got != want {
			t.Errorf("%q: got %t", id, got)
		}
	}
}

func BenchmarkNormalize(b *testing.B) {
	for name, value := range map[string]string{"ascii": "Ann.Smith@Example.com", "unicode": "Am\u00e9lie@B\u00fccher.example"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := caseInsensitive().Normalize(identity.TypeEmail, value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
