package registration_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"identitypools/shared/identity"
)

// Every message is said somewhere, in a page or by its program, and has the same names in each language. That none is missing is seen when a
// function starts.
func TestEveryMessageIsSaid(t *testing.T) {
	t.Parallel()
	source := read(t, "pages/page.html")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			source += read(t, file)
		}
	}
	// What is put together: the titles of the kinds of pages, names of rules and claims, and the bounds of numbers and lengths.
	composed := regexp.MustCompile(`^(claim\.\w+|rule\.\w+|error\.password\.\w+|error\.(number|length)\.(between|least|most)|(register|code|link|dead|lost|done|failed|failed\.missing|failed\.closed)\.title)$`)
	names := regexp.MustCompile(`\{\w+\}`)
	english := messages(t, identity.Languages()[0])
	for key := range english {
		if !strings.Contains(source, `"`+key+`"`) && !composed.MatchString(key) {
			t.Errorf("%s is never said", key)
		}
	}
	for _, language := range identity.Languages() {
		for key, text := range messages(t, language) {
			got, want := names.FindAllString(text, -1), names.FindAllString(english[key], -1)
			slices.Sort(got) // languages order words each in its way
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s names %s, want %s", key, language, got, want)
			}
		}
	}
	for _, m := range regexp.MustCompile(`Say "([\w.]+)"|Say\("([\w.]+)"|fault\w*\([^,]+, v\.Say\("([\w.]+)"`).FindAllStringSubmatch(source, -1) {
		if key := m[1] + m[2] + m[3]; english[key] == "" && !strings.HasSuffix(key, ".") {
			t.Errorf("%s has no words", key)
		}
	}
	for _, name := range []string{"min_length", "max_length", "capital_letters", "lowercase_letters", "digits", "special_characters", "common", "name", "strength"} {
		if english["error.password."+name] == "" {
			t.Errorf("the rule %s for passwords has no words", name)
		}
	}
}

func messages(t *testing.T, language string) map[string]string {
	t.Helper()
	var all map[string]string
	if err := json.Unmarshal([]byte(read(t, "messages/"+language+".json")), &all); err != nil {
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
