package page_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"identitypools/shared/identity"
	"identitypools/shared/otp"
	"identitypools/shared/page"
)

// answer requests a page of a site with the given words, which serve answers.
func answer(
	t *testing.T, text string, serve func(context.Context, page.Request) (page.Answer, error),
) *httptest.ResponseRecorder {
	t.Helper()
	site := page.New(page.Config{Messages: words(text), Pool: findPool, Origins: http.NewCrossOriginProtection()})
	w := httptest.NewRecorder()
	site.Handle(serve)(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/page", nil))
	return w
}

// A function cannot replace a word that all pages share by mistake.
func TestOwnWordsHideNoSharedOnes(t *testing.T) {
	t.Parallel()
	w := answer(t, `{"optional": "perhaps"}`, func(_ context.Context, r page.Request) (page.Answer, error) {
		return page.Answer{Page: r.NewPage("optional")}, nil
	})
	if w.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// If trying again may help, an error is shown in the form, with what was typed. Any other error is
// shown on a page of its own.
func TestAnErrorIsSaidOnAPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err      error
		status   int
		keepForm bool
		says     string
	}{
		"limited": {
			identity.Limited{Reason: "too many", RetryAfter: time.Minute},
			429, true,
			"Too many tries came from your network.",
		},
		"unavailable": {identity.Unavailable{Cause: errors.New("x")}, 503, true, "Something went wrong on our side."},
		"too late":    {context.DeadlineExceeded, 503, true, "Something went wrong on our side."},
		"missing":     {identity.NotFound{Thing: "pool", ID: "x"}, 404, false, "<h1>Nothing is here</h1>"},
		"unknown":     {errors.New("<x>"), 500, false, "<h1>That did not work</h1>"},
	} {
		w := answer(t, `{"own.title": "Own"}`, func(_ context.Context, r page.Request) (page.Answer, error) {
			p := r.NewPage("own.title")
			p.Content = templ.Raw("<i>content</i>")
			return page.Answer{Page: p}, c.err
		})
		body := w.Body.String()
		isKept := strings.Contains(body, "<i>content</i>")
		if w.Code != c.status || !strings.Contains(body, c.says) || isKept != c.keepForm {
			t.Errorf("%s: %d %s", name, w.Code, body)
		}
	}
}

// A page is drawn even after the time of its request is over, because it says so.
func TestAPageIsDrawnTooLate(t *testing.T) {
	t.Parallel()
	site := page.New(page.Config{
		Messages: words(`{"own.title": "Own"}`), Pool: findPool, Origins: http.NewCrossOriginProtection(),
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	site.Handle(func(ctx context.Context, _ page.Request) (page.Answer, error) {
		return page.Answer{}, ctx.Err()
	})(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/page", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "<h1>That did not work</h1>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type note struct {
	Text string `json:"text"`
}

// A state is valid only for its purpose, pool and tenant. It is replaced by a smaller one if it is
// too large.
func TestCookie(t *testing.T) {
	t.Parallel()
	sealer, err := otp.NewSealer(bytes.Repeat([]byte{1}, 32), bytes.NewReader(make([]byte, 1<<10)))
	if err != nil {
		t.Fatal(err)
	}
	pool := identity.Pool{Tenant: "t", ID: "p"}
	cookie := page.Cookie[note]{Name: "__Host-note", Purpose: "note", Sealer: sealer}
	read := func(c page.Cookie[note], p identity.Pool, sealed *http.Cookie) (note, bool) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.AddCookie(sealed)
		return c.Read(r, p)
	}
	sealed, err := cookie.Seal(pool, note{"kept"}, note{"smaller"})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := read(cookie, pool, sealed); !ok || got.Text != "kept" {
		t.Errorf("%+v, %t", got, ok)
	}
	if !sealed.HttpOnly || !sealed.Secure || sealed.SameSite != http.SameSiteStrictMode || sealed.Path != "/" {
		t.Errorf("the cookie is %s", sealed)
	}
	large, err := cookie.Seal(pool, note{strings.Repeat("x", 3000)}, note{"smaller"})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := read(cookie, pool, large); !ok || got.Text != "smaller" {
		t.Errorf("%+v, %t", got, ok)
	}
	other := cookie
	other.Purpose = "other"
	for name, c := range map[string]struct {
		cookie page.Cookie[note]
		pool   identity.Pool
	}{
		"another purpose": {other, pool},
		"another pool":    {cookie, identity.Pool{Tenant: "t", ID: "q"}},
		"another tenant":  {cookie, identity.Pool{Tenant: "u", ID: "p"}},
	} {
		if got, ok := read(c.cookie, c.pool, sealed); ok || got != (note{}) {
			t.Errorf("%s reads %+v", name, got)
		}
	}
}
