package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"identitypools/infra/check/browser"
)

// serve starts a server of one page whose policy allows nothing, and returns its URL.
func serve(t *testing.T, page string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.RawQuery != "open" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
		}
		_, _ = io.WriteString(w, "<!doctype html><html lang=en><title>A page</title>"+page)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The browser reports what a page must not do. The other tests rely on that.
func TestWhatTheBrowserComplainsOf(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, "")
	for _, test := range []struct{ what, page, query, complaint string }{
		{"nothing", "<p>Good</p>", "", ""},
		{"a script", "<script>1</script>", "", "script"},
		{"a handler", `<body onload="1">`, "", "script"},
		{"a style", "<style>p{}</style>", "", "style"},
		{"an attribute of style", `<p style="color:red">`, "", "style"},
		{"an image", `<img src="/x.png" alt="x">`, "", "img-src"},
		{"an error", "<script>console.error('ouch')</script>", "?open", "ouch"},
		{"an exception", "<script>missing()</script>", "?open", "missing is not defined"},
		{
			"a request to elsewhere", `<img src="` + elsewhere + `/x.png" alt="x">`, "?open",
			"to elsewhere: GET " + elsewhere + "/x.png",
		},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			tab := browser.NewTab(t, browser.View{})
			tab.Go(t, serve(t, test.page)+"/"+test.query)
			got := tab.Complaints(t)
			if (len(got) == 0) != (test.complaint == "") ||
				!strings.Contains(strings.Join(got, "\n"), test.complaint) {
				t.Errorf("the browser complains of %q, want %q", got, test.complaint)
			}
		})
	}
}

func TestWhatIsNotAccessible(t *testing.T) {
	t.Parallel()
	for page, rule := range map[string]string{
		"<main><h1>A page</h1></main>":                          "",
		"<main><input></main>":                                  "label",
		`<main><p><font color="#cccccc">pale</font></p></main>`: "color-contrast",
	} {
		tab := browser.NewTab(t, browser.View{})
		tab.Go(t, serve(t, page)) // the policy of the page does not apply to axe
		if got := tab.AccessibilityViolations(t); len(got) != min(1, len(rule)) ||
			!strings.HasPrefix(strings.Join(got, ""), rule) {
			t.Errorf("%s breaks %q, want %q", page, got, rule)
		}
	}
}

func TestHowAPageIsSeen(t *testing.T) {
	t.Parallel()
	const page = `<style>p{color:rgb(1,1,1)} @media (prefers-color-scheme: dark) {p{color:rgb(2,2,2)}}</style><p>text</p><script>document.body.append("script")</script>`
	for _, test := range []struct {
		view  browser.View
		width int
		color string
		text  string
	}{
		{browser.View{}, 1280, "rgb(1, 1, 1)", "text\n\nscript"},
		{browser.View{Width: 320, Scale: 2, Dark: true}, 320, "rgb(2, 2, 2)", "text\n\nscript"},
		{browser.View{NoScripts: true}, 1280, "rgb(1, 1, 1)", "text"},
	} {
		tab := browser.NewTab(t, test.view)
		tab.Go(t, serve(t, page)+"/?open")
		width, color, text := browser.Eval[int](t, tab, "innerWidth"),
			browser.Eval[string](t, tab, "getComputedStyle(document.querySelector('p')).color"),
			tab.Text(t, "body")
		if width != test.width || color != test.color || text != test.text {
			t.Errorf("%+v sees %d px, %s, %q", test.view, width, color, text)
		}
	}
}

// Without a browser no tests are run. That is printed, and is a failure if a browser is required.
func TestWithoutABrowser(t *testing.T) {
	t.Parallel()
	for required, fails := range map[string]bool{"": false, "required": true} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "CHROME=/nowhere/chromium", "BROWSER="+required)
		out, err := cmd.CombinedOutput()
		if (err != nil) != fails || strings.Count(string(out), "\n") != 1 ||
			!strings.HasPrefix(string(out), "no browser is found") {
			t.Errorf("BROWSER=%s: %v, %q", required, err, out)
		}
	}
}
