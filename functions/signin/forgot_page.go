package signin

import (
	"context"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/page"
	"identitypools/shared/submit"
)

// showForgot shows the form that asks for a mail with a link for a new password. It stands in front of
// several pools, without asking people which one theirs is.
func (s site) showForgot(_ context.Context, r page.Request) (page.Answer, error) {
	v, _, err := s.visit(r.HTTP)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Answer{Page: s.forgotPage(r, v)}, nil
}

// forgotPage returns the page for a forgotten password.
func (s site) forgotPage(r page.Request, v visit) *page.Page {
	p := s.newPage(r, v, "forgot.title")
	p.Form.SendsMail = true
	field := page.AddressField(p.Words, "address", p.Words.Say("forgot.hint"))
	field.Autocomplete = "email"
	p.Form.Fields = []page.Field{field}
	p.Content = forgotContent(p, pages(r, "")+query(r, ""))
	return p
}

// submitForgot asks for the mail. The answer is the same whether or not there is an account.
func (s site) submitForgot(ctx context.Context, r page.Request) (page.Answer, error) {
	v, _, err := s.visit(r.HTTP)
	if err != nil {
		return page.Answer{}, err
	}
	p := s.forgotPage(r, v)
	p.Form.Fill(r.HTTP.PostForm)
	v.lang = p.Language
	address := strings.TrimSpace(r.HTTP.PostForm.Get("address"))
	if err := s.service.Forgot(ctx, v, address, r.HTTP.PostForm.Get("altcha"), s.returnURL(r, v)); err != nil {
		return s.refuse(p, err)
	}
	p = s.newPage(r, v, "forgot.title")
	p.Content = forgottenContent(p, address, pages(r, "")+query(r, ""))
	return page.Answer{Page: p}, nil
}

// Forgot asks for a mail with a link for a new password, to an address of somebody in one of the pools. It
// spends a submission of the source. Errors: Invalid; Limited.
func (s *Service) Forgot(ctx context.Context, v visit, address, solution, returnTo string) error {
	if len(v.pools) == 0 {
		return nil
	}
	first := v.pools[0]
	if err := s.Gate.Spend(ctx, first, v.source, submit.MailboxOf(first, address)); err != nil {
		return err
	}
	o := identity.MessageOptions{
		CodeType: identity.CodeTypeLink, Language: v.lang, PostActivationURL: returnTo,
	}
	var err error
	if o.Share, err = s.Gate.SolvedBy(first, solution, nil)(ctx); err != nil {
		return err
	}
	return s.Prover.AskReset(ctx, v.pools, address, o, once.Reply[once.None]{})
}
