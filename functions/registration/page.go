package registration

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"sync"

	"identitypools/shared/api"
	"identitypools/shared/identity"
)

//go:embed page.html
var pageHTML string

// pageTemplate is parsed when the first page is asked for, not at start.
var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageHTML)) })

// page is what the activation page shows.
type page struct {
	Pool        string
	Code        string
	AskPassword bool
	MinLength   int
	Faults      []string
	Done        bool
}

// showPage is what the link of an activation mail opens. Mail scanners open links too, so it changes nothing.
func (h handlers) showPage(w http.ResponseWriter, r *http.Request) {
	p, err := h.Pools.CachedPool(r.Context(), r.PathValue("tid"), r.PathValue("ipID"))
	if err != nil {
		api.Error(w, r, err)
		return
	}
	render(w, http.StatusOK, h.pageOf(p, r.URL.Query().Get("code")))
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
	shown := h.pageOf(p, r.PostFormValue("code"))
	err = h.Activate(r.Context(), p.Tenant, p.ID, "", shown.Code, r.PostFormValue("password"))
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

func (h handlers) pageOf(p identity.Pool, code string) page {
	return page{Pool: p.Name, Code: code, AskPassword: p.UsesPasswords(), MinLength: p.PasswordPolicy.MinLength}
}

// render answers with the page. The code of the link must not leave it: no referrer, no store, nothing loaded from elsewhere.
func render(w http.ResponseWriter, status int, shown page) {
	var body bytes.Buffer
	if err := pageTemplate().Execute(&body, shown); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
