package signin

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/page"
)

// form is what the page for signing in shows besides its fields.
type form struct {
	hasPassword, hasCode bool
	names                []string // remembered in this browser
	forgot               string   // the URL of the page for a new password; "" if there is none
	registers            []link   // the forms for signing up
	application          string   // the name of the application that sent the person, or ""
}

// link is a link to another page.
type link struct{ url, name string }

// showSignIn shows the page for signing in. It is the same for everybody. Without an errand it shows who is
// signed in, if somebody is.
func (s site) showSignIn(ctx context.Context, r page.Request) (page.Answer, error) {
	v, hasErrand, err := s.visit(r.HTTP)
	if err != nil {
		return page.Answer{}, err
	}
	if !hasErrand {
		now, isSigned, err := s.service.signedIn(ctx, v.workspace, r.HTTP)
		if err != nil {
			return page.Answer{}, err
		}
		if isSigned {
			return s.showSigned(r, v, now)
		}
	}
	return page.Answer{Page: s.signInPage(r, v)}, nil
}

// showSigned shows who is signed in, with a way to the application that sent them, and a way out.
func (s site) showSigned(r page.Request, v visit, now signed) (page.Answer, error) {
	p := s.newPage(r, v, "signed.title")
	p.Content = signedContent(p, nameOf(now.user), v.application, "oidc/logout"+query(r, ""))
	return page.Answer{Page: p}, nil
}

// nameOf returns the name by which a person knows their account.
func nameOf(u identity.User) string {
	for _, i := range u.Identifiers {
		return i.Value
	}
	return ""
}

// signInPage returns the page for signing in.
func (s site) signInPage(r page.Request, v visit) *page.Page {
	p := s.newPage(r, v, "signin.title")
	hint := v.errand.Request.LoginHint
	f := form{application: v.application.Name, names: s.service.names(v.workspace, r.HTTP)}
	if hint == "" && len(f.names) > 0 && r.HTTP.Method == http.MethodGet {
		hint = f.names[0]
	}
	for _, pool := range v.pools {
		f.hasPassword = f.hasPassword || pool.UsesPasswords()
		f.hasCode = f.hasCode || pool.UsesMailedCodes()
	}
	f.forgot, f.registers = s.waysOn(r, v)
	p.Form.Fields = []page.Field{{
		ID: "identifier", Name: "identifier", Label: p.Words.Say("signin.identifier"), Control: page.ControlInput,
		Type: "text", Autocomplete: "username", Required: true, Value: hint, Focus: hint == "",
	}}
	if f.hasPassword {
		p.Form.More = []page.Field{page.PasswordInput(p.Words)}
		p.Form.More[0].Focus = hint != ""
	}
	p.Form.SendsMail = f.hasCode
	p.Content = signInContent(p, f, r.HTTP.PostForm.Get("remember") != "")
	return p
}

// waysOn returns the URL of the page for a new password, and links to the forms for signing up, of the
// pools whose users may sign in. People come back from there to go on.
func (s site) waysOn(r page.Request, v visit) (forgot string, registers []link) {
	back := s.back(r, v)
	canReset := 0
	for _, pool := range v.pools {
		at := s.service.tenantURL(pool.Tenant) + "/pools/" + pool.ID
		if pool.AllowsSelfReset() {
			canReset++
			forgot = at + "/reset" + back
		}
		c, _ := v.workspace.ConnectionOf(pool.ID)
		if pool.PublicRegistration && !c.Hidden {
			registers = append(registers, link{at + "/register" + back, pool.Name})
		}
	}
	if canReset > 1 || canReset == 1 && len(v.pools) > 1 {
		forgot = pages(r, "forgot") + query(r, "")
	}
	return forgot, registers
}

// submitSignIn proves a person with a password, or has a code mailed, or forgets the remembered names.
func (s site) submitSignIn(ctx context.Context, r page.Request) (page.Answer, error) {
	v, _, err := s.visit(r.HTTP)
	if err != nil {
		return page.Answer{}, err
	}
	p := s.signInPage(r, v)
	v.lang = p.Language
	typed := r.HTTP.PostForm
	if typed.Get("do") == "forget" {
		return page.Answer{
			Location: pages(r, "") + query(r, ""), Cookies: []*http.Cookie{newCookie(namesCookie(v.workspace), "", -1)},
		}, nil
	}
	if name := typed.Get("name"); name != "" { // one of those that the browser remembers
		p.Form.Fields[0].Value, p.Form.Fields[0].Focus = name, false
		for i := range p.Form.More {
			p.Form.More[i].Focus = true
		}
		return page.Answer{Page: p}, nil
	}
	identifier := strings.TrimSpace(typed.Get("identifier"))
	p.Form.Fields[0].Value, p.Form.Fields[0].Focus = identifier, false
	isIncomplete := identifier == ""
	if isIncomplete {
		p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("signin.identifier.wrong"))
	}
	byCode := typed.Get("do") == "code"
	if !byCode && typed.Get("password") == "" && len(p.Form.More) > 0 {
		p.Form.AddFault(&p.Form.More[0], p.Words.Say("error.password.missing"))
		isIncomplete = true
	}
	if isIncomplete {
		return p.Refuse(page.ErrIncomplete)
	}
	remember := typed.Get("remember") != ""
	var n next
	if byCode {
		n, err = s.service.AskCode(ctx, v, identifier, typed.Get("altcha"), false, remember)
	} else {
		n, err = s.service.Password(ctx, v, identifier, typed.Get("password"), remember)
	}
	if err != nil {
		return s.wrong(p, err)
	}
	return s.follow(r, v, n)
}

// wrong returns the answer to a proof that was refused. It says the same whatever is wrong.
func (s site) wrong(p *page.Page, why error) (page.Answer, error) {
	var limited identity.Limited
	switch {
	case errors.As(why, new(identity.WrongPassword)):
		p.Form.AddFault(nil, p.Words.Say("signin.wrong"))
	case errors.As(why, new(identity.Invalid)):
		p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("signin.identifier.wrong"))
	case errors.As(why, &limited):
		p.Form.AddFault(nil, p.Words.Say("signin.limited", "time", waitText(p.Words, limited.RetryAfter)))
		return page.Answer{Page: p, Status: http.StatusTooManyRequests, Why: why}, nil
	default:
		return page.Answer{Page: p}, why
	}
	_, err := p.Refuse(page.ErrIncomplete) // arranges the errors
	return page.Answer{Page: p, Status: http.StatusUnprocessableEntity, Why: why}, err
}

// returnURL returns the URL at which people go on after they were at the pages of another function: this
// sign-in, or that of the application if the errand is too long to be kept there.
func (s site) returnURL(r page.Request, v visit) string {
	at := s.service.issuer(v.workspace) + "/signin"
	to := at + query(r, "")
	if v.errand.Request.ClientID == "" || len(to) > identity.MaxReturnURL {
		to = at
		if v.application.ID != "" {
			to += "?client_id=" + v.application.ID
		}
	}
	return to
}

// back returns the query with which the pages of another function lead people back to this sign-in.
func (s site) back(r page.Request, v visit) string {
	return "?" + values("return_to", s.returnURL(r, v), "lang", r.HTTP.URL.Query().Get("lang"))
}
