package registration_test

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

// Every message of the function is said somewhere, in a page or by its program, and has the same names in each language;
// what it says has words of its own or those that all pages share. That no word is missing is seen when a page is opened.
func TestEveryMessageIsSaid(t *testing.T) {
	t.Parallel()
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
		if !strings.Contains(source, `"`+key+`"`) {
			t.Errorf("%s is never said", key)
		}
	}
	for _, language := range identity.Languages() {
		for key, text := range messages(t, ".", language) {
			got, want := names.FindAllString(text, -1), names.FindAllString(english[key], -1)
			slices.Sort(got) // languages order words each in its way
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s names %s, want %s", key, language, got, want)
			}
		}
	}
	maps.Copy(english, messages(t, "../../shared/page", identity.Languages()[0]))
	for _, m := range regexp.MustCompile(`(?:Say|NewPage)\("([\w.]+)"`).FindAllStringSubmatch(source, -1) {
		if english[m[1]] == "" {
			t.Errorf("%s has no words", m[1])
		}
	}
}

// messages returns the words of a language in the messages of a folder, by key.
func messages(t *testing.T, folder, language string) map[string]string {
	t.Helper()
	var all map[string]string
	if err := json.Unmarshal([]byte(read(t, folder+"/messages/"+language+".json")), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
