package browser

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// within limits the time of everything that is done in a tab.
const within = 30 * time.Second

// View describes how a person sees pages. The zero value is a desktop with light colors, in English
// and with scripts.
type View struct {
	Width, Height int     // in CSS pixels; the default is 1280 by 800
	Scale         float64 // device pixels of a CSS pixel; the default is 1
	Dark          bool
	NoScripts     bool
	Language      string // value of Accept-Language; the default is "en"
}

// Tab is a tab of the browser with cookies and storage of its own. Its methods must be called from
// one goroutine.
type Tab struct {
	*traffic
	ctx  context.Context
	view View
}

// NewTab opens a tab, which is closed at the end of the test. The test then fails if the browser
// has reported errors.
func NewTab(tb testing.TB, v View) *Tab {
	tb.Helper()
	ctx, closeTab := chromedp.NewContext(running, chromedp.WithNewBrowserContext())
	tb.Cleanup(closeTab)
	t := &Tab{traffic: &traffic{}, ctx: ctx}
	if err := chromedp.Listen(ctx, t.handleEvent); err != nil {
		tb.Fatalf("open a tab: %v", err)
	}
	t.SetView(tb, v)
	tb.Cleanup(func() {
		for _, complaint := range t.Complaints(tb) {
			tb.Errorf("the browser: %s", complaint)
		}
	})
	return t
}

// SetView changes how the tab shows pages. The size and the colors of the current page change at
// once.
func (t *Tab) SetView(tb testing.TB, v View) {
	tb.Helper()
	t.view = v.complete()
	scheme := "light"
	if t.view.Dark {
		scheme = "dark"
	}
	t.do(tb, "look", chromedp.EmulateViewport(int64(t.view.Width), int64(t.view.Height),
		chromedp.EmulateScale(t.view.Scale)),
		command(emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			}}),
		// Many tabs are open, and each behaves as if it had the focus.
		command(emulation.SetFocusEmulationEnabled,
			emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		command(emulation.SetScriptExecutionDisabled,
			emulation.SetScriptExecutionDisabledParams{Value: t.view.NoScripts}),
		command(network.SetExtraHTTPHeaders,
			network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": t.view.Language}}))
}

func (v View) complete() View {
	if v.Width == 0 {
		v.Width, v.Height = 1280, 800
	}
	if v.Height == 0 {
		v.Height = 800
	}
	if v.Scale == 0 {
		v.Scale = 1
	}
	if v.Language == "" {
		v.Language = "en"
	}
	return v
}

// command returns an action that sends a command of the browser's protocol and ignores the answer.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// run returns the value of an action in a tab. It fails the test if the action fails or takes too
// long.
func run[T any](tb testing.TB, t *Tab, what string, action chromedp.Action[T]) T {
	tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, within)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	if err != nil {
		tb.Fatalf("%s: %v", what, err)
	}
	return got
}

func (t *Tab) do(tb testing.TB, what string, actions ...chromedp.Action[chromedp.Void]) {
	tb.Helper()
	run(tb, t, what, chromedp.Steps(actions...))
}

// load runs actions that load a page and returns the status of that page. The status is 0 if the
// page came from the history.
func (t *Tab) load(tb testing.TB, what string, actions ...chromedp.Action[chromedp.Void]) int {
	tb.Helper()
	got := run(tb, t, what, func(ctx context.Context, _ *chromedp.Target) (*network.Response, error) {
		return chromedp.RunResponse(ctx, actions...)
	})
	if got == nil {
		return 0
	}
	return int(got.Status)
}

// Go opens a page, as from the address bar, and returns its status. From then on pages may load
// from its origin.
func (t *Tab) Go(tb testing.TB, page string) int {
	tb.Helper()
	opened, err := url.Parse(page)
	if err != nil {
		tb.Fatal(err)
	}
	t.allow(opened)
	got := run(tb, t, "open "+page, chromedp.NavigateResponse(page))
	return int(got.Status)
}

// Reload loads the page again.
func (t *Tab) Reload(tb testing.TB) {
	tb.Helper()
	t.do(tb, "reload", chromedp.Reload())
}

// Back returns to the previous page.
func (t *Tab) Back(tb testing.TB) {
	tb.Helper()
	t.do(tb, "go back", chromedp.NavigateBack())
}
