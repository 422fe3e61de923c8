package clients_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"identitypools/infra/check/golden"
)

// The programs and configurations in docs/signin.md are those that tests run. A comment before each names
// its file. With -update the test copies them.
func TestTheDocumentHasThePrograms(t *testing.T) {
	t.Parallel()
	document := filepath.Join(root(t), "docs", "signin.md")
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var copied []string
	fence := regexp.MustCompile("(?s)<!-- (infra/\\S+) -->\n```(\\w*)\n.*?\n?```\n")
	filled := fence.ReplaceAllStringFunc(string(text), func(found string) string {
		parts := fence.FindStringSubmatch(found)
		program, err := os.ReadFile(filepath.Join(root(t), parts[1]))
		if err != nil {
			t.Error(err)
		}
		copied = append(copied, parts[1])
		return "<!-- " + parts[1] + " -->\n```" + parts[2] + "\n" + string(program) + "```\n"
	})
	golden.Same(t, document, filled)
	for _, file := range []string{
		"clients/example/main.go", "clients/testdata/app.mjs", "clients/testdata/oauth2-proxy.cfg",
		"clients/testdata/apache.conf", "browser/testdata/app.html",
	} {
		if !strings.Contains(strings.Join(copied, "\n"), "infra/check/"+file) {
			t.Errorf("the document does not have %s", file)
		}
	}
}
