package registration

import (
	"context"
	"net/http"
	"strings"

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

// donePage returns the last page, which links to the URL to unless that is "".
func donePage(r page.Request, to string) *page.Page {
	p := r.NewPage("done.title")
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
	if onetime.IsDead(err) {
		return deadPage(r), ticket, nil
	}
	p := r.NewPage("link.title", "code")
	if promise.NeedsPassword {
		p.Form.AddPassword(r.Pool.PasswordPolicy)
	}
	kind := "link.registered"
	if promise.Invited {
		kind = "link.invited"
	}
	p.Content = linkContent(p, p.Words.Say(kind, "pool", p.Pool, "address", promise.Address), code, s.service.NewID())
	return p, ticket, err
}

// deadPage returns the page for a link that does not work. If the pool allows registration, it has
// a form that asks for another link.
func deadPage(r page.Request) *page.Page {
	p := r.NewPage("dead.title")
	p.Form.SendsMail = true
	p.Form.Fields = []page.Field{
		page.AddressField(p.Words, "address", p.Words.Say("dead.address.hint")),
	}
	p.Content = deadContent(p, r.Pool.PublicRegistration)
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
	in := presented{ticket, code, typed.Get("password")}
	answer, err := s.activate(ctx, r, s.formID(r), in, "activate", s.returnTo(r))
	switch {
	case err == nil:
		return answer, nil
	case onetime.IsDead(err):
		return page.Answer{Page: deadPage(r), Status: http.StatusUnprocessableEntity, Why: err}, nil
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

// resendLink asks for another link.
func (s site) resendLink(ctx context.Context, r page.Request) (page.Answer, error) {
	p, address := deadPage(r), r.HTTP.PostForm.Get("address")
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
	p.Note = p.Words.Say("dead.sent", "address", address)
	return page.Answer{Page: p, Why: errAgain}, nil
}
