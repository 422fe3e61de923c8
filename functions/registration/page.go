package registration

import (
	_ "embed"
	"errors"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

//go:embed page.html
var pageHTML string

// page is what the activation page shows.
type page struct {
	Pool        string
	Code        string
	SignIn      string // where to go on; "" where nobody said, or where it is not allowed
	AskPassword bool
	MinLength   int
	Faults      []string
	Done        bool
}

// html is the page. Every value is escaped, and stands in text or in a quoted attribute. html/template would do the same, but its
// use of reflection keeps the linker from dropping what is not called, which costs a function four megabytes.
func (p page) html() string {
	var faults strings.Builder
	for _, fault := range p.Faults {
		faults.WriteString(`<p role="alert">` + html.EscapeString(fault) + "</p>\n")
	}
	show := func(shown bool) string {
		if shown {
			return ""
		}
		return " hidden"
	}
	return strings.NewReplacer(
		"{pool}", html.EscapeString(p.Pool), "{code}", html.EscapeString(p.Code), "{sign_in}", html.EscapeString(p.SignIn), "{has_sign_in}", show(p.SignIn != ""), "{faults}", faults.String(),
		"{min}", strconv.Itoa(p.MinLength), "{done}", show(p.Done), "{form}", show(!p.Done), "{password}", show(p.AskPassword),
	).Replace(pageHTML)
}

// showPage is what the link of an activation mail opens. Mail scanners open links too, so it changes nothing.
func (h handlers) showPage(w http.ResponseWriter, r *http.Request) {
	p, err := h.Pools.CachedPool(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	render(w, http.StatusOK, h.pageOf(p, r, r.URL.Query().Get("code")))
}

// submitPage activates with the code of the link. The code is the only authority that the form carries, and whoever knows it needs no
// other site's help, so the form needs no token against forgery.
func (h handlers) submitPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
	p, err := h.Pools.CachedPool(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	shown := h.pageOf(p, r, r.PostFormValue("code"))
	_, err = h.Activate(r.Context(), p.Tenant, p.ID, h.source(r), "", shown.Code, r.PostFormValue("password"))
	api.Note(r, err)
	var invalid identity.Invalid
	switch {
	case err == nil:
		shown.Done = true
		render(w, http.StatusOK, shown)
	case errors.As(err, &invalid):
		for _, v := range invalid.Violations {
			shown.Faults = append(shown.Faults, "The password "+v.Reason+".")
		}
		render(w, http.StatusUnprocessableEntity, shown)
	case errors.As(err, new(identity.InvalidCode)), errors.As(err, new(identity.ExpiredCode)):
		shown.Faults = []string{"This link is no longer valid. Ask for a new one."}
		render(w, http.StatusUnprocessableEntity, shown)
	default:
		api.Error(w, r, err)
	}
}

func (h handlers) pageOf(p identity.Pool, r *http.Request, code string) page {
	shown := page{Pool: p.Name, Code: code, AskPassword: p.UsesPasswords(), MinLength: p.PasswordPolicy.MinLength}
	if to := r.URL.Query().Get("return_to"); h.MayReturnTo(to) { // anybody can write a link: only allowed places
		shown.SignIn = to
	}
	return shown
}

// render answers with the page. The code of the link must not leave it: no referrer, no store, nothing loaded from elsewhere.
func render(w http.ResponseWriter, status int, shown page) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, shown.html())
}
