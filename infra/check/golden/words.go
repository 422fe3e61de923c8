package golden

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"identitypools/shared/identity"
)

// Words checks the messages of the pages of the function in the current folder: each is used in a page
// or by the program, and has the same placeholders in each language. Each key that is used exists in the
// function's messages or in those of all pages.
func Words(t *testing.T) {
	t.Helper()
	source := read(t, "pages.templ")
	files, err := filepath.Glob("*_page.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source += read(t, file)
	}
	names := regexp.MustCompile(`\{\w+\}`)
	english := messages(t, ".", identity.Languages()[0])
	for key := range english {
		// What is said about codes is composed: see page.Form.WrongCode.
		composed := strings.TrimSuffix(strings.TrimSuffix(key, ".tries"), ".expired")
		if !strings.Contains(source, `"`+composed+`"`) {
			t.Errorf("%s is never said", key)
		}
	}
	for _, language := range identity.Languages() {
		for key, text := range messages(t, ".", language) {
			got, want := names.FindAllString(text, -1), names.FindAllString(english[key], -1)
			slices.Sort(got) // the order differs between languages
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s names %s, want %s", key, language, got, want)
			}
			Spacing(t, language, key, text)
		}
	}
	maps.Copy(english, messages(t, "../../shared/page", identity.Languages()[0]))
	said := regexp.MustCompile(`(?:Say|NewPage)\("([\w.]+)"`)
	for _, m := range said.FindAllStringSubmatch(source, -1) {
		if english[m[1]] == "" {
			t.Errorf("%s has no words", m[1])
		}
	}
}

// Spacing checks the white space of a message in French, in which it belongs before colons, semicolons,
// question and exclamation marks, and inside quotation marks. It must not become the end of a line.
func Spacing(t *testing.T, language, key, text string) {
	t.Helper()
	if language == "fr" && regexp.MustCompile(`[ \pL\d}»][;?!]|[ \pL\d}][:»](?:[^/]|$)|«[^\x{A0}]`).MatchString(text) {
		t.Errorf("%s in French has wrong spaces: %q", key, text)
	}
}

// messages returns the messages of a language in a folder, by key.
func messages(t *testing.T, folder, language string) map[string]string {
	t.Helper()
	var all map[string]string
	if err := json.Unmarshal([]byte(read(t, folder+"/messages/"+language+".json")), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// read returns the text of a file.
func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
