package page_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"identitypools/infra/check/golden"
	"identitypools/shared/identity"
)

// Every message that all pages share is used by a page or by the package, and has the same names of
// values in each language.
func TestEveryMessageIsSaid(t *testing.T) {
	t.Parallel()
	var source string
	for _, pattern := range []string{"*.templ", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(file, "_templ.go") {
				source += read(t, file)
			}
		}
	}
	// The code composes these keys: titles, names of rules and claims, and the bounds of numbers and
	// lengths. The functions to which forms belong use the messages for missing values.
	composed := regexp.MustCompile(`^(claim\.\w+|rule\.\w+|error\.password\.[\w.]+|` +
		`error\.(number|whole|length)(\.(exact|between|least|most))?|failed\.missing\.title|` +
		`error\.code\.(missing|expired|tries))$`)
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
			slices.Sort(got) // the order differs between languages
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s names %s, want %s", key, language, got, want)
			}
			golden.Spacing(t, language, key, text)
		}
	}
	for _, m := range regexp.MustCompile(`(?:Say|NewPage)\("([\w.]+)"[,)]`).FindAllStringSubmatch(source, -1) {
		if english[m[1]] == "" {
			t.Errorf("%s has no words", m[1])
		}
	}
	for _, name := range []string{
		"too_short", "too_long", "capital_letters", "lowercase_letters", "digits", "special_characters",
		"common", "name", "strength", "hash", "guessable.repeats", "guessable.sequence", "guessable.common",
		"guessable.address",
	} {
		if english["error.password."+name] == "" {
			t.Errorf("the rule %s for passwords has no words", name)
		}
	}
}

// messages returns the words that all pages share in a language, by key.
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
