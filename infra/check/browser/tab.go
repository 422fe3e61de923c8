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

// within is how long anything that is done in a tab may take.
const within = 30 * time.Second

// View is how somebody looks at pages. The zero value is a desktop in daylight, in English, with scripts.
type View struct {
	Width, Height int     // in CSS pixels; 0 is 1280 by 800
	Scale         float64 // device pixels in a CSS pixel; 0 is 1
	Dark          bool
	NoScripts     bool
	Language      string // as Accept-Language has it; "" is "en"
}

// Tab is a tab of the browser, with cookies and storage of its own. It is for one goroutine.
type Tab struct {
	*traffic
	ctx  context.Context
	view View
}

// NewTab opens a tab that is closed with the test, which fails then where the browser had something to complain of.
func NewTab(tb testing.TB, v View) *Tab {
	tb.Helper()
	ctx, closeTab := chromedp.NewContext(running, chromedp.WithNewBrowserContext())
	tb.Cleanup(closeTab)
	t := &Tab{traffic: &traffic{}, ctx: ctx}
	if err := chromedp.Listen(ctx, t.hear); err != nil {
		tb.Fatalf("open a tab: %v", err)
	}
	t.Look(tb, v)
	tb.Cleanup(func() {
		for _, complaint := range t.Complaints(tb) {
			tb.Errorf("the browser: %s", complaint)
		}
	})
	return t
}

// Look looks otherwise from now on. Size and colors of the page that the tab shows change at once.
func (t *Tab) Look(tb testing.TB, v View) {
	tb.Helper()
	t.view = v.complete()
	scheme := "light"
	if t.view.Dark {
		scheme = "dark"
	}
	t.do(tb, "look", chromedp.EmulateViewport(int64(t.view.Width), int64(t.view.Height), chromedp.EmulateScale(t.view.Scale)),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}),
		// Many tabs are open, and each is as one that somebody looks at.
		command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: t.view.NoScripts}),
		command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": t.view.Language}}))
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

// command is a command of the browser's protocol whose answer nobody needs.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// run is the value of an action in a tab. It fails the test where that does not come about in time.
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

// load does what makes a page load, and is that page's status, 0 where it came from the history.
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

// Go opens a page, as from the bar of addresses, and is its status. From then on pages may load from there.
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

// Back goes to the page before.
func (t *Tab) Back(tb testing.TB) {
	tb.Helper()
	t.do(tb, "go back", chromedp.NavigateBack())
}
