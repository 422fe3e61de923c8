package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"identitypools/infra/local/part"
)

// rules selects the rules of WCAG 2.2, levels A and AA, that a program can check.
const rules = `{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"], iframes: false, preload: false, rules: {"target-size": {enabled: true}}}`

// finding is a rule that a page breaks.
type finding struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		Target  []any  `json:"target"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (f finding) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s (%s)", f.ID, f.Help)
	for _, n := range f.Nodes {
		fmt.Fprintf(&text, "\n  %v: %s", n.Target, strings.ReplaceAll(n.Summary, "\n", " "))
	}
	return text.String()
}

// CheckAccessibility fails the test for each rule of accessibility that the page breaks.
func (t *Tab) CheckAccessibility(tb testing.TB) {
	tb.Helper()
	for _, broken := range t.AccessibilityViolations(tb) {
		tb.Errorf("%s at %d px, dark %t: %s", t.URL(tb), t.view.Width, t.view.Dark, broken)
	}
}

// AccessibilityViolations returns the rules of accessibility that the page breaks, with the
// elements that break them. It needs scripts.
func (t *Tab) AccessibilityViolations(tb testing.TB) (all []string) {
	tb.Helper()
	root, err := part.Root()
	if err != nil {
		tb.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		tb.Fatalf("read axe-core (make install): %v", err)
	}
	t.do(tb, "load axe-core", chromedp.Evaluate[chromedp.Void]("if (!window.axe) {"+string(script)+"}"))
	found := run(tb, t, "run axe-core", chromedp.Evaluate[[]finding]("axe.run(document, "+rules+").then(r => r.violations)", chromedp.EvalAwaitPromise))
	for _, f := range found {
		all = append(all, f.String())
	}
	return all
}
