package registration

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"identitypools/shared/activate"
	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
)

// showLink shows what the link of a mail would do. It does not do it, because mail scanners open
// links too.
func (s site) showLink(ctx context.Context, r page.Request) (page.Answer, error) {
	code := r.HTTP.URL.Query().Get("code")
	if before := s.recall(r); code == "" && before.Done {
		return page.Answer{Page: donePage(r, before.ReturnTo)}, nil
	}
	p, _, err := s.linkPage(ctx, r, code)
	return page.Answer{Page: p}, err
}

// donePage returns the last page, which links to the URL to, or else to the one where users of the pool sign
// in, if there is one.
func donePage(r page.Request, to string) *page.Page {
	p := r.NewPage("done.title")
	if to == "" {
		to = r.Pool.SignInURL
	}
	text := r.Pool.Branding.Texts[p.Language].Done
	if text == "" {
		text = p.Words.Say("done.text")
	}
	p.Content = doneContent(p, text, to)
	return p
}

// linkPage returns the page of a link with a code, or the page for links that do not work. It also
// returns the ticket of the registration that the browser remembers, if the code completes that
// registration or does not work. The link may belong to another registration, which a stranger has
// made with the same address.
func (s site) linkPage(
	ctx context.Context, r page.Request, code string,
) (_ *page.Page, ticket string, err error) {
	ticket = s.recall(r).Ticket
	promise, err := s.service.Look(ctx, r.Pool, ticket, code)
	if ticket != "" && onetime.IsDead(err) {
		if promise, err = s.service.Look(ctx, r.Pool, "", code); err == nil {
			ticket = ""
		}
	}
	switch {
	case errors.As(err, new(identity.ExpiredCode)) && r.Pool.PublicRegistration && promise.Address != "":
		return expiredPage(r, code, promise.Address), ticket, nil
	case onetime.IsDead(err):
		return deadPage(r), ticket, nil
	}
	return s.promisePage(r, promise, presented{Code: code}), ticket, err
}

// promisePage returns the page that says what a code does, with a form that does it.
func (s site) promisePage(r page.Request, promise activate.Promise, in presented) *page.Page {
	var kept []string
	if in.name == "" { // the code is in the address of the page
		kept = append(kept, "code")
	}
	p := r.NewPage("link.title", kept...)
	if promise.NeedsPassword {
		p.Form.AddPassword(r.Pool.PasswordPolicy)
	}
	kind := "link.registered"
	if promise.Invited {
		kind = "link.invited"
	}
	text := page.Said(p.Words, kind, "pool", p.Pool, "address", promise.Address)
	p.Content = linkContent(p, text, promise.Address, in, s.service.NewID())
	return p
}

// expiredPage returns the page for a link that is right and too old. It sends another one to the same address.
func expiredPage(r page.Request, code, address string) *page.Page {
	p := r.NewPage("expired.title", "code")
	p.Form.SendsMail = true
	p.Content = expiredContent(p, code, address)
	return p
}

// deadPage returns the page for a link that does not work. If the pool allows registration, it has
// a form that asks for another link.
func deadPage(r page.Request) *page.Page {
	p := r.NewPage("dead.title")
	p.Form.SendsMail = true
	p.Form.Fields = []page.Field{
		page.AddressField(p.Words, "address", p.Words.Say("dead.address.hint")),
	}
	p.Content = deadContent(p, r.Pool.PublicRegistration, r.Pool.SignInURL)
	return p
}

// submitLink activates with the code of a link, or asks for another link.
func (s site) submitLink(ctx context.Context, r page.Request) (page.Answer, error) {
	typed := r.HTTP.PostForm
	if typed.Get("do") == "resend" {
		return s.resendLink(ctx, r)
	}
	code := typed.Get("code")
	p, ticket, err := s.linkPage(ctx, r, code)
	if err != nil {
		return page.Answer{}, err
	}
	if p.Form.LacksPassword(typed) {
		return p.Refuse(page.ErrIncomplete)
	}
	in := presented{Ticket: ticket, Code: code, Password: typed.Get("password")}
	answer, err := s.activate(ctx, r, s.formID(r), in, "activate", s.returnTo(r))
	switch {
	case err == nil:
		return answer, nil
	case onetime.IsDead(err):
		if p, _, lost := s.linkPage(ctx, r, code); lost == nil { // which says why it does not work
			return page.Answer{Page: p, Status: http.StatusUnprocessableEntity, Why: err}, nil
		}
	}
	return p.Refuse(err)
}

// formID returns the id of the form that was submitted: that of the form with which the browser has
// activated, or else that in the form itself, which only the browser has to which the form was shown.
// So who only has the link cannot repeat what another browser has submitted.
func (s site) formID(r page.Request) string {
	if before := s.recall(r); before.Form != "" {
		return before.Form
	}
	if typed := r.HTTP.PostForm.Get("form"); typed != "" {
		return typed
	}
	return s.service.NewID()
}

// resendLink asks for another link, to the address that was typed, or to that of a link that is too old.
func (s site) resendLink(ctx context.Context, r page.Request) (page.Answer, error) {
	p, address, code := deadPage(r), r.HTTP.PostForm.Get("address"), r.HTTP.PostForm.Get("code")
	if code != "" && address == "" {
		promise, err := s.service.Look(ctx, r.Pool, "", code)
		switch {
		case errors.As(err, new(identity.ExpiredCode)):
			p, address = expiredPage(r, code, promise.Address), promise.Address
		case err != nil && !onetime.IsDead(err):
			return page.Answer{}, err
		}
	}
	p.Form.Fill(r.HTTP.PostForm)
	if strings.TrimSpace(address) == "" {
		p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("error.address"))
		return p.Refuse(page.ErrIncomplete)
	}
	o := identity.MessageOptions{
		CodeType: identity.CodeTypeLink, Language: p.Language, PostActivationURL: s.returnTo(r),
	}
	solution, tenant, pool := r.HTTP.PostForm.Get("altcha"), r.Pool.Tenant, r.Pool.ID
	err := s.service.Resend(
		ctx, tenant, pool, s.source(r.HTTP), "", address, solution, o, once.Reply[once.None]{},
	)
	if err != nil {
		return p.Refuse(err)
	}
	p = r.NewPage("code.title")
	p.Content = sentContent(p, address)
	return page.Answer{Page: p, Why: errAgain}, nil
}
