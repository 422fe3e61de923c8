package recovery

import (
	"context"
	"errors"
	"net/http"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
)

// showVerify shows what the link of a mail would prove, or the last page. It proves nothing, because mail
// scanners open links too.
func (s site) showVerify(ctx context.Context, r page.Request) (page.Answer, error) {
	query := r.HTTP.URL.Query()
	before := s.recall(r)
	if query.Get("code") == "" && before.Verified != "" {
		p := r.NewPage("verified.title")
		p.Content = doneContent(p, p.Words.Say("verified.text"), goOnTo(r, before))
		return page.Answer{Page: p}, nil
	}
	p, err := s.verifyPage(ctx, r, query.Get("code"), query.Get("for"))
	return page.Answer{Page: p}, err
}

// verifyPage returns the page of a link that proves the address with the given digest. If the link does
// not work, whatever the reason, it returns the page for such links.
func (s site) verifyPage(ctx context.Context, r page.Request, code, digest string) (*page.Page, error) {
	address, err := s.service.Codes.ProvedBy(ctx, r.Pool, code, digest)
	switch {
	case onetime.IsDead(err):
		return unverifiedPage(r), nil
	case err != nil:
		return nil, err
	}
	p := r.NewPage("verify.title", "code", "for")
	text := page.Said(p.Words, "verify.text", "pool", p.Pool, "address", address)
	p.Content = verifyContent(p, text, code, digest, s.service.NewID())
	return p, nil
}

// unverifiedPage returns the page for a link that proves no address.
func unverifiedPage(r page.Request) *page.Page {
	p := r.NewPage("dead.title")
	p.Content = unverifiedContent(p)
	return p
}

// submitVerify proves the address of a link. The form is sent again if the service is not available.
func (s site) submitVerify(ctx context.Context, r page.Request) (page.Answer, error) {
	typed, before := r.HTTP.PostForm, s.recall(r)
	code, form := typed.Get("code"), s.formID(r, before.Verified)
	err := s.service.VerifyByLink(ctx, r.Pool, s.source(r.HTTP), form, code, typed.Get("for"))
	switch {
	case onetime.IsDead(err), errors.As(err, new(identity.Conflict)), errors.As(err, new(identity.Invalid)):
		return page.Answer{Page: unverifiedPage(r), Status: http.StatusUnprocessableEntity, Why: err}, nil
	case err != nil:
		return page.Answer{}, err
	}
	next := before
	next.Verified = form
	if next.SentAt.IsZero() {
		next.SentAt = identity.At(s.service.Now())
	}
	if to := s.returnTo(r); to != "" {
		next.ReturnTo = to
	}
	return s.goOn(r, "verify"+r.LanguageQuery(), next)
}
