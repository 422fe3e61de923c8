package signin

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"identitypools/shared/identity"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
)

// appDigits is how many digits the codes of authenticator apps have (RFC 6238, and what apps assume).
const appDigits = 6

// showFactor shows the page for a second factor.
func (s site) showFactor(ctx context.Context, r page.Request) (page.Answer, error) {
	v, n, ok, err := s.at(r)
	if err != nil {
		return page.Answer{}, err
	}
	if !ok {
		return s.lost(r, v), nil
	}
	p, _, _, err := s.factorPage(ctx, r, v, n)
	if errors.Is(err, errLost) {
		return s.lost(r, v), nil
	}
	return page.Answer{Page: p}, err
}

// factorPage returns the page for a second factor, whether it asks for a mailed code, and for how many
// seconds no other one can be sent. A user who has no second factor is told so. Errors: errLost.
func (s site) factorPage(
	ctx context.Context, r page.Request, v visit, n step,
) (p *page.Page, byMail bool, wait int, err error) {
	pool, u, err := s.service.returning(ctx, v, n)
	if err == nil && !v.needsSecond(pool, u, *n.Proved) {
		err = errLost
	}
	if err != nil {
		return nil, false, 0, err
	}
	ways := v.secondWays(pool, u, n.Proved.AMR)
	byMail = ways.mail && (!ways.app || !n.SentAt.IsZero())
	p = s.newPage(r, v, "factor.title")
	if !ways.app && !ways.mail {
		p.Content = noFactorContent(p, pages(r, "")+query(r, ""))
		return p, false, 0, nil
	}
	hint, digits := "factor.app.hint", appDigits
	if byMail {
		hint, digits = "factor.mail.hint", pool.CodePolicy(identity.PurposeAuthentication).Length
	} else {
		p.Form.WrongCode = "factor.app.wrong"
	}
	p.Form.Fields = []page.Field{
		page.CodeField(p.Words, page.Said(p.Words, hint, "n", strconv.Itoa(digits))),
	}
	p.Form.Fill(r.HTTP.PostForm)
	p.Form.Fields[0].Value = "" // as on the page for a mailed code
	wait = -1
	if ways.mail {
		p.Form.SendsMail = true
		wait = s.wait(pool, n)
	}
	p.Content = factorContent(p, byMail, wait, pages(r, "")+query(r, ""))
	if n.Again {
		p.Note = p.Words.Say("factor.mail.sent")
	}
	return p, byMail, wait, nil
}

// submitFactor proves a person with a second factor, or has a code for it mailed.
func (s site) submitFactor(ctx context.Context, r page.Request) (page.Answer, error) {
	v, n, ok, err := s.at(r)
	if err != nil {
		return page.Answer{}, err
	}
	if !ok {
		return s.lost(r, v), nil
	}
	p, byMail, wait, err := s.factorPage(ctx, r, v, n)
	if errors.Is(err, errLost) {
		return s.lost(r, v), nil
	}
	if err != nil || len(p.Form.Fields) == 0 {
		return page.Answer{Page: p}, err
	}
	v.lang = p.Language
	typed := r.HTTP.PostForm
	var follows next
	if typed.Get("do") == "resend" {
		if wait > 0 {
			return waiting(p, wait), nil
		}
		follows, err = s.service.AskSecond(ctx, v, n)
	} else {
		code := strings.TrimSpace(onetime.CodeIn(typed.Get("code")))
		if code == "" {
			missing := "factor.app.missing"
			if byMail {
				missing = "error.code.missing"
			}
			p.Form.AddFault(&p.Form.Fields[0], p.Words.Say(missing))
			return p.Refuse(page.ErrIncomplete)
		}
		follows, err = s.service.Second(ctx, v, n, code, byMail)
	}
	if errors.Is(err, errLost) {
		return s.lost(r, v), nil
	}
	if err != nil {
		return s.refuse(p, err)
	}
	return s.follow(r, v, follows)
}

// showPassword shows the page on which somebody whose password must be changed chooses another.
func (s site) showPassword(ctx context.Context, r page.Request) (page.Answer, error) {
	v, n, ok, err := s.at(r)
	if err != nil {
		return page.Answer{}, err
	}
	if !ok || n.Proved == nil || !n.Proved.MustChange {
		return s.lost(r, v), nil
	}
	pool, u, err := s.service.returning(ctx, v, n)
	if errors.Is(err, errLost) || err == nil && v.needsSecond(pool, u, *n.Proved) {
		return s.lost(r, v), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	r.Pool.PasswordPolicy = pool.PasswordPolicy
	return page.Answer{Page: s.passwordPage(r, v, n)}, nil
}

// passwordPage returns the page for a new password.
func (s site) passwordPage(r page.Request, v visit, n step) *page.Page {
	p := s.newPage(r, v, "change.title")
	p.Form.AddPassword(r.Pool.PasswordPolicy)
	p.Form.Password.Field.Label = p.Words.Say("change.password")
	p.Content = passwordContent(p, n.Identifier)
	return p
}

// submitPassword gives somebody whose password must be changed a new one.
func (s site) submitPassword(ctx context.Context, r page.Request) (page.Answer, error) {
	v, n, ok, err := s.at(r)
	if err != nil {
		return page.Answer{}, err
	}
	if !ok || n.Proved == nil || !n.Proved.MustChange {
		return s.lost(r, v), nil
	}
	if pool, ok := v.pool(n.Proved.Pool); ok {
		r.Pool.PasswordPolicy = pool.PasswordPolicy
	}
	p := s.passwordPage(r, v, n)
	v.lang = p.Language
	if p.Form.LacksPassword(r.HTTP.PostForm) {
		return p.Refuse(page.ErrIncomplete)
	}
	follows, err := s.service.NewPassword(ctx, v, n, r.HTTP.PostForm.Get("password"))
	if errors.Is(err, errLost) {
		return s.lost(r, v), nil
	}
	if err != nil {
		return s.refuse(p, err)
	}
	return s.follow(r, v, follows)
}
