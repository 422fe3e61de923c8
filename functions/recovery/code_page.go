package recovery

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"identitypools/shared/identity"
	"identitypools/shared/once"
	"identitypools/shared/onetime"
	"identitypools/shared/page"
	"identitypools/shared/usecode"
)

// showCode shows the page on which people type the code from a mail and a new password, or the last page
// if the password is set. Whether there is an account does not show.
func (s site) showCode(_ context.Context, r page.Request) (page.Answer, error) {
	before := s.recall(r)
	switch {
	case before.Done:
		p := r.NewPage("done.title")
		p.Content = doneContent(p, p.Words.Say("done.text"), goOnTo(r, before))
		return page.Answer{Page: p}, nil
	case before.Address == "":
		p := r.NewPage("lost.title")
		p.Content = lostContent(p, askURL(r))
		return page.Answer{Page: p}, nil
	}
	p := s.codePage(r, before)
	if before.Again {
		p.Note = p.Words.Say("code.sent")
	}
	return page.Answer{Page: p}, nil
}

// goOnTo returns the URL where people go on who are done: the one that they came with, or else the one where
// users of the pool sign in, or "".
func goOnTo(r page.Request, before state) string {
	if before.ReturnTo != "" {
		return before.ReturnTo
	}
	return r.Pool.SignInURL
}

// askURL returns the URL of the page that asks for a mail, relative to the page for the code.
func askURL(r page.Request) string { return "../reset" + r.LanguageQuery() }

// codePage returns the page for the code.
func (s site) codePage(r page.Request, before state) *page.Page {
	p := r.NewPage("code.title")
	p.Form.SendsMail = true
	digits := strconv.Itoa(r.Pool.CodePolicy(identity.PurposeResetPassword).Length)
	p.Form.Fields = []page.Field{
		page.CodeField(p.Words, page.Said(p.Words, "code.hint", "address", before.Address, "n", digits)),
	}
	addPassword(p, r.Pool)
	p.Content = codeContent(p, before.Address, s.wait(r.Pool, before), askURL(r))
	return p
}

// addPassword adds the field for the new password to the form of a page.
func addPassword(p *page.Page, of identity.Pool) {
	p.Form.AddPassword(of.PasswordPolicy)
	p.Form.Password.Field.Label = p.Words.Say("password.new")
}

// wait returns the number of seconds until another code may be asked for.
func (s site) wait(p identity.Pool, before state) int {
	left := before.SentAt.Add(time.Duration(p.Limits.MailPause)).Sub(s.service.Now())
	return max(0, int((left+time.Second-1)/time.Second))
}

// submitCode sets a new password with the code, or asks for another one.
func (s site) submitCode(ctx context.Context, r page.Request) (page.Answer, error) {
	before := s.recall(r)
	if !r.Pool.AllowsSelfReset() {
		return page.Answer{}, noPage(r)
	}
	if before.Address == "" { // the page says that the browser remembers nothing
		return page.Answer{Location: "code" + r.LanguageQuery(), Why: errAgain}, nil
	}
	typed := r.HTTP.PostForm
	if typed.Get("do") == "resend" {
		return s.resendCode(ctx, r, before)
	}
	p := s.codePage(r, before)
	p.Form.Fill(typed)
	code := onetime.CodeIn(typed.Get("code"))
	isIncomplete := p.Form.LacksPassword(typed)
	if strings.TrimSpace(code) == "" {
		p.Form.AddFault(&p.Form.Fields[0], p.Words.Say("error.code.missing"))
		isIncomplete = true
	}
	if isIncomplete {
		return p.Refuse(page.ErrIncomplete)
	}
	named := usecode.Named{Code: code, Address: before.Address}
	answer, err := s.setPassword(ctx, r, named, before.Form, "code", before.ReturnTo)
	if err != nil {
		return p.Refuse(err)
	}
	return answer, nil
}

// setPassword sets the password that was typed into the form with the given id, and redirects to the
// last page at a location, from which people continue at the URL returnTo.
func (s site) setPassword(
	ctx context.Context, r page.Request, named usecode.Named, form, location, returnTo string,
) (page.Answer, error) {
	in := Reset{
		Named: named, Password: r.HTTP.PostForm.Get("password"), Pointer: "/password", Form: form,
	}
	if err := s.service.Reset(ctx, r.Pool, s.source(r.HTTP), in, once.Reply[once.None]{}); err != nil {
		return page.Answer{}, err
	}
	return s.goOn(r, location+r.LanguageQuery(), state{
		Done: true, Form: form, Address: named.Address, SentAt: identity.At(s.service.Now()),
		ReturnTo: returnTo, Verified: s.recall(r).Verified,
	})
}

// resendCode asks for another code and redirects to the page for it.
func (s site) resendCode(ctx context.Context, r page.Request, before state) (page.Answer, error) {
	p := s.codePage(r, before)
	if wait := s.wait(r.Pool, before); wait > 0 {
		p.Form.AddFault(nil, p.Words.Say("code.wait", "n", strconv.Itoa(wait)))
		return page.Answer{Page: p, Status: http.StatusTooManyRequests, Why: errAgain}, nil
	}
	err := s.service.Ask(
		ctx, r.Pool, s.source(r.HTTP), before.Address, r.HTTP.PostForm.Get("altcha"),
		s.options(p, before.ReturnTo), once.Reply[once.None]{},
	)
	if err != nil {
		return p.Refuse(err)
	}
	before.Again, before.Done, before.SentAt = true, false, identity.At(s.service.Now())
	answer, err := s.goOn(r, "code"+r.LanguageQuery(), before)
	answer.Why = errAgain
	return answer, err
}
