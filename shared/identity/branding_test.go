package identity_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"identitypools/shared/identity"
)

// fullBranding returns a change that sets every field.
func fullBranding() identity.BrandingChange {
	return identity.BrandingChange{
		Language: ptr("de"), LogoURL: ptr("https://cdn.example.com/logo.svg"), TermsURL: ptr("https://example.com/terms"),
		PrivacyURL: ptr("https://example.com/privacy"), SenderName: ptr("Shop of Ann"), ReplyTo: ptr("help@example.com"), CodeInSubject: ptr(true),
		Texts: &map[string]identity.PageText{
			"de": {Title: "Willkommen", Intro: "Schön, dass Sie da sind.", Done: "Fertig.", Labels: map[string]string{"given_name": "Rufname"}},
			"en": {Title: "Welcome"},
		},
	}
}

// changeBranding returns the branding of a new pool after a change.
func changeBranding(tb testing.TB, c identity.BrandingChange) identity.Branding {
	tb.Helper()
	return newPool(tb, identity.PoolChange{Branding: c}).Branding
}

func TestBrandingTakesWhatIsGiven(t *testing.T) {
	t.Parallel()
	c := fullBranding()
	want := identity.Branding{
		Language: *c.Language, LogoURL: *c.LogoURL, TermsURL: *c.TermsURL, PrivacyURL: *c.PrivacyURL, SenderName: *c.SenderName,
		ReplyTo: *c.ReplyTo, CodeInSubject: true, Texts: *c.Texts,
	}
	if got := changeBranding(t, c); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, want := changeBranding(t, identity.BrandingChange{}), (identity.Branding{Language: "en"}); !reflect.DeepEqual(got, want) {
		t.Errorf("of a pool that sets none: %+v, want %+v", got, want)
	}
}

// An absent field is left unchanged, an empty one is cleared, and texts are replaced as a whole.
func TestBrandingMerges(t *testing.T) {
	t.Parallel()
	full := fullBranding()
	for name, row := range map[string]struct {
		change identity.BrandingChange
		want   func(b *identity.Branding)
	}{
		"nothing":             {identity.BrandingChange{}, func(*identity.Branding) {}},
		"a language":          {identity.BrandingChange{Language: ptr("pl")}, func(b *identity.Branding) { b.Language = "pl" }},
		"no language":         {identity.BrandingChange{Language: ptr("")}, func(b *identity.Branding) { b.Language = "en" }},
		"no logo":             {identity.BrandingChange{LogoURL: ptr("")}, func(b *identity.Branding) { b.LogoURL = "" }},
		"no terms":            {identity.BrandingChange{TermsURL: ptr("")}, func(b *identity.Branding) { b.TermsURL = "" }},
		"no privacy notice":   {identity.BrandingChange{PrivacyURL: ptr("")}, func(b *identity.Branding) { b.PrivacyURL = "" }},
		"no sender":           {identity.BrandingChange{SenderName: ptr("")}, func(b *identity.Branding) { b.SenderName = "" }},
		"nowhere to reply to": {identity.BrandingChange{ReplyTo: ptr("")}, func(b *identity.Branding) { b.ReplyTo = "" }},
		"no code in subjects": {identity.BrandingChange{CodeInSubject: ptr(false)}, func(b *identity.Branding) { b.CodeInSubject = false }},
		"texts of a language": {
			identity.BrandingChange{Texts: &map[string]identity.PageText{"fr": {Title: "Bienvenue"}}},
			func(b *identity.Branding) { b.Texts = map[string]identity.PageText{"fr": {Title: "Bienvenue"}} },
		},
		"no texts": {
			identity.BrandingChange{Texts: &map[string]identity.PageText{}}, func(b *identity.Branding) { b.Texts = map[string]identity.PageText{} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := newPool(t, identity.PoolChange{Branding: full})
			want := old.Branding
			row.want(&want)
			got, err := old.Changed(identity.PoolChange{Name: "Shop", Branding: row.change})
			if err != nil || !reflect.DeepEqual(got.Branding, want) {
				t.Errorf("got  %+v, %v\nwant %+v", got.Branding, err, want)
			}
			if !reflect.DeepEqual(old.Branding, changeBranding(t, full)) {
				t.Error("the old pool has changed too")
			}
		})
	}
}

