package registration

import (
	"context"
	"net/url"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
)

// showForm shows the form with which people sign up.
func (s site) showForm(ctx context.Context, r page.Request) (page.Answer, error) {
	p, err := s.formPage(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if before := s.recall(r); s.service.Now().Before(before.SentAt.Add(typedIsKept).Time) {
		p.Form.Fill(before.Typed)
	}
	return page.Answer{Page: p}, nil
}

// formPage returns the page with the form of the request's pool. It refuses a URL to return to that is
// allowed and too long to be kept, so that whoever makes the link to the page learns of it.
func (s site) formPage(ctx context.Context, r page.Request) (*page.Page, error) {
	to := r.HTTP.URL.Query().Get("return_to")
	if len(to) > identity.MaxReturnURL && s.service.MayReturnTo(to) {
		return nil, identity.InvalidField("return_to", identity.TooLong(identity.MaxReturnURL, "bytes"))
	}
	_, schema, err := s.service.Form(ctx, r.Pool.Tenant, r.Pool.ID)
	if err != nil {
		return nil, err
	}
	p := r.NewPage("register.title")
	own := r.Pool.Branding.Texts[p.Language]
	if own.Title != "" {
		p.Title = own.Title
	}
	p.Form.SendsMail = true
	p.Form.Fields = []page.Field{
		page.AddressField(p.Words, "identifier", p.Words.Say("register.address.hint")),
	}
	if err := p.AddPayload(schema.Document, own.Labels); err != nil {
		return nil, err
	}
	if r.Pool.UsesPasswords() {
		p.Form.AddPassword(r.Pool.PasswordPolicy)
	}
	reset := ""
	if r.Pool.AllowsSelfReset() {
		reset = "reset" + r.KeptQuery()
	}
	p.Content = registerContent(p, own.Intro, reset)
	return p, nil
}

// submitForm registers the user and redirects to the page for the code.
func (s site) submitForm(ctx context.Context, r page.Request) (page.Answer, error) {
	p, err := s.formPage(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	typed := r.HTTP.PostForm
	p.Form.Fill(typed)
	o := identity.MessageOptions{CodeType: identity.CodeTypeShort, Language: p.Language}
	in := identity.SelfRegistration{
		Identifier: typed.Get("identifier"), Password: typed.Get("password"),
		Payload: page.Payload(p.Form.More, typed),
	}
	if p.Form.LacksPassword(typed) {
		if err := s.service.Gate.Spend(ctx, r.Pool, s.source(r.HTTP), ""); err != nil {
			return p.Refuse(err)
		}
		// The draft is checked too, so that the page shows all faults at once.
		if _, err := s.service.draft(ctx, r.Pool, in, true, o); err != nil {
			return p.Refuse(err)
		}
		return p.Refuse(page.ErrIncomplete)
	}
	done, err := s.service.RegisterFrom(
		ctx, r.Pool, s.source(r.HTTP), in, typed.Get("altcha"), o, once.Reply[Registered]{},
	)
	if err != nil {
		return p.Refuse(err)
	}
	return s.registered(r, done, p.Form.Typed(typed))
}

// registered returns the answer that redirects to the page for the code.
func (s site) registered(r page.Request, done Registered, typed url.Values) (page.Answer, error) {
	next := state{
		Ticket: done.Ticket, Address: r.HTTP.PostForm.Get("identifier"),
		SentAt: identity.At(s.service.Now()), Typed: typed, ReturnTo: s.returnTo(r),
	}
	// Somebody who came back to change the address still continues at the same URL.
	if before := s.recall(r); next.ReturnTo == "" && !before.Done {
		next.ReturnTo = before.ReturnTo
	}
	return s.goOn(r, "register/code"+r.LanguageQuery(), next)
}
