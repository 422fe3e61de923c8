package language_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"identitypools/shared/identity"
	"identitypools/shared/language"
)

func TestTheLanguageOfARequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, accept, want string }{
		{"", "", ""},
		{"", "de", "de"},
		{"", "de-CH, fr;q=0.9", "de"},
		{"", "en;q=0.2, pl;q=0.8", "pl"},
		{"", "ja, zh;q=0.9, es;q=0.1", "es"},
		{"", "*", ""},
		{"", "und", ""},
		{"", "x-klingon", ""},
		{"", "de;q=x", ""},
		{"", "de;q=2, fr;q=0.1", "fr"},
		{"", "de;v=1, fr", "fr"},
		{"", "de;q=0, fr;q=0.1", "fr"},
		{"", "de;q=NaN, fr;q=0.1", "fr"},
		{"", "de-formal, en;q=0.5", "de"},
		{"", "pl;q=0.9, de-formal;q=0.8, en_US;q=0.7", "pl"},
		{"", "i-klingon, 1234567890, -, ;, =, fr ; q=0.5", "fr"},
		{"", "DE-at", "de"},
		{"", "fr;q=0.5, es;q=0.5", "fr"},
		{"", strings.Repeat("x-klingon,", 49) + "de", "de"},
		{"", strings.Repeat("xx,", 400) + "de", ""},
		{"", "fr, " + strings.Repeat("x", 2000), "fr"},
		{"lang=fr", "de", "fr"},
		{"lang=xx", "de", "xx"},
		{"lang=", "de", "de"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+c.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", c.accept)
		if got := language.Requested(r); got != c.want {
			t.Errorf("?%s with %.40q is %q, want %q", c.query, c.accept, got, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	files := func(change func(fstest.MapFS)) fstest.MapFS {
		all := fstest.MapFS{}
		for _, code := range identity.Languages() {
			all["words/"+code+".json"] = &fstest.MapFile{Data: []byte(`{"hello":"` + code + ` {name}, {name} and {other}"}`)}
		}
		change(all)
		return all
	}
	set := func(code, text string) func(fstest.MapFS) {
		return func(all fstest.MapFS) { all["words/"+code+".json"] = &fstest.MapFile{Data: []byte(text)} }
	}
	words, err := language.Read(files(func(fstest.MapFS) {}), "words")
	if err != nil {
		t.Fatal(err)
	}
	// Names within a value are not replaced.
	if got := words["pl"].Say("hello", "name", "{other}", "other", "Ann"); got != "pl {other}, {other} and Ann" {
		t.Errorf("it says %q", got)
	}
	if got := words["pl"].Say("nothing", "name", "x"); got != "nothing" {
		t.Errorf("for no message it says %q", got)
	}
	for name, c := range map[string]struct {
		change func(fstest.MapFS)
		says   string
	}{
		"a language is missing":   {func(all fstest.MapFS) { delete(all, "words/fr.json") }, "fr.json"},
		"a message is missing":    {set("es", `{}`), `in es: "hello" is missing`},
		"a message is empty":      {set("es", `{"hello":""}`), `in es: "hello" is missing`},
		"one too many":            {set("de", `{"hello":"x","bye":"x"}`), "in de: there are some"},
		"one that is given twice": {set("de", `{"hello":"x","hello":"y"}`), "in de"},
		"no JSON":                 {set("de", `hello`), "in de"},
	} {
		if _, err := language.Read(files(c.change), "words"); err == nil ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