func TestBrandingIsBounded(t *testing.T) {
	t.Parallel()
	long := func(n int) *string { return ptr(strings.Repeat("ž", n)) }
	of := func(language string, text identity.PageText) identity.BrandingChange {
		return identity.BrandingChange{Texts: &map[string]identity.PageText{language: text}}
	}
	rows := map[string]struct {
		change identity.BrandingChange
		at     []string // the invalid fields; none if the change is valid
	}{
		"a language that nobody is spoken to in": {identity.BrandingChange{Language: ptr("it")}, []string{"/branding/language"}},
		"a language with a region":               {identity.BrandingChange{Language: ptr("de-AT")}, []string{"/branding/language"}},
		"a language in capitals":                 {identity.BrandingChange{Language: ptr("DE")}, []string{"/branding/language"}},
		"the longest sender":                     {identity.BrandingChange{SenderName: long(64)}, nil},
		"a longer sender":                        {identity.BrandingChange{SenderName: long(65)}, []string{"/branding/sender_name"}},
		"a sender of two lines":                  {identity.BrandingChange{SenderName: ptr("Shop\r\nBcc: all@example.com")}, []string{"/branding/sender_name", "/branding/sender_name"}},
		"a sender that turns the text after it":  {identity.BrandingChange{SenderName: ptr("Shop\u202e")}, []string{"/branding/sender_name"}},
		"a sender with an accent":                {identity.BrandingChange{SenderName: ptr("Café, Žižkov & Co. (Brno)")}, nil},
		"an address to reply to":                 {identity.BrandingChange{ReplyTo: ptr("help@example.com")}, nil},
		"two addresses to reply to":              {identity.BrandingChange{ReplyTo: ptr("a@example.com,b@example.com")}, []string{"/branding/reply_to"}},
		"a name to reply to":                     {identity.BrandingChange{ReplyTo: ptr("Help <help@example.com>")}, []string{"/branding/reply_to"}},
		"a line break to reply to":               {identity.BrandingChange{ReplyTo: ptr("help@example.com\r\nBcc: b@example.com")}, []string{"/branding/reply_to"}},
		"the longest title":                      {of("de", identity.PageText{Title: *long(100)}), nil},
		"a longer title":                         {of("de", identity.PageText{Title: *long(101)}), []string{"/branding/texts/de/title"}},
		"the longest paragraphs":                 {of("de", identity.PageText{Intro: *long(500), Done: *long(500)}), nil},
		"longer paragraphs":                      {of("fr", identity.PageText{Intro: *long(501), Done: *long(501)}), []string{"/branding/texts/fr/done", "/branding/texts/fr/intro"}},
		"paragraphs of two lines":                {of("fr", identity.PageText{Title: "a\tb", Intro: "a\nb", Done: "a\rb"}), []string{"/branding/texts/fr/done", "/branding/texts/fr/intro", "/branding/texts/fr/title"}},
		"the longest label":                      {of("es", identity.PageText{Labels: map[string]string{"a/b~c": *long(100)}}), nil},
		"a longer label":                         {of("es", identity.PageText{Labels: map[string]string{"a/b~c": *long(101)}}), []string{"/branding/texts/es/labels/a~1b~0c"}},
		"a label of nothing":                     {of("es", identity.PageText{Labels: map[string]string{"name": " "}}), []string{"/branding/texts/es/labels/name"}},
		"texts in a language of nobody":          {of("x/y", identity.PageText{Title: "x"}), []string{"/branding/texts/x~1y"}},
		"the most texts":                         {of("de", identity.PageText{Title: "a", Labels: labelsOfSize(16<<10 - 1)}), nil},
		"more texts":                             {of("de", identity.PageText{Title: "ab", Labels: labelsOfSize(16<<10 - 1)}), []string{"/branding/texts"}},
	}
	for _, name := range []string{"@", "<", ">", `"`} {
		rows["a sender with "+name] = struct {
			change identity.BrandingChange
			at     []string
		}{identity.BrandingChange{SenderName: ptr("Shop" + name)}, []string{"/branding/sender_name"}}
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := identity.NewPool("default", "shop", identity.PoolChange{Name: "Shop", Branding: row.change})
			checkInvalid(t, err, row.at...)
		})
	}
}

// labelsOfSize returns labels whose names and texts have size bytes together.
func labelsOfSize(size int) map[string]string {
	all := map[string]string{}
	for i := 0; size > 0; i++ {
		name := "n" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		n := min(100, size-len(name))
		if rest := size - len(name) - n; rest > 0 && rest < 4 {
			n -= 4
		}
		all[name] = strings.Repeat("x", n)
		size -= len(name) + n
	}
	return all
}

