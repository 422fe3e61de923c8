package recovery

import (
	"context"
	"errors"
	"net/http"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
	"identitypools/shared/usecode"
)

// linkPage returns the page of a link with a code, or the page for links that do not work. It reports
// whether the link works.
func (s site) linkPage(
	ctx context.Context, r page.Request, code string,
) (_ *page.Page, works bool, err error) {
	address, err := s.service.Codes.ResetBy(ctx, r.Pool, code)
	switch {
	case errors.As(err, new(identity.ExpiredCode)) && r.Pool.AllowsSelfReset():
		return expiredPage(r, code, address), false, nil
	case onetime.IsDead(err):
		return deadPage(r), false, nil
	case err != nil:
		return nil, false, err
	}
	p := r.NewPage("link.title", "code")
	addPassword(p, r.Pool)
	text := page.Said(p.Words, "link.text", "pool", p.Pool, "address", address)
	p.Content = linkContent(p, text, address, code, s.service.NewID())
	return p, true, nil
}

// deadPage returns the page for a link that does not work. It has a form that asks for another mail.
func deadPage(r page.Request) *page.Page {
	p := r.NewPage("dead.title")
	addAddress(p, p.Words.Say("dead.address.hint"))
	p.Content = deadContent(p)
	return p
}

// expiredPage returns the page for a link that is right and too old. It sends another mail to the same address.
func expiredPage(r page.Request, code, address string) *page.Page {
	p := r.NewPage("expired.title", "code")
	p.Form.SendsMail = true
	p.Content = expiredContent(p, code, address)
	return p
}

// deadLink returns the answer to a form whose link does not work, with the page p. A pool that leaves resets to
// administrators has no page for that. Errors: NotFound.
func deadLink(r page.Request, p *page.Page, why error) (page.Answer, error) {
	if !r.Pool.AllowsSelfReset() {
		return page.Answer{}, noPage(r)
	}
	return page.Answer{Page: p, Status: http.StatusUnprocessableEntity, Why: why}, nil
}

// resendLink asks for a mail to the address of a link that is right and too old.
func (s site) resendLink(ctx context.Context, r page.Request, code string) (page.Answer, error) {
	address, err := s.service.Codes.ResetBy(ctx, r.Pool, code)
	switch {
	case !errors.As(err, new(identity.ExpiredCode)) && (err == nil || onetime.IsDead(err)):
		return deadLink(r, deadPage(r), identity.InvalidCode{})
	case !errors.As(err, new(identity.ExpiredCode)):
		return page.Answer{}, err
	case !r.Pool.AllowsSelfReset():
		return page.Answer{}, noPage(r)
	}
	return s.ask(ctx, r, expiredPage(r, code, address), address)
}

// submitLink sets a new password with the code of a link. A link that does not work may have been used
// by the same form a moment ago, so that the request repeats that one.
func (s site) submitLink(ctx context.Context, r page.Request, code string) (page.Answer, error) {
	p, works, err := s.linkPage(ctx, r, code)
	if err != nil {
		return page.Answer{}, err
	}
	switch {
	case works && p.Form.LacksPassword(r.HTTP.PostForm):
		return p.Refuse(page.ErrIncomplete)
	case !works && r.HTTP.PostForm.Get("password") == "":
		return deadLink(r, p, identity.InvalidCode{})
	}
	before, to := s.recall(r), s.returnTo(r)
	if to == "" {
		to = before.ReturnTo
	}
	named, form := usecode.Named{Code: code}, s.formID(r, before.Form)
	answer, err := s.setPassword(ctx, r, named, form, "reset/code", to)
	switch {
	case err == nil:
		return answer, nil
	case onetime.IsDead(err):
		if works {
			p = deadPage(r)
		}
		return deadLink(r, p, err)
	}
	return p.Refuse(err)
}
