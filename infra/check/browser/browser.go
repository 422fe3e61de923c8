// Package browser drives the product's pages in a real browser, Chromium or Chrome, as people do: by mouse, by keyboard, on a phone, without
// scripts. Whatever a page loads from elsewhere, and whatever the browser complains of, fails the test. Only tests import it.
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

// The browser outlives the tests that have tabs in it, and testing has no place for what belongs to a whole binary: like the parts of parttest it
// is an exception to the rule against package variables. Main sets it.
var running context.Context

// Main runs a package's tests beside a browser: func TestMain(m *testing.M) { os.Exit(browser.Main(m)) }. Where no browser is found it says so
// and passes; BROWSER=required makes that a failure.
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

// find is the path of the chosen browser, else of the first one on the PATH.
func find(chosen string) (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if chosen != "" {
		names = []string{chosen}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no browser is found, so pages are not tested in one: install chromium, or name one in CHROME")
}

// start starts the browser with a profile of its own. That and whatever else it leaves behind is gone when it stops.
func start(path string) (stop func(), err error) {
	folder, err := os.MkdirTemp("", "browser")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("lang", "en"),
		chromedp.Flag("disable-features", "Translate,HttpsUpgrades"), chromedp.UserDataDir(filepath.Join(folder, "profile")), chromedp.Env("TMPDIR="+folder))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which it cannot start with as root, as in containers
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	stop = func() {
		closeBrowser()
		release()
		_ = os.RemoveAll(folder) // of temporary files; the system's own cleaning takes what is left
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	running = ctx
	return stop, nil
}
