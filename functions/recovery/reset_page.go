package recovery

import (
	"context"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
)

// showReset shows the form that asks for a mail, or what the link of a mail would do. It does not do it,
// because mail scanners open links too.
func (s site) showReset(ctx context.Context, r page.Request) (page.Answer, error) {
	if code := r.HTTP.URL.Query().Get("code"); code != "" {
		p, works, err := s.linkPage(ctx, r, code)
		if err == nil && !works && !r.Pool.AllowsSelfReset() {
			err = noPage(r)
		}
		return page.Answer{Page: p}, err
	}
	p, err := s.askPage(r)
	return page.Answer{Page: p}, err
}

// askPage returns the page that asks for a mail. It refuses a URL to return to that is allowed and too
// long to be kept, so that whoever makes the link to the page learns of it.
func (s site) askPage(r page.Request) (*page.Page, error) {
	to := r.HTTP.URL.Query().Get("return_to")
	if len(to) > identity.MaxReturnURL && s.service.Asker.MayReturnTo(to) {
		return nil, identity.InvalidField("return_to", identity.TooLong(identity.MaxReturnURL, "bytes"))
	}
	p := r.NewPage("ask.title")
	addAddress(p, p.Words.Say("ask.address.hint"))
	register := ""
	if r.Pool.PublicRegistration {
		register = "register" + r.KeptQuery()
	}
	p.Content = askContent(p, register)
	return p, nil
}

// addAddress adds the field for the address of the account to the form of a page, which causes a mail.
func addAddress(p *page.Page, hint string) {
	p.Form.SendsMail = true
	field := page.AddressField(p.Words, "address", hint)
	field.Autocomplete = "email"
	p.Form.Fields = []page.Field{field}
}

// submitReset sets a new password with the code of a link, or asks for a mail.
func (s site) submitReset(ctx context.Context, r page.Request) (page.Answer, error) {
	if code := r.HTTP.PostForm.Get("code"); code != "" {
		if r.HTTP.PostForm.Get("do") == "resend" {
			return s.resendLink(ctx, r, code)
		}
		return s.submitLink(ctx, r, code)
	}
	if !r.Pool.AllowsSelfReset() {
		return page.Answer{}, noPage(r)
	}
	p, err := s.askPage(r)
	if err != nil {
		return page.Answer{}, err
	}
	p.Form.Fill(r.HTTP.PostForm)
	return s.ask(ctx, r, p, strings.TrimSpace(r.HTTP.PostForm.Get("address")))
}

// ask asks for a mail to an address, and redirects to the page for the code. If that is refused, it returns the
// page p.
func (s site) ask(ctx context.Context, r page.Request, p *page.Page, address string) (page.Answer, error) {
	to := s.returnTo(r)
	err := s.service.Ask(
		ctx, r.Pool, s.source(r.HTTP), address, r.HTTP.PostForm.Get("altcha"), s.options(p, to),
		once.Reply[once.None]{},
	)
	if err != nil {
		return p.Refuse(err)
	}
	before := s.recall(r)
	if to == "" && !before.Done { // somebody who came back to change the address
		to = before.ReturnTo
	}
	return s.goOn(r, "reset/code"+r.LanguageQuery(), state{
		Address: address, SentAt: identity.At(s.service.Now()), ReturnTo: to, Form: s.service.NewID(),
		Verified: before.Verified,
	})
}