// The web addresses of a branding are used in pages, and their origins in the policy of pages.
func TestWebAddressesOfABranding(t *testing.T) {
	t.Parallel()
	const start = "https://example.com/"
	for address, good := range map[string]bool{
		"https://example.com":                       true,
		"https://EXAMPLE.com:8443/a?b":              true,
		"https://example.com/ž'\"<>":                true, // pages escape these characters
		start + strings.Repeat("ž", 512-len(start)): true,
		start + strings.Repeat("ž", 513-len(start)): false,
		"http://example.com":                        false,
		"//example.com":                             false,
		"example.com":                               false,
		"https:///logo":                             false,
		"javascript:alert(1)":                       false,
		"data:image/png;base64,AA":                  false,
		"https://user:word@example.com":             false,
		"https://example.com;img-src":               false,
		"https://example.com'":                      false,
		"https://*.example.com":                     false,
		"https://example.com/a b":                   false,
		"https://example.com/\r\nX: y":              false,
		"https://example.com/\x7f":                  false,
		"https://žluť.example.com":                  false,
		"https://[::1]/":                            false,
	} {
		for name, change := range map[string]identity.BrandingChange{
			"logo_url": {LogoURL: &address}, "terms_url": {TermsURL: &address}, "privacy_url": {PrivacyURL: &address},
		} {
			_, err := identity.NewPool("default", "shop", identity.PoolChange{Name: "Shop", Branding: change})
			if good {
				checkInvalid(t, err)
			} else {
				checkInvalid(t, err, "/branding/"+name)
			}
		}
	}
}

func TestTheColourOfAPool(t *testing.T) {
	t.Parallel()
	for badge, want := range map[string]string{
		"": "", "#2e7d32": "#2e7d32", "#2E7D32": "#2e7d32", "#fA0": "#ffaa00", "2e7d32": "", "#2e7d3": "", "#2e7d322": "", "#": "", "#ggg": "", "#gggggg": "",
		"#+12345": "", "#-12345": "", "#0x123": "", "#1_2_34": "", "green": "#008000", " Tomato": "#ff6347", "aliceblue": "#f0f8ff", "yellowgreen": "#9acd32", "greenish": "", "tomato=": "", "=": "", "#ž0": "", "#žž": "", "rgb(0,0,0)": "", "#fff;}": "", "##fffff": "",
	} {
		if got := (identity.Pool{BadgeColor: badge}).Colour(); got != want {
			t.Errorf("%q is %q, want %q", badge, got, want)
		}
	}
}

func TestTheLanguageToSpeakIn(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		asked, stored, payload, want string
	}{
		"nothing is known":                {"", "", ``, "fr"},
		"one is asked for":                {"de", "es", `{"locale":"pl"}`, "de"},
		"one is stored":                   {"", "es", `{"locale":"pl"}`, "es"},
		"an unknown one is asked for":     {"xx", "es", `{"locale":"pl"}`, "es"},
		"an unknown one is stored":        {"", "xx", `{"locale":"pl"}`, "pl"},
		"the payload has one":             {"", "", `{"locale":"pl"}`, "pl"},
		"with a region":                   {"", "", `{"locale":"de-AT"}`, "de"},
		"with a region, the other way":    {"", "", `{"locale":"de_AT"}`, "de"},
		"with script and region":          {"", "", `{"locale":"ES-Latn-MX"}`, "es"},
		"the payload has an unknown one":  {"", "", `{"locale":"it-IT"}`, "fr"},
		"the payload has an empty one":    {"", "", `{"locale":""}`, "fr"},
		"the payload has none":            {"", "", `{"name":"Ann"}`, "fr"},
		"the payload has a number":        {"", "", `{"locale":7}`, "fr"},
		"the payload has null":            {"", "", `{"locale":null}`, "fr"},
		"the payload has an object":       {"", "", `{"locale":{"locale":"de"}}`, "fr"},
		"the payload has a claim of case": {"", "", `{"Locale":"de"}`, "fr"},
		"the payload has it twice":        {"", "", `{"locale":"de","locale":"pl"}`, "pl"},
		"the payload is no object":        {"", "", `[]`, "fr"},
	} {
		u := identity.User{Language: row.stored, Payload: jsontext.Value(row.payload)}
		if got := (identity.Pool{Branding: identity.Branding{Language: "fr"}}).LanguageFor(u, row.asked); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	for _, language := range identity.Languages() {
		if got := newPool(t, identity.PoolChange{Branding: identity.BrandingChange{Language: &language}}).LanguageFor(identity.User{}, ""); got != language {
			t.Errorf("a pool that speaks %s speaks %s", language, got)
		}
	}
	if got := newPool(t, identity.PoolChange{}).LanguageFor(identity.User{}, ""); got != "en" {
		t.Errorf("a pool that says nothing speaks %s", got)
	}
}
