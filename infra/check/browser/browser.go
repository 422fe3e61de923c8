// Package browser controls the product's pages in a real browser, Chromium or Chrome, as people do:
// with a mouse, with a keyboard, on a phone, without scripts. A test fails if a page loads anything
// from elsewhere or if the browser reports an error. Only tests import the package.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"identitypools/infra/check/parttest"
)

// The browser outlives the tests that have tabs in it, and package testing has no place for what
// belongs to a whole binary. Like the parts of parttest it is an exception to the rule against
// package variables. Main sets it.
var running context.Context

// Main starts a browser, runs the tests of a package and returns the exit code:
//
//	func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }
//
// If there is no browser, Main prints that and returns 0 without running tests. With
// BROWSER=required in the environment that is a failure.
func Main(m *testing.M) int {
	path, err := find(os.Getenv("CHROME"))
	if err != nil {
		fmt.Println(err)
		if os.Getenv("BROWSER") == "required" {
			return 1
		}
		return 0
	}
	stop, err := start(path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer stop()
	return parttest.Main(m)
}

// find returns the path of the chosen browser, or of the first one on the PATH if none is chosen. The
// browsers without windows come first: they take a third of the processor time.
func find(chosen string) (string, error) {
	names := []string{
		"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome",
		"google-chrome-stable", "chrome",
	}
	if chosen != "" {
		names = []string{chosen}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no browser is found, so pages are not tested in one:" +
		" install chromium, or name one in CHROME")
}

// start starts the browser with a profile of its own. Stopping it deletes everything that it has
// stored.
func start(path string) (stop func(), err error) {
	folder, err := os.MkdirTemp("", "browser")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.Flag("lang", "en"),
		chromedp.Flag("disable-features", "Translate,HttpsUpgrades"),
		chromedp.UserDataDir(filepath.Join(folder, "profile")), chromedp.Env("TMPDIR="+folder))
	if os.Geteuid() == 0 {
		// as root, as in containers, it cannot start with its sandbox
		options = append(options, chromedp.NoSandbox)
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	stop = func() {
		closeBrowser()
		release()
		_ = os.RemoveAll(folder) // a temporary folder: the system deletes what is left
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	running = ctx
	return stop, nil
}
